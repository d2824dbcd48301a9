"""Definitions: what is read is what was written; what is wrong is named, all at once."""

import json
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import badges
from badges import samples
from badges.definition import FORMAT, InvalidDefinition, dump, load, loads, public
from badges.micro_credential import MicroCredential, missing_elements
from tests.factories.definitions import json_values, micro_credentials

SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.data_too_large]

Json = dict[str, Any]


def welding() -> Json:
    """Return the welding sample as freshly parsed JSON."""
    parsed: Json = json.loads(samples.source("wld1"))
    return parsed


def problems(data: object) -> set[tuple[str, str]]:
    with pytest.raises(InvalidDefinition) as refusal:
        load(data)
    return {(problem.path, problem.code) for problem in refusal.value.problems}


@settings(max_examples=100, suppress_health_check=SLOW_TO_DRAW)
@given(micro_credentials())
def test_a_definition_survives_dump_and_load(mc: MicroCredential) -> None:
    assert load(dump(mc)) == mc
    assert loads(json.dumps(dump(mc))) == mc
    assert loads(json.dumps(dump(mc), ensure_ascii=False).encode()) == mc


@settings(max_examples=200, suppress_health_check=SLOW_TO_DRAW)
@given(json_values())
@example({"format": FORMAT})
@example({"format": FORMAT, "units": [{"rule": {"type": []}}]})
def test_no_json_raises_anything_but_invalid_definition(data: object) -> None:
    with pytest.raises(InvalidDefinition) as refusal:
        load(data)
    assert refusal.value.problems


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of every value inside `value`."""
    keys: Any = ()
    if isinstance(value, dict):
        keys = value.keys()
    elif isinstance(value, list):
        keys = range(len(value))
    return [path, *(place for key in keys for place in places(value[key], (*path, key)))]


@settings(max_examples=300, suppress_health_check=SLOW_TO_DRAW)
@given(st.data())
def test_a_mutated_definition_is_refused_or_survives(data: st.DataObject) -> None:
    mutated = welding()
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(places(mutated)[1:]))
        target: Any = mutated
        for step in path:
            target = target[step]
        action = data.draw(st.sampled_from(["replace", "delete", "add"]))
        if action == "delete":
            del target[last]
        elif action == "add" and isinstance(target, dict):
            target[data.draw(st.text(max_size=8))] = data.draw(json_values())
        else:
            target[last] = data.draw(json_values())
        if not places(mutated)[1:]:
            break
    match load_or_refusal(mutated):
        case InvalidDefinition() as refusal:
            assert refusal.problems
            assert all(problem.path.startswith("$") for problem in refusal.problems)
            str(refusal).encode()  # what is told of hostile input can be printed and logged
        case mc:
            assert load(dump(mc)) == mc


def load_or_refusal(data: object) -> MicroCredential | InvalidDefinition:
    try:
        return load(data)
    except InvalidDefinition as refusal:
        return refusal


def set_at(*path: Any, value: Any) -> Callable[[Json], None]:
    def change(data: Json) -> None:
        target: Any = data
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return change


def without(name: str) -> Callable[[Json], None]:
    return lambda data: data.pop(name)


UNIT = "$.units[0]"


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        (without("title"), "$.title", "required"),
        (without("format"), "$.format", "required"),
        (without("awarding_body"), "$.awarding_body", "required"),
        (without("units"), "$.units", "required"),
        (set_at("format", value="credlet-definition/2"), "$", "format"),
        (set_at("colour", value="red"), "$.colour", "unknown_key"),
        (set_at("a b\n", value=1), '$["a b\\n"]', "unknown_key"),
        (set_at("hours", value=0), "$.hours", "out_of_range"),
        (set_at("hours", value=-3), "$.hours", "out_of_range"),
        (set_at("hours", value="90"), "$.hours", "type"),
        (set_at("hours", value=True), "$.hours", "type"),
        (set_at("hours", value=None), "$.hours", "type"),
        (set_at("hours", value=float("nan")), "$.hours", "out_of_range"),
        (set_at("hours", value=float("inf")), "$.hours", "out_of_range"),
        (set_at("hours", value=Decimal("sNaN")), "$.hours", "out_of_range"),
        (set_at("hours", value=90.001), "$.hours", "not_exact"),
        (set_at("hours", value=89), "$.hours", "units_exceed_hours"),
        (set_at("eqf_level", "level", value=9), "$.eqf_level.level", "out_of_range"),
        (set_at("eqf_level", "level", value=0), "$.eqf_level.level", "out_of_range"),
        (set_at("eqf_level", "level", value=3.0), "$.eqf_level.level", "type"),
        (set_at("eqf_level", "basis", value="guess"), "$.eqf_level.basis", "choice"),
        (set_at("code", value="BEM S"), "$.code", "code_syntax"),
        (set_at("code", value="-x"), "$.code", "code_syntax"),
        (set_at("code", value="x" * 65), "$.code", "code_syntax"),
        (set_at("code", value="x\n"), "$.code", "code_syntax"),
        (set_at("version", value=1), "$.version", "type"),
        (set_at("title", value="Welding"), "$.title", "type"),
        (set_at("title", value={}), "$.title", "empty_text"),
        (set_at("title", "german", value="x"), "$.title.german", "language_tag"),
        (set_at("title", "EN", value="x"), "$.title.EN", "language_twice"),
        (set_at("title", "en", value="a\tb"), "$.title.en", "unsafe_characters"),
        (set_at("title", "en", value="\udfff"), "$.title.en", "unsafe_characters"),
        (set_at("title", "en", value=" "), "$.title.en", "empty_text"),
        (set_at("title", "en", value="x" * 301), "$.title.en", "too_long"),
        (set_at("languages", value=["uk", "uk"]), "$.languages", "duplicate"),
        (set_at("languages", value="uk"), "$.languages", "type"),
        (set_at("awarding_body", "slug", value="A"), "$.awarding_body.slug", "slug_syntax"),
        (set_at("awarding_body", "slug", value="a-"), "$.awarding_body.slug", "slug_syntax"),
        (set_at("awarding_body", "slug", value="a" * 64), "$.awarding_body.slug", "slug_syntax"),
        (set_at("awarding_body", "country", value="UK"), "$.awarding_body.country", "country"),
        (set_at("awarding_body", "country", value="ua"), "$.awarding_body.country", "country"),
        (set_at("awarding_body", "country", value="EU"), "$.awarding_body.country", "country"),
        (set_at("assessment", "grading", "pass_mark", value=101),
         "$.assessment.grading.pass_mark", "out_of_range"),
        (set_at("assessment", "grading", value={"scheme": "pass_fail", "maximum": 5}),
         "$.assessment.grading.maximum", "unknown_key"),
        (set_at("assessment", "grading", value={"scheme": "points"}),
         "$.assessment.grading.maximum", "required"),
        (set_at("prior_learning", "max_share_percent", value=101),
         "$.prior_learning.max_share_percent", "out_of_range"),
        (set_at("validity_months", value=0), "$.validity_months", "out_of_range"),
        (set_at("confirmations", value=3), "$.confirmations", "out_of_range"),
        (set_at("units", 1, "code", value="BEM-S-WLD1-U1"), "$.units", "duplicate"),
        (set_at("units", 1, "outcomes", 0, "code", value="BEM-S-WLD1-U1-LO1"),
         "$.units", "duplicate"),
        (set_at("units", 0, "outcomes", 0, "kind", value="attitude"),
         f"{UNIT}.outcomes[0].kind", "choice"),
        (set_at("units", 0, "allows_participation", value=1),
         f"{UNIT}.allows_participation", "type"),
        (set_at("units", value=[{}] * 51), "$.units", "too_many"),
        (set_at("units", 0, "hours", value=0), f"{UNIT}.hours", "out_of_range"),
        (set_at("units", 0, "rule", value={"type": "luck"}), f"{UNIT}.rule.type", "choice"),
    ],
)  # fmt: skip
def test_a_problem_is_named_with_its_place(
    change: Callable[[Json], object], path: str, code: str
) -> None:
    data = welding()
    change(data)
    assert (path, code) in problems(data)


def test_one_change_makes_one_problem() -> None:
    data = welding()
    data["hours"] = "many"
    assert problems(data) == {("$.hours", "type")}


def test_all_problems_are_listed_at_once() -> None:
    data = welding()
    del data["title"]
    data["hours"] = -1
    data["extra"] = {}
    data["units"][2]["rule"] = {"type": "sign_offs", "statement": {}, "count": 1, "who": "me"}
    data["units"][4]["code"] = "no spaces"
    assert problems(data) == {
        ("$.title", "required"),
        ("$.hours", "out_of_range"),
        ("$.extra", "unknown_key"),
        ("$.units[2].rule.statement", "empty_text"),
        ("$.units[2].rule.count", "out_of_range"),
        ("$.units[2].rule.who", "unknown_key"),
        ("$.units[4].code", "code_syntax"),
    }


def test_the_list_of_problems_is_bounded() -> None:
    data = welding() | {f"x{number}": 1 for number in range(10_000)}
    assert len(problems(data)) <= 200


def test_a_text_that_is_refused_after_many_others_is_refused_too() -> None:
    unit = welding()["units"][0]
    broken = [unit | {"code": "?", "hours": "x", "more": number} for number in range(49)]
    outcome = unit["outcomes"][0] | {"code": "?", "kind": "z", "text": {"en": 1}}
    wordless = unit | {"title": {"en": None}, "outcomes": [outcome] * 40}
    data = welding() | {"units": [*broken, wordless]}
    data |= {"units": [one | {"outcomes": [outcome] * 5} for one in data["units"]]}
    assert 0 < len(problems(data)) <= 200


def test_a_register_as_basis_needs_the_national_level() -> None:
    data = welding()
    data["eqf_level"]["basis"] = "national_register"
    load(data)
    del data["national_level"]
    assert problems(data) == {("$.eqf_level", "national_level_missing")}


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "ftp://example.org/",
        "HTTP://example.org/",
        "//example.org/",
        "example.org",
        "http://",
        "http:///path",
        "https://user@example.org/",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://example.org/a b",
        "https://example.org/%zz",
        "https://example.org/ü",
        'https://example.org/">',
        "https://example.org/\n",
        "https://-example.org/",
        "https://example.org/" + "a" * 2000,
        7,
    ],
)
def test_an_address_that_is_no_plain_web_address_is_refused(uri: object) -> None:
    data = welding()
    data["field"]["uri"] = uri
    assert {path for path, _ in problems(data)} == {"$.field.uri"}


@pytest.mark.parametrize(
    "uri",
    [
        "http://data.europa.eu/esco/skill/198b614d-a9af-46f5-b3fd-2672b401dd8e",
        "https://example.org:8443/a%20b/?q=1&r=(2)#part",
        "https://example.org",
        "https://xn--e1afmkfd.example/",
    ],
)
def test_a_web_address_is_kept_as_it_is(uri: str) -> None:
    data = welding()
    data["field"]["uri"] = uri
    field = load(data).field
    assert field is not None
    assert field.uri == uri


def test_numbers_stay_exact() -> None:
    data = json.dumps(welding()).replace('"hours": 90', '"hours": 90.1').encode()
    mc = loads(data)
    assert mc.hours == Decimal("90.1")
    assert json.dumps(dump(mc)["hours"]) == "90.1"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "not_json"),
        (b"\xff\xfe", "not_json"),
        ('"\ud800"', "not_json"),
        ('{"code": "a", "code": "b"}', "duplicate_key"),
        ('{"hours": NaN}', "inexact_number"),
        ("[" * 100_000, "too_deep"),
        ('{"hours": ' + "9" * 5000 + "}", "inexact_number"),
    ],
)
def test_what_is_not_sound_json_is_refused(text: str | bytes, code: str) -> None:
    with pytest.raises(InvalidDefinition) as refusal:
        loads(text)
    assert [(problem.path, problem.code) for problem in refusal.value.problems] == [("$", code)]


@settings(max_examples=50, suppress_health_check=SLOW_TO_DRAW)
@given(micro_credentials())
def test_target_groups_are_kept_but_never_public(mc: MicroCredential) -> None:
    assert load(dump(mc)).target_groups == mc.target_groups
    assert "target_groups" not in public(mc)
    assert set(dump(mc)) - set(public(mc)) <= {"target_groups"}


def test_the_example_of_the_manual_is_complete() -> None:
    manual = (Path(badges.__file__).parent / "DEFINITIONS.md").read_text(encoding="utf-8")
    written = manual.split("```json\n")[1].split("```")[0]
    assert missing_elements(load(json.loads(written))) == ()


def test_the_manual_names_every_member() -> None:
    manual = (Path(badges.__file__).parent / "DEFINITIONS.md").read_text(encoding="utf-8")
    members = {field.name for field in fields(MicroCredential)}
    assert [name for name in members if f"`{name}" not in manual] == []
