"""Moodle's own web services, read only: activities of a course, completion and grades of a person.

Not part of LTI. Protocol: POST to `webservice/rest/server.php` with a token; JSON comes back, and
every refusal is a 200 with `{"exception", "errorcode", "message"}`. Measured on Moodle 4.5.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from html import unescape
from typing import Any

from badges.errors import BadgeError
from badges.text import clean
from lti_tool.errors import ToolError
from lti_tool.outbound import Outbound, OutboundError

SITE_INFO = "core_webservice_get_site_info"
CONTENTS = "core_course_get_contents"
COMPLETION = "core_completion_get_activities_completion_status"
GRADES = "gradereport_user_get_grade_items"
NEEDED = (SITE_INFO, CONTENTS, COMPLETION, GRADES)
"""All that a token is asked for; each of them reads."""

LONGEST_NAME = 255
LONGEST_MARKUP = 4096
MOST_ACTIVITIES = 1000
# What has no result, and external tools: those report themselves, this one among them.
NOT_OFFERED = frozenset({"label", "qbank", "subsection", "lti"})
IDENTIFIER = re.compile(r"[1-9][0-9]{0,17}")
ERROR_CODE = re.compile(r"[a-z0-9_]{1,60}")


class Concern(StrEnum):
    """What a refusal is about, so what else need not be asked now."""

    SITE = "site"
    COURSE = "course"
    PERSON = "person"


class MoodleRefused(ToolError):
    """Moodle did not answer as asked.

    Codes: moodle_unreachable (`reason`: of `OutboundError`), moodle_token, moodle_access,
    moodle_busy, moodle_answer (SITE); moodle_course, moodle_permission, moodle_refused
    (`reason`: Moodle's error code) (COURSE); moodle_person (PERSON).
    """

    status = 502

    def __init__(self, code: str, concern: Concern, reason: str = "") -> None:
        super().__init__(code, **({"reason": reason} if reason else {}))
        self.concern, self.reason = concern, reason


@dataclass(frozen=True, slots=True)
class Site:
    """`url`: Moodle's wwwroot, without a slash at the end."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """`url`: as the site calls itself. `functions`: what the token may call."""

    url: str
    release: str
    functions: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in NEEDED if name not in self.functions)

    @property
    def unneeded(self) -> tuple[str, ...]:
        return tuple(sorted(self.functions - set(NEEDED)))


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity of a course. `id`: of the course module. `kind`: Moodle's name (`quiz`)."""

    id: int
    name: str
    kind: str
    section: str
    tracks_completion: bool


class State(StrEnum):
    """Completion of one activity by one person, as Moodle counts it (0 to 3)."""

    INCOMPLETE = "incomplete"
    COMPLETE = "complete"
    PASSED = "passed"
    FAILED = "failed"


_STATES = (State.INCOMPLETE, State.COMPLETE, State.PASSED, State.FAILED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Completed:
    """`at`: when the state last changed; None: never."""

    state: State
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Grade:
    """`points` on a scale from `minimum` to `maximum`; None: not graded yet, or still hidden."""

    points: Decimal | None
    minimum: Decimal
    maximum: Decimal
    at: datetime | None

    @property
    def percent(self) -> Decimal | None:
        """0 to 100, or more where the site lets grades exceed the maximum."""
        span = self.maximum - self.minimum
        if self.points is None or span <= 0:
            return None
        return (self.points - self.minimum) * 100 / span


def site_info(outbound: Outbound, site: Site) -> SiteInfo:
    """Return what the token may do. Raises: MoodleRefused."""
    answer = _mapping(_call(outbound, site, SITE_INFO, Concern.SITE))
    names = (one.get("name") for one in _mappings(answer.get("functions")))
    return SiteInfo(
        url=str(answer.get("siteurl") or "").rstrip("/"),
        release=_text(answer.get("release"))[:64],
        functions=frozenset(name for name in names if isinstance(name, str)),
    )


def activities(outbound: Outbound, site: Site, course_id: str) -> tuple[Activity, ...]:
    """Return the activities of a course, in its order. Raises: MoodleRefused."""
    answer = _call(
        outbound,
        site,
        CONTENTS,
        Concern.COURSE,
        {
            "courseid": _identifier(course_id, Concern.COURSE),
            "options[0][name]": "excludecontents",  # lists of files, which can be very long
            "options[0][value]": "1",
        },
    )
    return tuple(_activities(answer))[:MOST_ACTIVITIES]


def completion(
    outbound: Outbound, site: Site, course_id: str, user_id: str
) -> dict[int, Completed]:
    """Return the state of every activity whose completion the course tracks, by its id.

    Raises:
        MoodleRefused
    """
    answer = _mapping(_of_person(outbound, site, COMPLETION, course_id, user_id))
    found = {}
    for one in _mappings(answer.get("statuses")):
        state = one.get("state")
        if isinstance(state, int) and 0 <= state < len(_STATES):
            found[_number(one.get("cmid"))] = Completed(
                _STATES[state], _moment(one.get("timecompleted"))
            )
    return found


def grades(outbound: Outbound, site: Site, course_id: str, user_id: str) -> dict[int, Grade]:
    """Return the main grade of every activity that is graded, by the activity's id.

    Raises:
        MoodleRefused
    """
    answer = _mapping(_of_person(outbound, site, GRADES, course_id, user_id))
    found: dict[int, Grade] = {}
    for person in _mappings(answer.get("usergrades")):
        if str(person.get("userid")) != user_id:
            continue
        items = [one for one in _mappings(person.get("gradeitems")) if one.get("cmid")]
        for item in sorted(items, key=lambda one: _number(one.get("itemnumber"))):
            found.setdefault(_number(item["cmid"]), _grade(item))
    return found


def _of_person(
    outbound: Outbound, site: Site, function: str, course_id: str, user_id: str
) -> object:
    sent = {
        "courseid": _identifier(course_id, Concern.COURSE),
        "userid": _identifier(user_id, Concern.PERSON),
    }
    return _call(outbound, site, function, Concern.COURSE, sent)


def _identifier(value: str, concern: Concern) -> str:
    """Return an id that Moodle could have given; others are not asked about."""
    if IDENTIFIER.fullmatch(value) is None:
        raise MoodleRefused(f"moodle_{concern}", concern)
    return value


def _call(
    outbound: Outbound,
    site: Site,
    function: str,
    concern: Concern,
    params: Mapping[str, str] | None = None,
) -> object:
    """Return what a function answers. The token travels in the body, where no log looks."""
    sent = {"wstoken": site.token, "wsfunction": function, "moodlewsrestformat": "json"}
    try:
        answer = outbound.post(
            f"{site.url}/webservice/rest/server.php", data={**sent, **(params or {})}
        )
        if answer.status == 403:  # web services or the REST protocol are switched off
            raise MoodleRefused("moodle_access", Concern.SITE)
        if not answer.is_success:
            reason = f"HTTP {answer.status}"
            raise MoodleRefused("moodle_unreachable", Concern.SITE, reason=reason)
        found = answer.json()
    except OutboundError as error:
        code = "moodle_answer" if error.code == "not_json" else "moodle_unreachable"
        raise MoodleRefused(code, Concern.SITE, reason=error.code) from error
    if isinstance(found, dict) and "exception" in found:
        raise _refusal(str(found.get("errorcode") or ""), concern)
    return found


_OF_THE_TOKEN = {"invalidtoken", "invalidtimedtoken", "usernotconfirmed", "wsaccessusersuspended"}
_OF_ACCESS = {
    "accessexception",
    "enablewsdescription",
    "servicenotavailable",
    "cannotcreatetoken",
    "invalidservice",
    "noavailableservice",
    "servicerequireslogin",
}
_OF_THE_MOMENT = {"sitemaintenance", "upgraderunning", "dmlreadexception", "ex_dbconnection"}
_OF_THE_COURSE = {
    "requireloginerror",
    "errorcoursecontextnotvalid",
    "invalidcourseid",
    "unknowncourse",
    "coursehidden",
}
_OF_PERMISSION = {
    "nopermissions",
    "accessdenied",
    "cannotviewreport",
    "nopermissiontoviewgrades",
    "notingroup",
}
_OF_THE_PERSON = {
    "invaliduser",
    "userdeleted",
    "suspended",
    "usernotenroled",
    "guestsarenotallowed",
}


def _refusal(errorcode: str, concern: Concern) -> MoodleRefused:
    known = (
        (_OF_THE_TOKEN, "moodle_token", Concern.SITE),
        (_OF_ACCESS, "moodle_access", Concern.SITE),
        (_OF_THE_MOMENT, "moodle_busy", Concern.SITE),
        (_OF_THE_COURSE, "moodle_course", Concern.COURSE),
        (_OF_PERMISSION, "moodle_permission", Concern.COURSE),
        (_OF_THE_PERSON, "moodle_person", Concern.PERSON),
    )
    for codes, code, about in known:
        if errorcode in codes:
            return MoodleRefused(code, about)
    said = errorcode if ERROR_CODE.fullmatch(errorcode) else "?"
    return MoodleRefused("moodle_refused", concern, reason=said)


def _activities(answer: object) -> Iterator[Activity]:
    if not isinstance(answer, list):
        raise MoodleRefused("moodle_answer", Concern.SITE, reason="not_a_list")
    for section in _mappings(answer):
        for module in _mappings(section.get("modules")):
            kind, name = _text(module.get("modname")), _text(module.get("name"))
            if kind in NOT_OFFERED or not name or module.get("deletioninprogress"):
                continue
            yield Activity(
                id=_number(module.get("id")),
                name=name,
                kind=kind[:64],
                section=_text(section.get("name")),
                tracks_completion=bool(module.get("completion")),
            )


def _grade(item: Mapping[str, Any]) -> Grade:
    # A hidden grade is not released: what rests on it would tell the learner.
    is_hidden = item.get("gradeishidden") or item.get("gradehiddenbydate")
    return Grade(
        points=None if is_hidden else _decimal(item.get("graderaw")),
        minimum=_decimal(item.get("grademin")) or Decimal(0),
        maximum=_decimal(item.get("grademax")) or Decimal(0),
        at=_moment(item.get("gradedategraded")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MoodleRefused("moodle_answer", Concern.SITE, reason="not_an_object")
    return value


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def _number(value: object) -> int:
    """Return an id, or 0, which Moodle gives to nothing."""
    return value if isinstance(value, int) and 0 < value < 2**53 else 0


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    is_usable = found.is_finite() and abs(found) < 999_999
    return found.quantize(Decimal("0.001")) if is_usable else None


def _moment(value: object) -> datetime | None:
    seconds = _number(value)
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 2**34 else None


def _text(value: object) -> str:
    """Return text as it can be shown: Moodle escapes names for its own pages."""
    if not isinstance(value, str):
        return ""
    try:
        # Cut first: many "<" without an end would take time by the square of their number.
        return clean(re.sub(r"<[^>]*>", "", unescape(value[:LONGEST_MARKUP])))[:LONGEST_NAME]
    except BadgeError:
        return ""
