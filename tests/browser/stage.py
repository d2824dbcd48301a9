"""A course in which everything has happened once, and the address of every page that shows it."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from playwright.sync_api import Page

from lti_tool import clock
from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import Endpoint, Fault, Link, User
from lti_tool.demo.world import PARTICIPATION, UNLOCKED, World
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    CourseMember,
    Credential,
    Delivery,
    MicroCredentialVersion,
    PendingAward,
    Person,
    Placement,
    Registration,
)
from lti_tool.services.completing import evidence, judging, mentors
from lti_tool.services.courses import confirming, course_settings
from lti_tool.services.definitions import catalogue
from lti_tool.services.outbox import deliveries
from tests.browser import teaching
from tests.browser.chromium import Watch
from tests.browser.teaching import ASSESSED_UNIT, LAST_UNIT, PARTS_UNIT, person_id
from tests.browser.visitors import sit, sit_to_review, sit_to_select
from tests.factories import crowds

LEARNER_PLACES = (
    "units new",
    "unit participation",
    "unit assessed",
    "units started",
    "units earned",
    "units claimed",
    "units flagged",
    "units withdrawn",
    "claim",
    "badge private",
    "badge public",
    "correct",
    "wait",
    "data",
    "prior learning",
    "prior learning unit",
)
TEACHER_PLACES = (
    "choose",
    "choose nothing found",
    "choose unit",
    "select",
    "select narrowed",
    "select nothing found",
    "select units",
    "select units none",
    "course",
    "course empty",
    "settings",
    "settings saved",
    "confirmations",
    "confirmations nobody",
    "confirmations answered",
    "course stuck",
    "course nobody",
    "course one unit",
    "course crowded",
    "unit points",
    "unit crowded",
    "whole",
    "import",
    "sheet",
    "sheet points",
    "sheet nobody",
    "typed",
    "typed points",
    "offline",
    "mentor ask",
    "whole nobody",
    "unit parts",
    "unit sign-off",
    "unit empty",
    "restrictions",
    "gradebook",
    "gradebook read",
    "activity new",
    "activity",
    "person",
    "person withdrawn",
    "version",
    "version begun",
    "moving",
    "moved",
    "choose unknown",
    "review",
    "review nobody",
    "retract",
    "undo",
    "remove file",
    "add files",
    "award",
    "award flagged",
    "preview",
    "bring along",
)
PUBLIC_PLACES = (
    "offline page",
    "mentor",
    "definition",
    "series",
    "issuer",
    "catalogue",
    "catalogue narrowed",
    "catalogue nothing found",
    "credential",
    "key as text",
)
REFUSALS = {"refused launch": 404, "not found": 404, "stranger": 403, "teachers only": 403}
PLACES = LEARNER_PLACES + TEACHER_PLACES + PUBLIC_PLACES + tuple(REFUSALS)


@dataclass(frozen=True, slots=True)
class Stage:
    """`addresses`: place to URL, to be opened in `page`, whose browser holds all the launches."""

    page: Page
    watch: Watch
    addresses: Mapping[str, str]

    def open(self, place: str, language: str = "en") -> Page:
        """Show a place at 1280 x 720 in light colours."""
        self.page.set_viewport_size({"width": 1280, "height": 720})
        self.page.emulate_media(color_scheme="light")
        url = self.addresses[place]
        url = f"{url}{'&' if '?' in url else '?'}lang={language}"
        if place in REFUSALS:
            self.watch.expect_refusal(url)
        answer = self.page.goto(url)
        assert answer is not None
        assert answer.status == REFUSALS.get(place, 200), place
        assert self.page.evaluate("document.documentElement.lang") == language
        return self.page


def act(world: World) -> None:
    """Let learners reach every state: new, started, earned, claimed, public, flagged, revoked."""
    claimed, earned, flagged, started, revoked = world.people.learners
    links = tuple(world.links.values())
    teaching.choose_routes(world, links[0])
    for user in world.people.learners:
        teaching.visit(world, user, links[:3] if user is started else links)
    finishers = [claimed, earned, flagged, revoked]
    teaching.assess(world, links[0], finishers, (ASSESSED_UNIT, PARTS_UNIT, LAST_UNIT))
    teaching.visit(world, world.people.private_learner, [world.overview])
    for user in (claimed, flagged, revoked):
        teaching.claim(world, user, world.overview)
    for user in (claimed, revoked):
        teaching.publish(world, user, world.overview)
    _teacher_takes_back(world, flagged, revoked)
    _teacher_grades_in_the_lms(world, started)
    _gradebook_refuses(world, started, world.links[ASSESSED_UNIT])


def _teacher_takes_back(world: World, flagged: User, revoked: User) -> None:
    with Browser(world.lms_url) as teacher:
        page = teacher.launch(world.overview.id, world.people.teacher.id)
        course = page.url.partition("?")[0]
        record = record_id(world, flagged, LAST_UNIT)
        teacher.get(f"{course}/records/{record}/retract")
        assert teacher.submit("retract", {"reason": "Signed off by mistake"}).status == 200
        teacher.get(f"{course}/awards/{award_id(world, revoked)}")
        sent = {"reason": "Another person took the test", "sure": "1"}
        assert teacher.submit("revoke", sent).status == 200


def _teacher_grades_in_the_lms(world: World, user: User) -> None:
    """Type a grade that is too low for a unit that is completed: a question to the teacher."""
    world.lms.override_grade(world.links[UNLOCKED], user, 10)
    with Browser(world.lms_url) as teacher:
        page = teacher.launch(world.overview.id, world.people.teacher.id)
        teacher.get(page.url.partition("?")[0] + "/gradebook")
        assert "One changed grade" in teacher.submit("read").text


def _gradebook_refuses(world: World, user: User, link: Link) -> None:
    """Record a result that the LMS does not take, and wait until the tool has given up."""
    _wait(lambda: not _pending(world))
    world.lms.faults.add(Endpoint.SCORES, Fault(status=400), times=3)
    teaching.assess(world, link, [user], [ASSESSED_UNIT])
    _wait(lambda: not _pending(world))
    world.lms.faults.clear()


def _pending(world: World) -> int:
    with world.tool.database.transaction(read_only=True) as db:
        return db.query(Delivery).filter_by(state=deliveries.PENDING).count()


def _wait(until: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "the outbox did not settle"
        time.sleep(0.1)


def award_id(world: World, user: User) -> uuid.UUID:
    person = uuid.UUID(person_id(world, user))
    with world.tool.database.transaction(read_only=True) as db:
        return db.query(Award).filter_by(person_id=person).one().id


def credential_address(world: World, user: User) -> str:
    award = award_id(world, user)
    with world.tool.database.transaction(read_only=True) as db:
        found = db.query(Credential).filter_by(award_id=award).one().id
    return f"{world.tool.settings.public_url}/credentials/{found}"


def record_id(world: World, user: User, unit: str) -> uuid.UUID:
    person = uuid.UUID(person_id(world, user))
    with world.tool.database.transaction(read_only=True) as db:
        return db.query(CompletionRecord).filter_by(person_id=person, unit_code=unit).first().id


def launch_addresses(world: World, page: Page) -> dict[str, str]:
    """Launch as everybody and return where each page of a launch is."""
    claimed, earned, flagged, started, revoked = world.people.learners
    private = world.people.private_learner
    links = world.links
    blank = world.lms.add_link(world.course, "Something new")
    addresses = {
        "units new": sit(page, world, private, world.overview),
        "unit participation": sit(page, world, private, links[PARTICIPATION]),
        "unit assessed": sit(page, world, private, links[PARTS_UNIT]),
        "units started": sit(page, world, started, links[UNLOCKED]),
        "units earned": sit(page, world, earned, world.overview),
        "units claimed": sit(page, world, claimed, world.overview),
        "units flagged": sit(page, world, flagged, world.overview),
        "units withdrawn": sit(page, world, revoked, world.overview),
        "wait": sit(page, world, started, blank),
    }
    addresses["claim"] = f"{addresses['units earned']}/claim"
    addresses["badge private"] = f"{addresses['units flagged']}/badge"
    addresses["correct"] = f"{addresses['units claimed']}/badge/correct"
    addresses["badge public"] = f"{addresses['units claimed']}/badge"
    addresses["teachers only"] = f"{addresses['units started']}/course"
    addresses["prior learning"] = f"{addresses['units started']}/prior-learning"
    addresses["prior learning unit"] = f"{addresses['prior learning']}/{LAST_UNIT}"
    addresses["data"] = f"{addresses['units started']}/data"
    return addresses | _teacher_addresses(world, page, blank)


def _teacher_addresses(world: World, page: Page, blank: Link) -> dict[str, str]:
    claimed, _, flagged, started, revoked = world.people.learners
    teacher = world.people.teacher
    top = sit(page, world, teacher, world.overview)
    placing = sit(page, world, teacher, blank)
    _, elsewhere = teaching.add_course(world, "An empty course")
    empty = sit(page, world, teacher, elsewhere)
    selecting = sit_to_select(page, world, teacher, world.course)
    copied = sit(page, world, teacher, teaching.copy_course(world))
    begun = sit(page, world, teacher, teaching.begin_course(world))
    mistyped = sit(page, world, teacher, teaching.mistype(world))
    crowded = _crowd(world, page)
    careful = _careful_course(world, page)
    graded = world.links[PARTS_UNIT]
    reviewing = sit_to_review(page, world, teacher, graded, claimed.id)
    nobody = sit_to_review(page, world, teacher, graded, "nobody")
    course = f"{top}/course"
    mistaken, unit_and_batch = teaching.mistake(world)
    undoing = sit(page, world, teacher, mistaken)
    return {
        "course": course,
        "course stuck": f"{course}?show=stuck&sort=silent",
        "course nobody": f"{course}?q=nobody",
        "course one unit": f"{course}?unit={PARTS_UNIT}",
        "course crowded": f"{crowded}/course?page=2",
        "unit crowded": f"{crowded}/course/units/{LAST_UNIT}?tick=open",
        "whole": f"{crowded}/course/units/{LAST_UNIT}/whole",
        "import": f"{course}/import",
        "sheet": f"{crowded}/course/units/{LAST_UNIT}/sheet",
        "sheet points": f"{course}/units/{PARTS_UNIT}/sheet",
        "sheet nobody": f"{course}/units/{PARTS_UNIT}/sheet?q=nobody",
        "typed": f"{course}/units/{LAST_UNIT}/typed",
        "typed points": f"{course}/units/{PARTS_UNIT}/typed",
        "offline": f"{course}/offline",
        "mentor ask": f"{course}/people/{person_id(world, started)}/mentor",
        "whole nobody": f"{empty}/course/units/{LAST_UNIT}/whole",
        "preview": f"{top}/units",
        "settings": f"{course}/settings",
        "settings saved": f"{course}/settings?done=settings",
        "confirmations": f"{careful}/course/confirmations",
        "confirmations answered": f"{careful}/course/confirmations?awarded=2&halfway=1&declined=1",
        "confirmations nobody": f"{course}/confirmations",
        "restrictions": f"{course}/restrictions",
        "gradebook": f"{course}/gradebook",
        "gradebook read": f"{course}/gradebook?done=read&enough=2&below=1&unread=1&later=1",
        "activity new": f"{empty}/course/units/{UNLOCKED}/activity",
        "activity": f"{_quiz_course(world, page)}/course/units/{UNLOCKED}/activity",
        "unit points": f"{course}/units/{UNLOCKED}",
        "unit parts": f"{course}/units/{PARTS_UNIT}",
        "unit sign-off": f"{course}/units/{LAST_UNIT}",
        "person": f"{course}/people/{person_id(world, flagged)}",
        "person withdrawn": f"{course}/people/{person_id(world, revoked)}",
        "version": f"{copied}/course/version",
        "version begun": f"{begun}/course/version",
        "moving": f"{begun}/course/version/{_version_id(world, '9.1')}",
        "moved": f"{begun}/course?done=moved",
        "choose unknown": f"{mistyped}/choose",
        "remove file": f"{course}/evidence/{_file_id(world, flagged)}/remove",
        "review": f"{reviewing}/course/review",
        "review nobody": f"{nobody}/course/review",
        "add files": f"{course}/records/{record_id(world, flagged, LAST_UNIT)}/files",
        "undo": f"{undoing}/course/units/{unit_and_batch}",
        "retract": f"{course}/records/{record_id(world, started, UNLOCKED)}/retract",
        "award": f"{course}/awards/{award_id(world, claimed)}",
        "award flagged": f"{course}/awards/{award_id(world, flagged)}",
        "choose": f"{placing}/choose",
        "choose nothing found": f"{placing}/choose?q=astronautics",
        "bring along": f"{top}/drafts/import?address=https://other.example/definitions/x/Y",
        "choose unit": f"{placing}/choose/{_version_id(world)}",
        "select": f"{selecting}/select",
        "select narrowed": f"{selecting}/select?language=mk&level=3",
        "select nothing found": f"{selecting}/select?q=astronautics",
        "select units": f"{selecting}/select/{_version_id(world)}",
        "select units none": f"{selecting}/select/{_version_id(world)}?tick=none",
        "course empty": f"{empty}/course",
        "unit empty": f"{empty}/course/units/{UNLOCKED}",
    }


def _quiz_course(world: World, page: Page) -> str:
    """Add a course whose first unit a quiz completes; return where its teacher is."""
    learner = world.people.learners[0]
    course, link = teaching.add_course(world, "A course with a quiz", [learner])
    quiz = world.lms.add_quiz(
        course, "Protective equipment & fire", question="?", answers=["a"], right=0
    )
    teaching.let_quiz_complete(world, link, quiz, learner)
    return sit(page, world, world.people.teacher, link)


def _crowd(world: World, page: Page) -> str:
    """Add a course of so many learners that the list has pages; return where its teacher is."""
    _, link = teaching.add_course(world, "A crowded course")
    address = sit(page, world, world.people.teacher, link)
    with world.tool.database.transaction(read_only=True) as db:
        course_id = db.query(Course).filter_by(title="A crowded course").one().id
    crowds.fill(world.tool.database, course_id, world.mc, 120)
    return address


def _careful_course(world: World, page: Page) -> str:
    """Add a course in which awards wait for two teachers; return where one of them is."""
    _, link = teaching.add_course(world, "A careful course")
    address = sit(page, world, world.people.teacher, link)
    with world.tool.database.transaction(read_only=True) as db:
        course_id = db.query(Course).filter_by(title="A careful course").one().id
    crowds.fill(world.tool.database, course_id, world.mc, 20, start=5000)
    with world.tool.database.transaction() as db:
        placement = db.query(Placement).filter_by(course_id=course_id).one()
        people = [row.person_id for row in db.query(CourseMember).filter_by(course_id=course_id)]
        teacher = db.get_one(Person, uuid.UUID(person_id(world, world.people.teacher)))
        wished = replace(course_settings.of(db, placement), confirmations=2)
        course_settings.change(db, placement, wished, by=teacher, now=clock.now())
        judging.judge_all(db, people, placement.version, clock.now())
        pending = [row.person_id for row in db.query(PendingAward).filter_by(course_id=course_id)]
        confirming.confirm(db, placement, pending[:1], by=teacher, now=clock.now())
        reason = "The test piece is missing: please bring it."
        confirming.decline(db, placement, pending[1:2], by=teacher, reason=reason, now=clock.now())
    return address


def _version_id(world: World, number: str | None = None) -> uuid.UUID:
    with world.tool.database.transaction(read_only=True) as db:
        versions = db.query(MicroCredentialVersion)
        if number is not None:
            return versions.filter_by(version=number).one().id
        return next(each.id for each in versions if each.series.code == world.mc.code)


def _file_id(world: World, user: User) -> uuid.UUID:
    """Let a result of the learner rest on a file; return the file's id."""
    document = evidence.accept(b"Seen by the examiner", "Prüfbericht.txt", world.tool.keeping)
    with world.tool.database.transaction() as db:
        record = db.get_one(CompletionRecord, record_id(world, user, LAST_UNIT))
        evidence.keep_with(
            db, [document], [record], by="person:x", keeping=world.tool.keeping, now=clock.now()
        )
        return evidence.of_records(db, [record])[record.id][0].id


def _mentor_token(world: World) -> str:
    """Let the teacher ask a mentor about the learner who has begun; return what opens the page."""
    with world.tool.database.transaction() as db:
        course = db.query(Course).filter_by(title=world.course.title).first()
        learner = db.get_one(Person, uuid.UUID(person_id(world, world.people.learners[3])))
        teacher = db.get_one(Person, uuid.UUID(person_id(world, world.people.teacher)))
        version = catalogue.find(db, f"{world.mc.awarding_body.slug}/{world.mc.code}")
        units = [unit.code for unit in mentors.confirmable(world.mc)]
        return mentors.ask(
            db, course, version, learner, units, of="Mentor", by=teacher, now=clock.now()
        )[1]


def _registration_id(world: World) -> uuid.UUID:
    with world.tool.database.transaction(read_only=True) as db:
        return db.query(Registration).first().id


def public_addresses(world: World) -> dict[str, str]:
    claimed = world.people.learners[0]
    public = world.tool.settings.public_url
    body = world.mc.awarding_body.slug
    series = f"{public}/definitions/{body}/{world.mc.code}"
    return {
        "mentor": f"{public}/confirm/{_mentor_token(world)}",
        "definition": f"{series}/{world.mc.version}",
        "series": series,
        "offline page": f"{public}/offline/",
        "issuer": f"{public}/issuers/{body}",
        "key as text": f"{public}/lti/{_registration_id(world)}/public-key.pem",
        "catalogue": f"{public}/catalogue",
        "catalogue narrowed": f"{public}/catalogue?q=weld&field=07&from=10",
        "catalogue nothing found": f"{public}/catalogue?q=astronautics&level=8",
        "credential": credential_address(world, claimed),
        "refused launch": f"{public}/lti/{uuid.uuid4()}/login",
        "not found": f"{public}/nowhere",
        "stranger": f"{public}/launches/{uuid.uuid4()}/",
    }
