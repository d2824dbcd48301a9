"""Launches: what the tool must ask, what it is told, and what the id_token says."""

import json
from html import unescape

import pytest

from lti_tool.demo.lms import AgsSetting, Role
from lti_tool.demo.lms.claims import AGS_CLAIM, LTI, MEMBERSHIP

from .world import ISSUER, NOW, REDIRECT_URI, TARGET, World, hidden


def test_a_launch_begins_with_a_form_to_the_tools_login_address(world: World) -> None:
    learner = world.people.learners[0]
    page = world.browser(learner.id).get(f"/lms/launch/{world.link.id}")
    assert 'method="post" action="http://127.0.0.1:8000/lti/r1/login"' in page.text
    sent = hidden(page)
    hint = json.loads(sent.pop("lti_message_hint"))
    assert sent == {
        "iss": ISSUER,
        "target_link_uri": TARGET,
        "login_hint": learner.id,
        "client_id": world.client_id,
        "lti_deployment_id": world.deployment_id,
    }
    assert hint["cmid"] == int(world.link.module_id) != int(world.link.id)


def test_the_form_can_be_sent_without_javascript(world: World) -> None:
    page = world.browser(world.people.teacher.id).get(f"/lms/launch/{world.link.id}")
    assert "<button>Continue</button>" in page.text


def test_the_id_token_says_what_moodle_says(world: World) -> None:
    learner = world.people.learners[0]
    claims = world.claims(world.browser(learner.id))
    issued = int(NOW.timestamp())
    assert claims["iss"] == ISSUER
    assert claims["aud"] == world.client_id
    assert (claims["iat"], claims["exp"]) == (issued, issued + 60)
    assert (claims["sub"], claims["nonce"]) == (learner.id, "n-1")
    assert claims[LTI + "deployment_id"] == world.deployment_id
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[LTI + "message_type"] == "LtiResourceLinkRequest"
    assert claims[LTI + "target_link_uri"] == TARGET
    assert claims[LTI + "roles"] == [MEMBERSHIP + "Learner"]
    assert claims[LTI + "context"]["type"] == ["CourseSection"]
    assert claims[LTI + "resource_link"] == {
        "id": world.link.id,
        "title": "Unit 1",
        "description": "Bandages",
    }
    assert claims[LTI + "custom"] == {"mc": "first-aid", "unit": "u1"}
    assert claims[LTI + "tool_platform"]["name"] == "Demo LMS"


def test_state_comes_back_with_the_id_token_to_the_redirect_uri(world: World) -> None:
    page = world.authorise(world.browser(world.people.teacher.id))
    assert f'method="post" action="{REDIRECT_URI}"' in page.text
    assert set(hidden(page)) == {"id_token", "state"}
    assert hidden(page)["state"] == "s-1"


def test_markup_vanishes_from_the_state(world: World) -> None:
    page = world.authorise(world.browser(world.people.teacher.id), state="a<b>c")
    assert hidden(page)["state"] == "ac"


def test_a_teacher_is_an_instructor(world: World) -> None:
    claims = world.claims(world.browser(world.people.teacher.id))
    assert claims[LTI + "roles"] == [MEMBERSHIP + "Instructor"]


def test_switch_role_sends_a_learner_with_the_teachers_sub(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    course = f"/lms/course/{world.course.id}"
    key = hidden(browser.get(course))["sesskey"]
    browser.post(f"{course}/switch-role", data={"sesskey": key, "to": "learner"})
    claims = world.claims(browser)
    assert claims["sub"] == world.people.teacher.id
    assert claims[LTI + "roles"] == [MEMBERSHIP + "Learner"]
    browser.post(f"{course}/switch-role", data={"sesskey": key, "to": "teacher"})
    assert world.claims(browser)[LTI + "roles"] == [MEMBERSHIP + "Instructor"]


def test_a_learner_cannot_switch_role(world: World) -> None:
    browser = world.browser(world.people.learners[0].id)
    key = hidden(browser.get("/lms/login"))["sesskey"]
    sent = {"sesskey": key, "to": "teacher"}
    answer = browser.post(f"/lms/course/{world.course.id}/switch-role", data=sent)
    assert answer.status_code == 403
    assert world.claims(browser)[LTI + "roles"] == [MEMBERSHIP + "Learner"]


def test_the_presentation_names_the_container_and_a_return_address(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    presentation = world.claims(browser)[LTI + "launch_presentation"]
    assert (presentation["locale"], presentation["document_target"]) == ("en", "iframe")
    assert "sesskey=" in presentation["return_url"]
    back = browser.get(presentation["return_url"].removeprefix(ISSUER) + "&lti_msg=Done")
    assert "Done" in back.text
    initiated = hidden(browser.get(f"/lms/launch/{world.link.id}?target=window"))
    page = browser.get("/lms/auth", query_string=world.request_for(initiated))
    window = world.verified(hidden(page)["id_token"])[LTI + "launch_presentation"]
    assert window["document_target"] == "window"


def test_name_and_email_are_sent_when_shared(world: World) -> None:
    learner = world.people.learners[3]
    claims = world.claims(world.browser(learner.id))
    assert (claims["name"], claims["given_name"], claims["family_name"]) == (
        "莉娜 顾",
        "莉娜",
        "顾",
    )
    assert claims["email"] == learner.email


def test_a_private_learner_sends_neither_name_nor_email(world: World) -> None:
    claims = world.claims(world.browser(world.people.private_learner.id))
    assert not {"name", "given_name", "family_name", "email"} & set(claims)
    assert claims[LTI + "ext"] == {"lms": "moodle-2"}


@pytest.mark.parametrize(
    ("setting", "absent"), [("shares_name", "name"), ("shares_email", "email")]
)
def test_the_tools_privacy_setting_holds_for_everybody(
    world: World, setting: str, absent: str
) -> None:
    world.state.update_tool(world.client_id, **{setting: False})
    assert absent not in world.claims(world.browser(world.people.learners[0].id))


def test_a_link_without_custom_parameters_sends_no_custom_claim(world: World) -> None:
    link = world.state.add_link(world.course, "Bare")
    assert LTI + "custom" not in world.claims(world.browser(world.people.teacher.id), link.id)


def test_a_custom_key_in_mixed_case_is_sent_twice(world: World) -> None:
    link = world.state.add_link(world.course, "Mixed", {"Mixed_Case": "v"})
    claims = world.claims(world.browser(world.people.teacher.id), link.id)
    assert claims[LTI + "custom"] == {"Mixed_Case": "v", "mixed_case": "v"}


def test_the_grade_claim_has_scopes_and_both_addresses(world: World) -> None:
    claim = world.claims(world.browser(world.people.teacher.id))[AGS_CLAIM]
    item = world.state.line_item_of(world.link)
    assert item is not None
    base = f"{ISSUER}/lms/services/{world.course.id}/lineitems"
    assert claim["lineitems"] == f"{base}?type_id=1"
    assert claim["lineitem"] == f"{base}/{item.id}/lineitem?type_id=1"
    assert [scope.rpartition("/")[2] for scope in claim["scope"]] == [
        "lineitem.readonly",
        "result.readonly",
        "score",
    ]


def test_a_link_without_a_grade_sends_lineitems_only(world: World) -> None:
    link = world.state.add_link(world.course, "Ungraded", gradable=False)
    claim = world.claims(world.browser(world.people.teacher.id), link.id)[AGS_CLAIM]
    assert "lineitem" not in claim
    assert "lineitems" in claim


def test_a_tool_without_grade_services_gets_no_grade_claim(world: World) -> None:
    world.state.update_tool(world.client_id, ags=AgsSetting.NONE)
    assert AGS_CLAIM not in world.claims(world.browser(world.people.teacher.id))


# What the tool must ask


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "openid profile"},
        {"scope": None},
        {"response_type": "code"},
        {"response_type": None},
        {"nonce": None},
        {"lti_message_hint": None},
        {"lti_message_hint": '{"cmid":101,"launchid":"ltilaunch301_0"}'},
        {"redirect_uri": None},
        {"redirect_uri": REDIRECT_URI + "?x=1"},
        {"redirect_uri": "https://evil.example/launch"},
    ],
    ids=str,
)
def test_a_doubtful_request_ends_in_a_page_the_tool_never_sees(
    world: World, changes: dict[str, str | None]
) -> None:
    page = world.authorise(world.browser(world.people.teacher.id), **changes)
    assert page.status_code == 404
    assert "Invalid request" in page.text
    assert "ltiAuthForm" not in page.text


def test_a_hint_that_was_reformatted_is_refused(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    initiated = world.initiate(browser)
    spaced = json.dumps(json.loads(initiated["lti_message_hint"]))
    asked = world.request_for(initiated, lti_message_hint=spaced)
    assert browser.get("/lms/auth", query_string=asked).status_code == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_mode": None}, "invalid_request"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"client_id": "somebody-else"}, "unauthorized_client"),
        ({"login_hint": "999"}, "access_denied"),
    ],
)
def test_a_wrong_request_is_reported_to_the_tool(
    world: World, changes: dict[str, str | None], code: str
) -> None:
    page = world.authorise(world.browser(world.people.teacher.id), **changes)
    assert f'action="{REDIRECT_URI}"' in page.text
    sent = hidden(page)
    assert (sent["error"], sent["state"]) == (code, "s-1")
    assert sent["error_description"]
    assert "id_token" not in sent


def test_prompt_may_be_left_out_and_the_request_posted(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    asked = world.request_for(world.initiate(browser), prompt=None)
    assert "id_token" in hidden(browser.post("/lms/auth", data=asked))


def test_a_replayed_message_hint_is_refused(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    asked = world.request_for(world.initiate(browser))
    assert "id_token" in hidden(browser.get("/lms/auth", query_string=asked))
    assert browser.get("/lms/auth", query_string=asked).status_code == 404


def test_another_persons_message_hint_is_refused(world: World) -> None:
    asked = world.request_for(world.initiate(world.browser(world.people.teacher.id)))
    other = world.browser(world.people.second_teacher.id)
    assert other.get("/lms/auth", query_string=asked).status_code == 404


def test_a_request_without_a_cookie_is_reposted_once(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    asked = world.request_for(world.initiate(browser))
    page = world.app.test_client().get("/lms/auth", query_string=asked)
    assert 'name="autopostme"' in page.text
    reposted = hidden(page)
    assert reposted == asked | {"repost": "true"}
    assert "id_token" in hidden(browser.post("/lms/auth", data=reposted))
    assert world.app.test_client().post("/lms/auth", data=reposted).status_code == 404


def test_nobody_signed_in_launches_with_login_hint_0_and_is_refused(world: World) -> None:
    browser = world.browser()
    initiated = world.initiate(browser)
    assert initiated["login_hint"] == "0"
    sent = hidden(browser.get("/lms/auth", query_string=world.request_for(initiated)))
    assert sent["error"] == "access_denied"


def test_nobody_outside_the_course_can_launch(world: World) -> None:
    stranger = world.state.add_user("Stray", "Visitor")
    answer = world.browser(stranger.id).get(f"/lms/launch/{world.link.id}")
    assert answer.status_code == 403


# Restricted links


def test_a_restricted_link_is_signed_only_after_the_quiz_is_passed(world: World) -> None:
    quiz = world.state.add_quiz(
        world.course, "Theory test", question="1 + 1?", answers=["1", "2"], right=1
    )
    link = world.state.add_link(world.course, "Unit 2", {"unit": "u2"}, restricted_by=quiz)
    browser = world.browser(world.people.learners[0].id)
    refused = world.authorise(browser, link.id)
    assert (refused.status_code, refused.location) == (303, f"/lms/link/{link.id}")
    closed = browser.get(refused.location or "")
    assert closed.status_code == 403
    assert "Theory test" in closed.text
    key = hidden(browser.get(f"/lms/quiz/{quiz.id}"))["sesskey"]
    wrong = browser.post(f"/lms/quiz/{quiz.id}", data={"sesskey": key, "answer": "0"})
    assert "not the right answer" in wrong.text
    assert world.authorise(browser, link.id).status_code == 303
    browser.post(f"/lms/quiz/{quiz.id}", data={"sesskey": key, "answer": "1"})
    assert world.claims(browser, link.id)[LTI + "custom"] == {"unit": "u2"}
    assert world.authorise(world.browser(world.people.learners[1].id), link.id).status_code == 303


def test_teachers_pass_a_restriction_unless_they_play_a_learner(world: World) -> None:
    quiz = world.state.add_quiz(world.course, "Test", question="?", answers=["a"], right=0)
    link = world.state.add_link(world.course, "Unit 2", restricted_by=quiz)
    browser = world.browser(world.people.teacher.id)
    assert world.claims(browser, link.id)["sub"] == world.people.teacher.id
    key = hidden(browser.get(f"/lms/course/{world.course.id}"))["sesskey"]
    sent = {"sesskey": key, "to": "learner"}
    browser.post(f"/lms/course/{world.course.id}/switch-role", data=sent)
    assert world.authorise(browser, link.id).status_code == 303


# Keys


def test_after_a_rotation_new_tokens_bear_a_new_kid_and_old_keys_stay_published(
    world: World,
) -> None:
    browser = world.browser(world.people.teacher.id)
    old = hidden(world.authorise(browser))["id_token"]
    world.state.rotate_keys()
    assert world.verified(old)["nonce"] == "n-1"
    assert world.claims(browser)["nonce"] == "n-1"
    world.state.rotate_keys(keep_old=False)
    with pytest.raises(KeyError):
        world.verified(old)


def test_the_key_set_publishes_no_private_part(world: World) -> None:
    (key,) = world.browser().get("/lms/jwks").get_json()["keys"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}


def test_two_lms_with_two_tools_need_the_tool_named(world: World) -> None:
    world.state.register_tool(
        initiate_login_url="http://127.0.0.1:8001/login",
        redirect_uris=["http://127.0.0.1:8001/launch"],
        jwks_url="http://127.0.0.1:8001/jwks",
        target_link_uri="http://127.0.0.1:8001/launch",
        client_id="second",
    )
    with pytest.raises(ValueError, match="too many"):
        world.state.add_link(world.course, "Whose?")
    link = world.state.add_link(world.course, "Theirs", client_id="second")
    sent = world.initiate(world.browser(world.people.teacher.id), link.id)
    assert (sent["client_id"], sent["lti_deployment_id"]) == ("second", "2")


def test_text_of_the_course_is_escaped_on_its_pages(world: World) -> None:
    evil = world.state.add_link(world.course, '<script>alert("x")</script>')
    browser = world.browser(world.people.teacher.id)
    for address in (f"/lms/course/{world.course.id}", f"/lms/link/{evil.id}"):
        text = browser.get(address).text
        assert "<script>alert" not in text
        assert '<script>alert("x")</script>' in unescape(text)


def test_roles_are_per_course(world: World) -> None:
    other = world.state.add_course("Second course")
    world.state.enrol(world.people.teacher, other, Role.LEARNER)
    link = world.state.add_link(other, "There")
    browser = world.browser(world.people.teacher.id)
    assert world.claims(browser, link.id)[LTI + "roles"] == [MEMBERSHIP + "Learner"]
    assert world.claims(browser)[LTI + "roles"] == [MEMBERSHIP + "Instructor"]


def test_variables_are_filled_in_where_they_are_known_and_shared(world: World) -> None:
    given = {
        "who": "$User.username",
        "mail": "$Person.email.primary",
        "copied": "$Context.id.history",
        "image": "$User.image",
    }
    link = world.state.add_link(world.course, "Variables", given)
    private = world.people.private_learner
    custom = world.claims(world.browser(private.id), link.id)[LTI + "custom"]
    assert custom == {"who": private.username, "mail": None, "copied": "", "image": "$User.image"}


def test_a_tools_own_parameters_win(world: World) -> None:
    world.state.update_tool(world.client_id, custom={"unit": "all"})
    claims = world.claims(world.browser(world.people.teacher.id))
    assert claims[LTI + "custom"] == {"mc": "first-aid", "unit": "all"}


def test_titles_lose_their_markup_and_labels_keep_it(world: World) -> None:
    link = world.state.add_link(world.course, "A <b>&</b> B", description="<p>Why</p>")
    claims = world.claims(world.browser(world.people.teacher.id), link.id)
    assert claims[LTI + "resource_link"] == {"id": link.id, "title": "A & B", "description": "Why"}
    column = world.state.line_item_of(link)
    assert column is not None
    assert column.label == "A <b>&</b> B"


def test_grades_come_with_the_outcome_service_of_lti_1(world: World) -> None:
    claims = world.claims(world.browser(world.people.teacher.id))
    assert "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome" in claims


def test_a_persons_number_is_sent_whatever_is_shared(world: World) -> None:
    numbered = world.state.add_user("Mara", "Private", is_private=True, number="M-4711")
    world.state.enrol(numbered, world.course, Role.LEARNER)
    claims = world.claims(world.browser(numbered.id))
    assert claims[LTI + "lis"]["person_sourcedid"] == "M-4711"
    assert "name" not in claims
