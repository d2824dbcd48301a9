"""Where the person of a visit stands: one reading for all pages of a learner."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import request

from badges import prior_learning as rules
from badges.choices import NOTHING_MORE
from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import Award, Credential, MicroCredentialVersion, Placement
from lti_tool.services.awarding import awards, credentials, joints, stack_awards
from lti_tool.services.awarding.joints import Elsewhere
from lti_tool.services.awarding.stack_awards import LargerAward
from lti_tool.services.completing import completions, prior_learning
from lti_tool.services.courses import confirming_here, moving
from lti_tool.services.courses.confirming_here import Case
from lti_tool.services.definitions import catalogue, electives
from lti_tool.web import stacks, units
from lti_tool.web.launch_session import Visit
from lti_tool.web.learner.blueprint import LARGER
from lti_tool.web.stacks import StackView
from lti_tool.web.units import UnitsView


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerStanding:
    """`award`: shown as earned, a TEST one where nothing real is; `credential`: once claimed.

    `stack`: what it is made of, if of others. `larger`: what the person has earned that is made of
    it, among others; `earlier`: of other versions of it. `withdrawn`: the award that was withdrawn
    last, if none was granted since.
    `is_of_link`: it is what the link stands for, and not a larger one that is looked at from it.
    `waiting`: everything is completed, and a person has to confirm it, or did not: in this course,
    in another, or for an awarding body. `stands_in`: the school whose administrators can confirm
    where too few teachers are there; "": none. `asked_of_bodies`: what else waits for awarding
    bodies. `elsewhere`: of what is made of others, where else the same person has it or waits for
    it, with what it waits for there. `others`: versions of it that other courses of the person
    offer. `judged`: the units in which an assessor is still to judge what they can do already.
    """

    placement: Placement
    version: MicroCredentialVersion
    units: UnitsView
    stack: StackView | None
    award: Award | None
    waiting: Case | None
    elsewhere: Elsewhere | None
    waiting_elsewhere: Case | None
    withdrawn: Award | None
    credential: Credential | None
    larger: Sequence[LargerAward]
    earlier: Sequence[LargerAward]
    others: Sequence[MicroCredentialVersion]
    is_of_link: bool
    asked_of_bodies: Sequence[Case]
    stands_in: str
    judged: frozenset[str]

    @staticmethod
    def definition(version: MicroCredentialVersion) -> MicroCredential:
        return catalogue.definition(version)

    @property
    def may_apply(self) -> bool:
        """Whether prior learning can be recognised in a unit that is not complete."""
        mc = self.units.mc
        return (
            self.is_of_link
            and self.award is None
            and any(
                rules.is_allowed(mc, one.unit) and not one.progress.is_complete
                for one in self.units.units
            )
        )


def standing(visit: Visit) -> LearnerStanding:
    """Return where this person stands in the micro-credential of this link, or in the larger one,
    or the other version of it, whose award the address names.

    Raises:
        Conflict: `link_not_placed`. NotFound: `not_awarded`: they have no such award.
    """
    link, named = visit.launch.link, request.args.get(LARGER)
    if link.placement is None:
        raise Conflict("link_not_placed")
    award = _named(visit, named, link.placement) if named is not None else None
    version = link.placement.version if award is None else award.version
    whole = completions.standing(visit.db, visit.launch.person, version, visit.now).with_tests
    award = award or awards.shown(visit.db, visit.launch.person, version)
    cases = confirming_here.of_person(visit.db, visit.launch.person, visit.now, version=version)
    waiting = _of_version(cases, version) if award is None else None
    elsewhere, there = _elsewhere(visit, version) if award is None else (None, None)
    asked = electives.asked(link.placement) if named is None else NOTHING_MORE
    progress = electives.shown(whole, asked, holds=award is not None)
    mc = catalogue.definition(version)
    return LearnerStanding(
        placement=link.placement,
        version=version,
        units=units.view(
            mc,
            progress,
            link.placement,
            visit.now,
            link.unit_code if named is None else None,
        ),
        stack=stacks.of_person(
            visit.db, visit.launch.person, version, progress, visit.now, with_tests=True
        ),
        award=award,
        waiting=waiting,
        elsewhere=elsewhere,
        waiting_elsewhere=there,
        withdrawn=awards.withdrawn(visit.db, visit.launch.person, version),
        credential=credentials.current(visit.db, award) if award else None,
        larger=stack_awards.resting_on(visit.db, visit.launch.person, version),
        others=moving.other_versions(visit.db, link.placement, visit.launch.person_id),
        earlier=stack_awards.of_other_versions(visit.db, visit.launch.person, version),
        is_of_link=named is None,
        asked_of_bodies=[
            one for one in cases if one.placement is None and one.pending.version_id != version.id
        ],
        stands_in=confirming_here.standing_in(visit.db, visit.launch.person, version)
        if waiting is not None and waiting.waiting.is_stuck
        else "",
        judged=prior_learning.waiting(visit.db, visit.launch.person, version)
        if rules.limit(mc)
        else frozenset(),
    )


def _of_version(cases: Iterable[Case], version: MicroCredentialVersion) -> Case | None:
    return next((one for one in cases if one.pending.version_id == version.id), None)


def _elsewhere(
    visit: Visit, version: MicroCredentialVersion
) -> tuple[Elsewhere | None, Case | None]:
    """Return where else the person has what is made of others, or what it waits for there."""
    if catalogue.definition(version).stack is None:
        return None, None
    found = joints.elsewhere(visit.db, visit.launch.person, version)
    if found is None or found.award is not None:
        return found, None
    cases = confirming_here.of_person(visit.db, found.person, visit.now, version=version)
    there = _of_version(cases, version)
    return (found, there) if there is not None else (None, None)


def _named(visit: Visit, named: str, placement: Placement) -> Award:
    try:
        wanted = uuid.UUID(named)
    except ValueError as error:
        raise NotFound("not_awarded") from error
    return stack_awards.own(visit.db, visit.launch.person, wanted, placement.version)
