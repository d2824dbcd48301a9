"""The structure of a badge."""

import copy
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from badges import contexts, samples, shape
from tests.factories import signing
from tests.factories.signing import Document, minimal

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BUILT = signing.built(samples.welding(), NOW)


def problems(document: Document) -> set[tuple[str, str]]:
    return {(problem.code, problem.path) for problem in shape.open_badge(document)}


@pytest.mark.parametrize("mc", samples.all(), ids=lambda mc: str(mc.code))
def test_what_we_build_has_the_right_structure(mc: Any) -> None:
    assert problems(signing.built(mc, NOW)) == set()


def put(document: Document, path: str, value: object) -> Document:
    """Set (or, with None, take away) the member at `a.b.0.c`."""
    copied: Any = copy.deepcopy(document)
    place = copied
    *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in above:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    result: Document = copied
    return result


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("id", None, "missing"),
        ("id", "badge 1", "iri_expected"),
        ("name", {"en": "Welding"}, "text_expected"),
        ("issuer.type", ["Organization"], "type_expected"),
        ("issuer.url", "badges.example", "iri_expected"),
        ("awardedDate", "2026-06-01", "datetime_expected"),
        ("awardedDate", "2026-06-01T10:00:00", "datetime_expected"),
        ("validFrom", "2026-06-31T10:00:00Z", "datetime_expected"),
        ("validFrom", "２026-06-01T10:00:00Z", "datetime_expected"),
        ("credentialStatus.id", None, "missing"),
        ("credentialStatus.type", None, "type_expected"),
        ("credentialSubject.achievement.criteria", "Weld.", "object_expected"),
        ("credentialSubject.achievement.inLanguage", "english", "language_expected"),
        ("credentialSubject.achievement.achievementType", "Micro", "achievement_type_expected"),
        ("credentialSubject.achievement.humanCode", 7, "text_expected"),
        ("credentialSubject.achievement.image.type", "Picture", "type_expected"),
        ("credentialSubject.achievement.alignment.0.targetUrl", None, "missing"),
        ("credentialSubject.achievement.alignment.0.targetType", "ESCO", "target_type_expected"),
        ("credentialSubject.identifier.0.hashed", "false", "boolean_expected"),
        ("credentialSubject.identifier.0.identityType", "nick", "identifier_type_expected"),
        ("credentialSubject.result.0.status", "Passed", "status_expected"),
        ("credentialSubject.result.0.value", 80, "text_expected"),
    ],
)
def test_a_member_of_another_kind_is_a_problem(path: str, value: object, code: str) -> None:
    problem = min(problems(put(BUILT, path, value)))
    plain = path.replace(".0.", "[0].")
    assert problem == (code, plain)


def test_a_number_is_no_truth_value() -> None:
    document = put(BUILT, "credentialSubject.creditsEarned", True)
    assert problems(document) == {("number_expected", "credentialSubject.creditsEarned")}


def test_names_of_an_extension_belong_to_a_vocabulary() -> None:
    achievement = "credentialSubject.achievement"
    for name in ("ext:Stackable", "ext:a.b_c"):
        assert problems(put(BUILT, f"{achievement}.achievementType", name)) == set()
    for name in ("ext:", "ext:a b", "extra:a"):
        assert problems(put(BUILT, f"{achievement}.achievementType", name)) != set()
    assert problems(put(BUILT, "credentialSubject.result.0.status", "ext:Passed")) != set()


def test_criteria_without_text_or_address_are_a_problem() -> None:
    path = "credentialSubject.achievement.criteria"
    assert problems(put(BUILT, path, {})) == {("missing", f"{path}.narrative")}


def test_a_single_value_in_place_of_an_array_is_told_apart() -> None:
    """It is read where others signed it, and not signed here."""
    tag = put(minimal(), "credentialSubject.achievement.tag", "steel")
    assert problems(tag) == {(shape.ARRAY_EXPECTED, "credentialSubject.achievement.tag")}


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_the_calendar_can_be_compared(text: str) -> None:
    assert (shape.instant(text) > NOW) is text.startswith("9")


def test_the_bundled_contexts_are_the_files_of_their_origin() -> None:
    folder = Path(contexts.__file__).parent
    origin = (folder / "ORIGIN.md").read_text()
    for file in folder.glob("*.json"):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        row = next(line for line in origin.splitlines() if f"`{file.name}`" in line)
        assert f"`{digest}`" in row
    assert len(list(folder.glob("*.json"))) == len(contexts.ADDRESSES)
