"""Nobody but the LMS that launched shows pages of ours in a frame, whatever they contain."""

from playwright.sync_api import Page, expect

from lti_tool.demo.world import PARTICIPATION, World
from tests.browser.conftest import NewContext
from tests.browser.visitors import sit

FRAME = """url => {
  const frame = document.createElement("iframe");
  frame.src = url;
  document.body.append(frame);
}"""


def refuses_to_be_framed(page: Page, url: str) -> bool:
    """Frame `url` in this page and wait for what the browser says to that."""
    with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        page.evaluate(FRAME, url)
    return all("Credlet" not in frame.content() for frame in page.frames[1:])


def test_a_foreign_page_frames_nothing_of_ours(
    world: World, stranger: str, new_context: NewContext
) -> None:
    """Also not in the browser of somebody who is here."""
    sitting = new_context()
    page = sitting.context.new_page()
    link = world.links[PARTICIPATION]
    launch = sit(page, world, world.people.learners[0], link)
    page.goto(f"{launch}/units")
    expect(page.get_by_role("heading").first).to_be_visible()
    foreign = sitting.context.new_page()
    foreign.goto(stranger)
    for path in ("/units", "/data", "/claim"):
        assert refuses_to_be_framed(foreign, f"{launch}{path}"), path
    own = world.app.extensions["credlet"].settings.public_url
    for path in ("/catalogue", "/sign-in", "/admin", "/"):
        assert refuses_to_be_framed(foreign, f"{own}{path}"), path
    assert len(foreign.frames) == 8
    sitting.watch.complaints.clear()
