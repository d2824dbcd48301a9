"""What people see and press."""

from html.parser import HTMLParser

import pytest

from .world import TOOL, World, hidden

CUSTOM = "https://purl.imsglobal.org/spec/lti/claim/custom"


def test_the_front_page_asks_who_you_are(world: World) -> None:
    answer = world.browser().get("/lms/")
    assert answer.status_code == 303
    page = world.browser().get(answer.location or "")
    for user in world.state.users():
        assert user.name in page.text
    assert page.text.count("shares no name") == 1


def test_after_signing_in_you_land_where_you_wanted(world: World) -> None:
    browser = world.browser()
    asked = browser.get(f"/lms/course/{world.course.id}")
    form = hidden(browser.get(asked.location or ""))
    answer = browser.post("/lms/login", data=form | {"user": world.people.teacher.id})
    assert (answer.location or "").startswith(f"/lms/course/{world.course.id}")
    elsewhere = form | {"user": world.people.teacher.id, "next": "https://evil.example/"}
    elsewhere["sesskey"] = hidden(browser.get("/lms/login"))["sesskey"]
    assert browser.post("/lms/login", data=elsewhere).location == "/lms/"


def test_signing_out_forgets_the_person(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    key = hidden(browser.get("/lms/login"))["sesskey"]
    browser.post("/lms/logout", data={"sesskey": key})
    assert browser.get("/lms/").status_code == 303


@pytest.mark.parametrize("path", ["/lms/login", "/lms/logout", "/lms/course/21/switch-role"])
def test_a_form_without_the_visits_key_is_refused(world: World, path: str) -> None:
    browser = world.browser(world.people.teacher.id)
    assert browser.post(path, data={"user": world.people.teacher.id}).status_code == 403


def test_the_course_page_lists_the_links_and_says_which_are_closed(world: World) -> None:
    quiz = world.state.add_quiz(world.course, "Theory", question="?", answers=["a"], right=0)
    world.state.add_link(world.course, "Unit 2", restricted_by=quiz)
    learner = world.browser(world.people.learners[0].id)
    page = learner.get(f"/lms/course/{world.course.id}").text
    assert f'href="/lms/link/{world.link.id}"' in page
    assert "Not available yet: pass “Theory” first." in page
    assert "Add an activity" not in page
    world.state.pass_quiz(world.people.learners[0], quiz)
    page = learner.get(f"/lms/course/{world.course.id}").text
    assert "Not available yet" not in page
    assert "✓ passed" in page


def test_a_link_opens_in_a_frame_on_desktops_and_in_a_window_on_phones(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    assert f'src="/lms/launch/{world.link.id}"' in browser.get(f"/lms/link/{world.link.id}").text
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 15) Mobile Safari"}
    page = browser.get(f"/lms/link/{world.link.id}", headers=phone).text
    assert "<iframe" not in page
    course = browser.get(f"/lms/course/{world.course.id}", headers=phone).text
    assert f'href="/lms/launch/{world.link.id}?target=window" target="_blank"' in course


def test_a_teacher_adds_a_link_with_parameters_and_a_restriction(world: World) -> None:
    quiz = world.state.add_quiz(world.course, "Theory", question="?", answers=["a"], right=0)
    browser = world.browser(world.people.teacher.id)
    address = f"/lms/course/{world.course.id}/add"
    form = hidden(browser.get(address))
    assert form["tool"] == world.client_id
    form |= {"title": "Unit 2", "custom": "mc=first-aid\n\n unit = u2 \n"}
    assert browser.post(address, data=form | {"restricted_by": quiz.id}).status_code == 303
    added = world.state.links(world.course)[-1]
    assert added.title == "Unit 2"
    assert added.custom == {"mc": "first-aid", "unit": "u2"}
    assert added.restricted_by == quiz.id
    assert world.state.line_item_of(added) is not None
    form.pop("gradable")
    browser.post(address, data=form)
    assert world.state.line_item_of(world.state.links(world.course)[-1]) is None


def test_a_link_that_cannot_be_added_says_why_and_keeps_what_was_typed(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    address = f"/lms/course/{world.course.id}/add"
    form = hidden(browser.get(address)) | {"title": " ", "custom": "mc first-aid"}
    page = browser.post(address, data=form)
    assert page.status_code == 400
    assert "Write a title" in page.text
    assert "“mc first-aid” is not of the form name=value." in page.text
    assert hidden(page)["custom"] == "mc first-aid"
    assert len(world.state.links(world.course)) == 1


def test_the_gradebook_shows_a_teacher_everybody_and_a_learner_themselves(world: World) -> None:
    first, second = world.people.learners[:2]
    world.state.override_grade(world.link, first, 84)
    address = f"/lms/course/{world.course.id}/grades"
    page = world.browser(world.people.teacher.id).get(address).text
    assert "84.00 / 100.00" in page
    assert first.name in page
    assert second.name in page.replace("&#39;", "'")
    own = world.browser(second.id).get(address).text
    assert "84.00" not in own
    assert first.name not in own


def test_pages_that_are_not_yours_are_refused(world: World) -> None:
    learner = world.browser(world.people.learners[0].id)
    assert learner.get(f"/lms/course/{world.course.id}/add").status_code == 403
    stranger = world.browser(world.state.add_user("Stray", "Visitor").id)
    for path in (f"course/{world.course.id}", f"link/{world.link.id}", "course/21/grades"):
        assert stranger.get(f"/lms/{path}").status_code == 403
    for path in ("course/999", "link/999", "quiz/999", "launch/999", "nowhere"):
        assert learner.get(f"/lms/{path}").status_code == 404


class Outline(HTMLParser):
    """Collects what makes a page usable without seeing it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", ["", "course/21", "course/21/grades", "course/21/add", "link/301"])
def test_every_page_has_language_title_landmark_and_one_heading(world: World, path: str) -> None:
    page = world.browser(world.people.teacher.id).get(f"/lms/{path}")
    outline = Outline()
    outline.feed(page.text)
    assert ("html", {"lang": "en"}) in outline.attributes
    assert [outline.tags.count(tag) for tag in ("title", "main", "h1")] == [1, 1, 1]
    assert "Demo LMS" in page.text
    labelled = {given.get("for") for tag, given in outline.attributes if tag == "label"}
    for tag, given in outline.attributes:
        if tag in ("select", "textarea") or (tag == "input" and given.get("id")):
            assert given.get("id") in labelled
        if tag == "iframe":
            assert given.get("title")


def test_no_page_speaks_to_another_host_than_the_tools(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    for path in ("", "course/21", "link/301", "launch/301"):
        text = browser.get(f"/lms/{path}").text.replace(TOOL, "")
        assert 'src="http' not in text
        assert 'href="http' not in text


def test_a_teacher_types_grades_over_what_a_tool_sent(world: World) -> None:
    browser = world.browser(world.people.teacher.id)
    learner = world.people.learners[0]
    item = world.state.line_item_of(world.link)
    assert item is not None
    path, name = f"/lms/course/{world.course.id}/grades", f"{item.id}-{learner.id}"
    form = hidden(browser.get(path))
    assert browser.post(path, data=form | {name: "87,5"}).status_code == 303
    assert "87.50 / 100.00" in browser.get(path).text
    assert browser.post(path, data=form | {name: "much"}).status_code == 400
    browser.post(path, data=form | {name: ""})
    grade = world.state.grade(world.link, learner)
    assert grade is not None
    assert grade.score is None
    assert f'name="{name}"' not in world.browser(learner.id).get(path).text


def test_a_teacher_copies_a_course_with_all_that_is_in_it(world: World) -> None:
    quiz = world.state.add_quiz(world.course, "Theory", question="?", answers=["a"], right=0)
    custom = {"from": "$Context.id.history"}
    closed = world.state.add_link(
        world.course, "Closed", custom, restricted_by=quiz, maximum=20, tag="unit"
    )
    teacher = world.browser(world.people.teacher.id)
    key = hidden(teacher.get(f"/lms/course/{world.course.id}"))["sesskey"]
    teacher.post(f"/lms/course/{world.course.id}/copy", data={"sesskey": key})
    *_, copied = world.state.courses()
    assert copied.title == f"{world.course.title} (copy)"
    assert world.state.learners(copied) == world.state.learners(world.course)
    (again,) = (link for link in world.state.links(copied) if link.title == closed.title)
    (theory,) = world.state.quizzes(copied)
    assert (again.custom, again.restricted_by) == (custom, theory.id)
    column = world.state.line_item_of(again)
    assert column is not None
    assert (column.maximum, column.tag) == (20, "unit")
    assert world.claims(teacher, again.id)[CUSTOM]["from"] == world.course.id
