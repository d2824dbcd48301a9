"""The main job, played once by people with browsers against a running tool and LMS.

A teacher chooses how units are completed and signs off; a learner completes the three routes,
claims, and takes the badge along; the gradebook shows every unit; the badge verifies with what
the tool publishes, and one changed by a letter does not.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from badges import baking
from badges.fetch import FetchFailed
from badges.rules import EachPartAtLeast, PointsAtLeast
from badges.verify import Outcome, Report, verify
from lti_tool import clock
from lti_tool.demo.browser import Browser, Page
from lti_tool.demo.lms import User
from lti_tool.demo.world import ASSESSED, PARTICIPATION, UNLOCKED, World

DELIVERY_SECONDS = 30


class JourneyFailed(Exception):
    """Something that should hold did not; the message says what."""


@dataclass(frozen=True, slots=True)
class Step:
    """`code` names what has just been done; `figures` are what a sentence about it needs."""

    code: str
    figures: dict[str, str] = field(default_factory=dict)


def play(world: World, learner: User, out: Path) -> Iterator[Step]:
    """Play the journey, yielding each step when it is done; leave its files in `out`.

    Raises:
        JourneyFailed: a step did not do what it should.
    """
    with ExitStack() as stack:
        teacher = stack.enter_context(Browser(world.lms_url))
        student = stack.enter_context(Browser(world.lms_url))
        yield Step("connected", {"platform": world.lms.config.name})
        _teacher_places(world, teacher)
        yield Step("placed", {"units": str(len(world.mc.units))})
        _learner_arrives(world, student, learner)
        yield Step("launched")
        _learner_unlocks(world, student, learner)
        yield Step("unlocked")
        _learner_participates(world, student, learner)
        yield Step("participated")
        _teacher_assesses(world, teacher, learner)
        yield Step("assessed")
        badge = _learner_claims(world, student, learner)
        yield Step("claimed")
        _wait_for_scores(world, learner)
        yield Step("scored", {"scores": str(len(world.links))})
        files = _write_files(world, student, badge, out)
        yield Step("written", {"folder": str(out)})
        _check_badge(files)
        yield Step("verified")


def _teacher_places(world: World, teacher: Browser) -> None:
    """Launch the unit that the LMS restricts and the one open to participation, and say so."""
    for unit, route, basis in (
        (UNLOCKED, "unlocked", world.basis),
        (PARTICIPATION, "participation", None),
    ):
        page = _open(teacher.launch(world.links[unit].id, world.people.teacher.id))
        page = _open(teacher.get(_course_path(page) + f"/units/{unit}"))
        fields = {"route": route, "basis": basis} if basis else {"route": route}
        _open(teacher.submit("route", fields))


def _learner_arrives(world: World, student: Browser, learner: User) -> None:
    for unit in ASSESSED:
        _open(student.launch(world.links[unit].id, learner.id))


def _learner_unlocks(world: World, student: Browser, learner: User) -> None:
    """Be refused while the quiz is not passed, pass it, and be let through."""
    link = world.links[UNLOCKED]
    refused = student.launch(link.id, learner.id)
    _hold(refused.status == 403, "the LMS lets nobody through before the quiz is passed")
    world.lms.pass_quiz(learner, world.quiz)
    _open(student.launch(link.id, learner.id))


def _learner_participates(world: World, student: Browser, learner: User) -> None:
    _open(student.launch(world.links[PARTICIPATION].id, learner.id))
    _open(student.submit("participate"))


def _teacher_assesses(world: World, teacher: Browser, learner: User) -> None:
    page = _open(teacher.launch(world.links[ASSESSED[0]].id, world.people.teacher.id))
    course = _course_path(page)
    for code in ASSESSED:
        page = _open(teacher.get(f"{course}/units/{code}"))
        _open(teacher.submit("record", _judgement(world, page, code, learner)))


def _judgement(world: World, page: Page, code: str, learner: User) -> dict[str, str]:
    """Fill in the form for one learner: points well above the minimum, or the sign-off."""
    rule = world.mc.unit(code).rule
    person = _person_id(world, learner)
    if isinstance(rule, PointsAtLeast):
        return {f"points-{person}": str(rule.maximum)}
    if isinstance(rule, EachPartAtLeast):
        return {f"points-{person}-{part.code}": "90" for part in rule.parts}
    return {"person": person}


def _person_id(world: World, learner: User) -> str:
    from lti_tool.models import Person

    with world.tool.database.transaction(read_only=True) as db:
        return str(db.query(Person).filter_by(sub=learner.id).one().id)


def _learner_claims(world: World, student: Browser, learner: User) -> bytes:
    """Claim with the confirmed name and take the badge along, as JSON and as a picture."""
    page = _open(student.launch(world.overview.id, learner.id))
    page = _open(student.get(_launch_path(page) + "/claim"))
    page = _open(student.submit("claim", {"name": learner.name, "email": "1"}))
    launch = _launch_path(page)
    document = _open(student.get(f"{launch}/badge.json")).content
    picture = _open(student.get(f"{launch}/badge.png")).content
    _hold(baking.unbake(picture) == document, "the picture carries the signed bytes")
    return document


def _wait_for_scores(world: World, learner: User) -> None:
    deadline = time.monotonic() + DELIVERY_SECONDS
    while time.monotonic() < deadline:
        grades = [world.lms.grade(link, learner) for link in world.links.values()]
        if all(grade is not None and grade.score is not None for grade in grades):
            return
        time.sleep(0.1)
    raise JourneyFailed(f"the gradebook lacks scores after {DELIVERY_SECONDS} s")


def _write_files(world: World, student: Browser, badge: bytes, out: Path) -> dict[str, bytes]:
    """Fetch what the badge points to and keep it beside the badge."""
    document = json.loads(badge)
    method = document["issuer"]["id"].split(":")[-1]
    public = world.tool.settings.public_url
    achievement = document["credentialSubject"]["achievement"]["id"]
    status = document["credentialStatus"]["statusListCredential"]
    files = {
        "credential.json": badge,
        "badge.png": _open(student.get(student.page.url)).content,
        "did.json": _fetch(student, f"{public}/issuers/{method}/did.json"),
        "status-list.json": _fetch(student, status),
        "achievement.json": _fetch(student, f"{achievement}.json"),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    return files


def _check_badge(files: dict[str, bytes]) -> None:
    badge = files["credential.json"]
    definition = json.loads(files["achievement.json"])
    linked = json.loads(badge)["credentialSubject"]["achievement"]["id"]
    _hold(definition.get("id") == linked, "the badge links to its definition")
    report = _verify(files, badge)
    _hold(report.outcome is Outcome.PASSED, f"the badge verifies: {report}")
    letter = badge.index(b'"name":') + len(b'"name":') + 2
    forged = badge[:letter] + bytes([badge[letter] ^ 1]) + badge[letter + 1 :]
    _hold(_verify(files, forged).outcome is Outcome.FAILED, "a forged badge is refused")


def _verify(files: dict[str, bytes], badge: bytes) -> Report:
    def fetch(url: str) -> bytes:
        for ending, name in (("/did.json", "did.json"), ("/status-lists/", "status-list.json")):
            if ending in url:
                return files[name]
        raise FetchFailed("not_published")

    return verify(badge, fetch, clock.now())


def _fetch(browser: Browser, url: str) -> bytes:
    return _open(browser.get(url)).content


def _open(page: Page) -> Page:
    _hold(page.status == 200, f"a page opens: {page!r} {page.text[:300]}")
    return page


def _launch_path(page: Page) -> str:
    parts = page.url.split("/")
    return "/".join(parts[: parts.index("launches") + 2])


def _course_path(page: Page) -> str:
    return f"{_launch_path(page)}/course"


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise JourneyFailed(f"it should hold that {what}")
