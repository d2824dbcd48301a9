"""The browser without a screen, against a served LMS and a small tool of the test's own."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
import pytest
import requests
from flask import Flask, make_response, redirect, request
from werkzeug.wrappers import Response

from lti_tool.demo.browser import Browser, BrowserError
from lti_tool.demo.forms import PageReader
from lti_tool.demo.lms import (
    Course,
    Endpoint,
    Fault,
    Link,
    LmsConfig,
    LmsState,
    Role,
    Scope,
    User,
    create_lms,
)
from lti_tool.demo.serving import free_port, serving

PAGE = """<!doctype html><title>Inside the tool</title><h1>Welcome</h1>
<p>Sub {sub}</p>
<a href="/page/next">Go &amp; see</a>
<form name="first" method="post" action="/echo"><input name="hidden_one" type="hidden" value="1">
  <input name="who" value="nobody"><textarea name="note">
old note</textarea>
  <input type="checkbox" name="pick" value="a"><input type="checkbox" name="pick" value="b">
  <input type="checkbox" name="kept" checked>
  <input type="radio" name="one" value="x" checked><input type="radio" name="one" value="y">
  <select name="size"><option value="s">Small</option><option selected>Large</option></select>
  <input name="gone" value="1" disabled>
  <button name="do" value="save">Save it</button>
  <button name="do" value="drop" formaction="/echo?dropped=1">Drop it</button>
</form>
<input form="second" name="stray" value="far">
<form id="second" action="/echo" method="get"><input name="q" value="v"></form>"""


def make_tool(lms_url: str) -> Flask:
    """A tool that binds its state to a Secure, Partitioned cookie for one path."""
    app = Flask(__name__)

    @app.post("/lti/login")
    def login() -> Response:
        asked = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": request.form["client_id"],
            "redirect_uri": request.host_url + "lti/launch",
            "login_hint": request.form["login_hint"],
            "lti_message_hint": request.form["lti_message_hint"],
            "nonce": "n",
            "state": "s",
        }
        query = urlencode(asked)
        answer = redirect(f"{lms_url}/lms/auth?{query}")
        flags = {"secure": True, "httponly": True, "samesite": "None", "partitioned": True}
        answer.set_cookie("state", "s", path="/lti", **flags)  # type: ignore[arg-type]
        return answer

    @app.post("/lti/launch")
    def launch() -> Response | tuple[str, int]:
        if request.cookies.get("state") != "s":
            return "<p>no cookie</p>", 403
        if "error" in request.form:
            return f"<p>{request.form['error']}</p>", 400
        options = {"verify_signature": False}
        claims = jwt.decode(request.form["id_token"], options=options)  # type: ignore[arg-type]
        return redirect(f"/page?sub={claims['sub']}", 303)

    @app.get("/page")
    def page() -> Response:
        answer = make_response(PAGE.format(sub=request.args["sub"]))
        answer.headers["Referrer-Policy"] = request.args.get("policy", "same-origin")
        answer.set_cookie("elsewhere", "1", path="/other")
        return answer

    @app.route("/echo", methods=["GET", "POST"])
    def echo() -> dict[str, object]:
        return {
            "form": request.form.to_dict(flat=False),
            "args": request.args.to_dict(flat=False),
            "origin": request.headers.get("Origin"),
            "cookies": sorted(request.cookies),
        }

    @app.get("/page/next")
    def after() -> str:
        return "<title>Next</title>"

    @app.get("/round")
    def round_and_round() -> Response:
        return redirect("/round")

    @app.get("/loop")
    def loop() -> str:
        return "<form method=get action=/loop></form><script>document.forms[0].submit()</script>"

    return app


@dataclass(frozen=True, slots=True)
class Served:
    lms_url: str
    tool_url: str
    state: LmsState
    course: Course
    teacher: User
    learner: User
    link: Link
    client_id: str


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with ExitStack() as stack:
        port, tool_port = free_port(), free_port()
        lms_url = f"http://127.0.0.1:{port}"
        tool_url = stack.enter_context(serving(make_tool(lms_url), port=tool_port))
        config = LmsConfig(issuer=lms_url)
        state = LmsState(config)
        stack.enter_context(serving(create_lms(config, state), port=port))
        client_id, _ = state.register_tool(
            initiate_login_url=f"{tool_url}/lti/login",
            redirect_uris=[f"{tool_url}/lti/launch"],
            jwks_url=f"{tool_url}/lti/jwks",
            target_link_uri=f"{tool_url}/lti/launch",
        )
        course = state.add_course("Course")
        teacher, learner = state.add_user("Tea", "Cher"), state.add_user("Lea", "Rner")
        state.enrol(teacher, course, Role.TEACHER)
        state.enrol(learner, course, Role.LEARNER)
        link = state.add_link(course, "Unit 1")
        yield Served(lms_url, tool_url, state, course, teacher, learner, link, client_id)


@pytest.fixture
def browser(served: Served) -> Iterator[Browser]:
    with Browser(served.lms_url) as browser:
        yield browser


def test_a_launch_ends_on_the_tools_page(served: Served, browser: Browser) -> None:
    page = browser.launch(served.link.id, served.learner.id)
    assert (page.status, page.title) == (200, "Inside the tool")
    assert f"Welcome Sub {served.learner.id} Go & see" in page.text
    assert page.url == f"{served.tool_url}/page?sub={served.learner.id}"


def test_a_launch_as_another_person_signs_in_anew(served: Served, browser: Browser) -> None:
    browser.launch(served.link.id, served.learner.id)
    page = browser.launch(served.link.id, served.teacher.id, window=True)
    assert f"Sub {served.teacher.id}" in page.text


def test_a_closed_link_ends_on_the_reason(served: Served, browser: Browser) -> None:
    quiz = served.state.add_quiz(
        served.course, "Theory", question="?", answers=["no", "yes"], right=1
    )
    link = served.state.add_link(served.course, "Closed", restricted_by=quiz)
    page = browser.launch(link.id, served.learner.id)
    assert page.status == 403
    page = browser.launch(link.id, window=True)
    assert "is not available yet" in page.text
    browser.follow("Go to the quiz")
    browser.submit("quiz", {"answer": "1"})
    assert browser.launch(link.id).title == "Inside the tool"


def test_cookies_keep_to_their_path_and_secure_ones_pass_on_loopback(
    served: Served, browser: Browser
) -> None:
    browser.launch(served.link.id, served.learner.id)
    names = {cookie.name: cookie for cookie in browser.session.cookies}
    assert names["state"].secure
    echoed = json.loads(browser.get("/echo").html)
    assert echoed["cookies"] == ["demo_lms"]


def test_a_form_sends_what_a_browser_would(served: Served, browser: Browser) -> None:
    browser.launch(served.link.id, served.learner.id)
    filled = {"who": "me", "pick": ["a", "b"], "one": "y"}
    echoed = json.loads(browser.submit("first", filled).html)
    assert echoed["form"] == {
        "hidden_one": ["1"],
        "who": ["me"],
        "note": ["old note"],
        "pick": ["a", "b"],
        "kept": ["on"],
        "one": ["y"],
        "size": ["Large"],
        "do": ["save"],
    }
    assert echoed["origin"] == served.tool_url


def test_the_button_pressed_counts_and_may_have_an_address(
    served: Served, browser: Browser
) -> None:
    browser.launch(served.link.id, served.learner.id)
    echoed = json.loads(browser.submit("/echo", button="Drop it").html)
    assert (echoed["form"]["do"], echoed["args"]) == (["drop"], {"dropped": ["1"]})


def test_a_get_form_with_a_stray_field_goes_into_the_address(
    served: Served, browser: Browser
) -> None:
    browser.launch(served.link.id, served.learner.id)
    echoed = json.loads(browser.submit("second").html)
    assert echoed["args"] == {"q": ["v"], "stray": ["far"]}
    assert echoed["origin"] is None


def test_a_page_without_referrer_sends_a_null_origin(served: Served, browser: Browser) -> None:
    browser.get(f"{served.tool_url}/page?sub=1&policy=no-referrer")
    echoed = json.loads(browser.submit("first").html)
    assert echoed["origin"] == "null"


@pytest.mark.parametrize(
    ("form", "fields", "button"),
    [
        ("absent", {}, None),
        ("first", {"absent": "1"}, None),
        ("first", {"gone": "1"}, None),
        ("first", {"one": "z"}, None),
        ("first", {"pick": ["a", "c"]}, None),
        ("first", {"size": "XL"}, None),
        ("first", {}, "absent"),
    ],
)
def test_what_a_person_could_not_do_is_an_error(
    served: Served, browser: Browser, form: str, fields: dict[str, str], button: str | None
) -> None:
    browser.get(f"{served.tool_url}/page?sub=1")
    with pytest.raises(BrowserError):
        browser.submit(form, fields, button=button)


def test_links_are_followed_by_text_or_address(served: Served, browser: Browser) -> None:
    for wanted in ("Go & see", "see", "/page/next"):
        browser.get(f"{served.tool_url}/page?sub=1")
        assert browser.follow(wanted).title == "Next"
    with pytest.raises(BrowserError):
        browser.follow("absent")


def test_circles_come_to_an_end(served: Served, browser: Browser) -> None:
    with pytest.raises(BrowserError):
        browser.get(f"{served.tool_url}/round")
    browser.get(f"{served.tool_url}/loop")
    with pytest.raises(BrowserError):
        browser.settle()


def test_before_the_first_page_there_is_none() -> None:
    with Browser() as browser, pytest.raises(BrowserError):
        browser.page.form("x")


def test_secure_cookies_stay_off_plain_http_elsewhere() -> None:
    with Browser() as browser:
        browser.session.cookies.set("s", "1", domain="tool.example", path="/", secure=True)
        browser.session.cookies.set("p", "1", domain="tool.example", path="/")
        for scheme, sent in (("http", "p=1"), ("https", "s=1; p=1")):
            request = requests.Request("GET", f"{scheme}://tool.example/")
            assert browser.session.prepare_request(request).headers["Cookie"] == sent


def test_a_teacher_can_be_played_through_the_pages(served: Served, browser: Browser) -> None:
    browser.login(served.teacher.id)
    browser.follow("Course")
    browser.follow("Add an activity")
    browser.submit("add-link", {"title": "Unit 9", "custom": "mc=a\nunit=b"})
    added = served.state.links(served.course)[-1]
    assert (added.title, dict(added.custom)) == ("Unit 9", {"mc": "a", "unit": "b"})
    browser.follow("Unit 9")
    assert browser.page.frames == [f"/lms/launch/{added.id}"]


def test_a_text_that_is_no_form_is_read_without_harm() -> None:
    reader = PageReader()
    reader.feed("</form><option></select><button></a><input name=x><style>p{}</style>ok")
    reader.close()
    assert (reader.forms, reader.text) == ([], "ok")


# Faults that need a real connection


def test_a_score_post_can_hang_or_get_no_answer(served: Served) -> None:
    item = served.state.line_item_of(served.link)
    assert item is not None
    expires = served.state.config.clock() + served.state.config.token_life
    bearer = served.state.grants.issue_token(served.client_id, tuple(Scope), expires)
    address = f"/lms/services/{served.course.id}/lineitems/{item.id}/lineitem/scores?type_id=1"
    sent = {
        "json": {
            "userId": served.learner.id,
            "scoreGiven": 1,
            "scoreMaximum": 1,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": "2026-11-22T09:00:00Z",
        },
        "headers": {
            "Authorization": f"Bearer {bearer}",
            "Content-Type": "application/vnd.ims.lis.v1.score+json",
        },
    }
    served.state.faults.add(Endpoint.SCORES, Fault(status=None, accept=True))
    with pytest.raises(requests.ConnectionError):
        requests.post(served.lms_url + address, timeout=5, **sent)  # type: ignore[arg-type]
    deadline = time.monotonic() + 5  # the connection closes before the LMS has written its log
    while not served.state.score_log and time.monotonic() < deadline:
        time.sleep(0.01)
    assert served.state.score_log[-1].status is None
    grade = served.state.grade(served.link, served.learner)
    assert grade is not None
    assert grade.score == 100
    served.state.faults.add(Endpoint.SCORES, Fault(status=503, hang=0.4))
    with pytest.raises(requests.ReadTimeout):
        requests.post(served.lms_url + address, timeout=0.1, **sent)  # type: ignore[arg-type]
