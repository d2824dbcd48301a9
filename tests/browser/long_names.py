"""A course with a very long title, and learners with very long names in it."""

from playwright.sync_api import Page

from lti_tool.demo.lms import Role, User
from lti_tool.demo.world import World
from tests.browser import teaching
from tests.browser.stage import award_id, credential_address
from tests.browser.teaching import ASSESSED_UNIT, LAST_UNIT, PARTS_UNIT, person_id
from tests.browser.visitors import sit

PLACES = (
    "units",
    "claim",
    "badge",
    "data",
    "course",
    "parts",
    "sign-off",
    "person",
    "award",
    "choose",
    "credential",
)
NAME = "Hubert Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswessen"
TITLE = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzesgrundlagenvertiefung"


def addresses(world: World, page: Page) -> dict[str, str]:
    """Play it all in a course of its own and return where each page is."""
    earned, claimed = (_user(world, NAME + end) for end in ("schafe", "pelze"))
    course, link = teaching.add_course(world, TITLE, [earned, claimed])
    for user in (earned, claimed):
        teaching.visit(world, user, [*world.links.values(), link])
    units = (ASSESSED_UNIT, PARTS_UNIT, LAST_UNIT)
    teaching.assess(world, link, [earned, claimed], units)
    teaching.claim(world, claimed, link)
    teaching.publish(world, claimed, link)
    blank = world.lms.add_link(course, f"{TITLE} {TITLE}")
    learner, owner = sit(page, world, earned, link), sit(page, world, claimed, link)
    teacher = f"{sit(page, world, world.people.teacher, link)}/course"
    return {
        "units": learner,
        "claim": f"{learner}/claim",
        "data": f"{learner}/data",
        "badge": f"{owner}/badge",
        "credential": credential_address(world, claimed),
        "course": teacher,
        "parts": f"{teacher}/units/{PARTS_UNIT}",
        "sign-off": f"{teacher}/units/{LAST_UNIT}",
        "person": f"{teacher}/people/{person_id(world, claimed)}",
        "award": f"{teacher}/awards/{award_id(world, claimed)}",
        "choose": f"{sit(page, world, world.people.teacher, blank)}/choose",
    }


def _user(world: World, name: str) -> User:
    user = world.lms.add_user("", name, email=f"{'wolfe' * 10}@example.org")
    world.lms.enrol(user, world.course, Role.LEARNER)
    return user
