"""Where the person of a visit stands: one reading for all pages of a learner."""

from dataclasses import dataclass

from lti_tool.errors import Conflict
from lti_tool.models import Award, Credential, MicroCredentialVersion, Placement
from lti_tool.services import awards, catalogue, completions, credentials
from lti_tool.services import stacks as parts
from lti_tool.web import stacks, units
from lti_tool.web.launch_session import Visit
from lti_tool.web.stacks import StackView
from lti_tool.web.units import UnitsView


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerStanding:
    """`award`: shown as earned, a TEST one where nothing real is; `credential`: once claimed.

    `stack`: what it is made of, if of others. `withdrawn`: the award that was withdrawn last, if
    none was granted since.
    """

    placement: Placement
    version: MicroCredentialVersion
    units: UnitsView
    stack: StackView | None
    award: Award | None
    withdrawn: Award | None
    credential: Credential | None


def standing(visit: Visit) -> LearnerStanding:
    """Return where this person stands in the micro-credential of this link.

    Raises:
        Conflict: `link_not_placed`.
    """
    link = visit.launch.link
    if link.placement is None:
        raise Conflict("link_not_placed")
    version = link.placement.version
    progress = completions.standing(visit.db, visit.launch.person, version, visit.now).with_tests
    award = awards.shown(visit.db, visit.launch.person, version)
    mc = catalogue.definition(version)
    return LearnerStanding(
        placement=link.placement,
        version=version,
        units=units.view(mc, progress, link.placement, link.unit_code),
        stack=stacks.view(progress.stack, parts.titles(visit.db, mc)),
        award=award,
        withdrawn=awards.withdrawn(visit.db, visit.launch.person, version),
        credential=credentials.current(visit.db, award) if award else None,
    )
