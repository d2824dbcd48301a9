"""Search the catalogue: words, language of instruction, EQF level, field of learning."""

from collections.abc import Iterable
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from badges.micro_credential import Concept, MicroCredential
from lti_tool.models import Course, MicroCredentialVersion
from lti_tool.services import catalogue, grants, lifecycle, placements
from lti_tool.web.launch_session import Visit

Entry = tuple[MicroCredentialVersion, MicroCredential]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a teacher looks for; an empty text looks for everything."""

    query: str
    language: str
    level: str
    field: str

    @classmethod
    def of(cls, args: "MultiDict[str, str]") -> "Wanted":
        query, language, level, field = (
            args.get(name, "").strip() for name in ("q", "language", "level", "field")
        )
        return cls(query, language, level, field)

    @property
    def is_filtered(self) -> bool:
        return bool(self.language or self.level or self.field)

    def matches(self, mc: MicroCredential) -> bool:
        """Return whether it holds every word, and has what was chosen of each filter."""
        return (
            all(word in _searchable(mc) for word in self.query.casefold().split())
            and self.language in ("", *mc.languages)
            and self.level in ("", _level(mc))
            and self.field in ("", _field(mc))
        )


@dataclass(frozen=True, slots=True)
class Filters:
    """What the catalogue can be filtered by; a filter of one value would filter nothing."""

    languages: tuple[str, ...]
    levels: tuple[str, ...]
    fields: tuple[tuple[str, Concept], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """`offered`: what the course offers already; `others`: of the rest the newest versions that a
    new course of this school may begin with."""

    wanted: Wanted
    filters: Filters
    offered: list[Entry]
    others: list[Entry]


def search(
    visit: Visit,
    course: Course | None,
    args: "MultiDict[str, str]",
    *,
    one_of_each: bool = False,
) -> Found:
    """Return what matches the arguments of a page's address.

    `one_of_each`: where the course offers several versions of one, the one it offered last.
    """
    wanted = Wanted.of(args)
    db, now = visit.db, visit.now
    offered = [row.version for row in placements.of_course(db, course)] if course else []
    if one_of_each:
        offered = list({version.series_id: version for version in offered}.values())
    known = {version.series_id for version in offered}
    school = visit.launch.registration.platform.organisation_id
    open_ones = lifecycle.newest_open(
        catalogue.all_versions(db, grants.offerable(school, now)), now
    )
    others = [one for one in open_ones if one.series_id not in known]
    entries = _entries(offered), _entries(others)
    return Found(
        wanted,
        _filters(mc for part in entries for _, mc in part),
        *([entry for entry in part if wanted.matches(entry[1])] for part in entries),
    )


def _entries(versions: Iterable[MicroCredentialVersion]) -> list[Entry]:
    return [(version, catalogue.definition(version)) for version in versions]


def _filters(mcs: Iterable[MicroCredential]) -> Filters:
    languages: set[str] = set()
    levels: set[str] = set()
    fields: dict[str, Concept] = {}
    for mc in mcs:
        languages.update(mc.languages)
        levels.add(_level(mc))
        if mc.field is not None:
            fields.setdefault(_field(mc), mc.field)
    ordered = sorted(fields.items(), key=lambda item: item[1].label.best("en"))
    return Filters(
        tuple(sorted(languages)) if len(languages) > 1 else (),
        tuple(sorted(levels - {""})) if len(levels) > 1 else (),
        tuple(ordered) if len(ordered) > 1 else (),
    )


def _level(mc: MicroCredential) -> str:
    return str(mc.eqf_level.level) if mc.eqf_level else ""


def _field(mc: MicroCredential) -> str:
    """Return what names a field: its code (the end of its address), else its label."""
    if mc.field is None:
        return ""
    return (mc.field.uri or mc.field.label.best("en")).rpartition("/")[2]


def _searchable(mc: MicroCredential) -> str:
    texts = [mc.title, mc.awarding_body.name, *(unit.title for unit in mc.units)]
    return " ".join([mc.code, *(value for text in texts for value in text.values())]).casefold()
