"""The official JSON Schemas accept what we build.

The schemas are 1EdTech's and are not shipped: `CREDLET_STANDARDS` names the folder that has
`schemas/`, else `../shared/standards` beside the repository is looked at.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badges import samples
from badges.award import Award
from badges.completion import Route
from badges.keys import SigningKey
from badges.proofs import data_integrity
from badges.recipient import Recipient
from tests.factories import awards, definitions
from tests.unit.badges.test_open_badge_3 import award_histories

ROOT = Path(__file__).resolve().parents[2]
STANDARDS = Path(os.environ.get("CREDLET_STANDARDS") or ROOT.parent / "shared" / "standards")
SCHEMAS = {
    "strict": STANDARDS / "schemas" / "ob_v3p0_achievementcredential_schema.json",
    "loose": STANDARDS
    / "schemas"
    / "ob_v3p0_achievementcredential_schema.jsonld-variant.CloudNativeBergen.json",
}
KEY = SigningKey.from_seed(bytes(range(32)))

pytestmark = [
    pytest.mark.skipif(
        not all(path.is_file() for path in SCHEMAS.values()),
        reason="the official schemas are not here (CREDLET_STANDARDS)",
    ),
]


@cache
def validator(variant: str) -> Any:
    schema = json.loads(SCHEMAS[variant].read_text("utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def errors(document: dict[str, Any], variant: str) -> list[str]:
    found = validator(variant).iter_errors(document)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def signed(document: dict[str, Any]) -> dict[str, Any]:
    method = f"{document['issuer']['id']}#{KEY.public_multibase}"
    return data_integrity.sign(document, KEY, method, awards.CLAIMED_AT)


@pytest.mark.parametrize("variant", SCHEMAS)
@pytest.mark.parametrize("language", ["en", "de", "uk"])
def test_badges_of_all_samples_are_accepted(variant: str, language: str) -> None:
    for mc in (*samples.all(), awards.stacked()):
        document = signed(awards.credential(awards.award(mc), language=language))
        assert errors(document, variant) == []


@pytest.mark.parametrize("variant", SCHEMAS)
@pytest.mark.parametrize("left", [(1, 2), (3,), ()])
def test_badges_of_what_was_chosen_are_accepted(variant: str, left: tuple[int, ...]) -> None:
    mc = awards.chosen()
    without = [mc.units[position].code for position in left]
    document = signed(awards.credential(awards.award(mc, without=without)))
    assert errors(document, variant) == []


@pytest.mark.parametrize("variant", SCHEMAS)
def test_badges_by_other_routes_nameless_and_for_tests_are_accepted(variant: str) -> None:
    mc = samples.welding()
    routes = {unit.code: Route.UNLOCKED for unit in mc.units}
    for is_test in (True, False):
        award = awards.award(mc, routes=routes, is_test=is_test)
        document = awards.credential(award, to=Recipient(awards.SUBJECT_ID))
        assert errors(signed(document), variant) == []


@pytest.mark.parametrize("variant", SCHEMAS)
@pytest.mark.parametrize("language", ["en", "de", "uk"])
def test_badges_that_show_recognised_prior_learning_are_accepted(
    variant: str, language: str
) -> None:
    mc = samples.welding()
    award = awards.award(mc, routes={mc.units[2].code: Route.PRIOR_LEARNING})
    document = awards.credential(award, language=language, shows_route=True)
    assert "genre" in document["evidence"][2]  # type: ignore[index]
    assert errors(signed(document), variant) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(award_histories(), st.sampled_from(definitions.TAGS))
def test_badges_of_any_definition_are_accepted_by_the_strict_schema(
    award: Award, language: str
) -> None:
    assert errors(signed(awards.credential(award, language=language)), "strict") == []


@pytest.mark.parametrize("member", ["id", "validFrom", "credentialSubject", "issuer", "type"])
def test_the_schema_would_notice_a_missing_member(member: str) -> None:
    document = awards.credential(awards.award(samples.welding()))
    assert errors(document, "strict") == []
    del document[member]
    assert errors(document, "strict")
