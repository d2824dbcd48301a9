"""Rules: values that stay what they are."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from badges.definition import InvalidDefinition, dump, load
from badges.rules import EachPartAtLeast, Part, PointsAtLeast, Rule, SignOff, SignOffs
from badges.text import Text
from tests.factories.definitions import micro_credential, rules, unit

SAID = Text({"en": "It was done."})
PARTS = (Part("a", Text({"en": "A"})), Part("b", Text({"en": "B"})))


def as_json(rule: Rule) -> dict[str, Any]:
    data: Any = dump(micro_credential(unit("U1", rule)))
    written: dict[str, Any] = data["units"][0]["rule"]
    return written


def from_json(rule: object) -> Rule:
    data: Any = dump(micro_credential(unit("U1", SignOff(SAID))))
    data["units"][0]["rule"] = rule
    return load(data).unit("U1").rule


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        (
            PointsAtLeast(Decimal(80), Decimal(100)),
            {"type": "points", "minimum": 80, "maximum": 100},
        ),
        (
            EachPartAtLeast(PARTS, Decimal("7.5"), Decimal(10)),
            {
                "type": "parts",
                "parts": [
                    {"code": "a", "title": {"en": "A"}},
                    {"code": "b", "title": {"en": "B"}},
                ],
                "minimum": 7.5,
                "maximum": 10,
            },
        ),
        (SignOff(SAID), {"type": "sign_off", "statement": {"en": "It was done."}}),
        (
            SignOffs(SAID, 2),
            {"type": "sign_offs", "statement": {"en": "It was done."}, "count": 2},
        ),
    ],
)
def test_each_rule_has_its_json(rule: Rule, written: dict[str, Any]) -> None:
    assert as_json(rule) == written
    assert from_json(written) == rule


@given(rules())
def test_every_rule_survives_its_json(rule: Rule) -> None:
    assert from_json(as_json(rule)) == rule


@pytest.mark.parametrize(
    ("written", "path", "code"),
    [
        ({"type": "points", "minimum": 0, "maximum": 10}, ".minimum", "out_of_range"),
        ({"type": "points", "minimum": 11, "maximum": 10}, ".minimum", "out_of_range"),
        ({"type": "points", "minimum": 5}, ".maximum", "required"),
        ({"type": "points", "minimum": 5, "maximum": 10, "count": 1}, ".count", "unknown_key"),
        ({"type": "points", "minimum": 5.005, "maximum": 10}, ".minimum", "not_exact"),
        ({"type": "sign_offs", "statement": {"en": "x"}, "count": 1}, ".count", "out_of_range"),
        ({"type": "sign_offs", "statement": {"en": "x"}, "count": "2"}, ".count", "type"),
        ({"type": "sign_off"}, ".statement", "required"),
        ({"minimum": 5, "maximum": 10}, ".type", "required"),
        ({"type": "any"}, ".type", "choice"),
        ({"type": ["points"]}, ".type", "choice"),
        ([], "", "type"),
        (
            {
                "type": "parts",
                "parts": [{"code": "a", "title": {"en": "A"}}] * 2,
                "minimum": 5,
                "maximum": 10,
            },
            ".parts",
            "duplicate",
        ),
        (
            {
                "type": "parts",
                "parts": [{"code": "a", "title": {"en": "A"}}],
                "minimum": 5,
                "maximum": 10,
            },
            ".parts",
            "too_few",
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(written: object, path: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as refusal:
        from_json(written)
    found = [(problem.path, problem.code) for problem in refusal.value.problems]
    assert found == [("$.units[0].rule" + path, code)]
