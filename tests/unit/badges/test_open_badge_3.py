"""Open Badges 3.0 as built from awards."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from badges import did, national_profiles, prior_learning, samples, shape
from badges.award import Award, IdentityAssurance, InvalidAward
from badges.completion import Route
from badges.fetch import FetchFailed
from badges.formats import open_badge_3, wording
from badges.formats.open_badge_3 import Addresses, InvalidAddress, StatusEntry
from badges.keys import SigningKey
from badges.micro_credential import (
    Concept,
    CreditPoints,
    EqfLevel,
    LearningUnit,
    LevelBasis,
    MicroCredential,
    NationalLevel,
)
from badges.proofs import data_integrity
from badges.recipient import Recipient
from badges.rules import EachPartAtLeast, PointsAtLeast
from badges.text import Text
from badges.verify import CheckId, Outcome, verify
from tests.factories import awards, definitions, signing

KEY = SigningKey.from_seed(bytes(range(32)))
WELDING = samples.welding()


def signed(document: dict[str, Any]) -> bytes:
    method = f"{document['issuer']['id']}#{KEY.public_multibase}"
    return data_integrity.serialise(data_integrity.sign(document, KEY, method, awards.CLAIMED_AT))


def text_of(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


def achievement(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["credentialSubject"]["achievement"]
    return found


def _routes(mc: MicroCredential, unit: LearningUnit) -> list[Route]:
    refused = set() if unit.allows_participation else {Route.PARTICIPATION}
    if not prior_learning.is_allowed(mc, unit):
        refused.add(Route.PRIOR_LEARNING)
    return [route for route in Route if route not in refused]


@st.composite
def award_histories(draw: st.DrawFn) -> Award:
    """Awards of any definition, each unit completed by any route its rule allows."""
    mc = draw(definitions.micro_credentials())
    assume(mc.units)
    routes = {unit.code: draw(st.sampled_from(_routes(mc, unit))) for unit in mc.units}
    unlocked = [code for code, route in routes.items() if route is Route.UNLOCKED]
    basis = {code: draw(st.text(max_size=40)) for code in unlocked if draw(st.booleans())}
    identity = draw(st.sampled_from(IdentityAssurance))
    return awards.award(
        mc, routes=routes, basis=basis, identity=identity, is_test=draw(st.booleans())
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(award_histories(), st.sampled_from(definitions.TAGS))
def test_whatever_a_definition_holds_its_badges_can_be_signed(award: Award, language: str) -> None:
    document = awards.credential(award, language=language)
    assert shape.open_badge(document) == ()
    content = json.loads(signed(document))
    del content["proof"]
    assert content == document


def test_every_sample_is_built_signed_and_verified_in_both_languages() -> None:
    for mc in samples.all():
        for language in ("en", "de"):
            document = signed(awards.credential(awards.award(mc), language=language))
            report = verify(document, fetch_did_document, awards.CLAIMED_AT + timedelta(hours=1))
            outcomes = {check.id: check.outcome for check in report.checks}
            assert outcomes.pop(CheckId.STATUS) is Outcome.UNDECIDED
            assert set(outcomes.values()) == {Outcome.PASSED}
            assert len(document) < 17_000


def fetch_did_document(url: str) -> bytes:
    if not url.endswith("/did.json"):
        raise FetchFailed("unreachable")
    slug = url.split("/")[-2]
    issuer = did.document(
        f"did:web:badges.example:issuers:{slug}", {KEY.public_multibase: KEY.public_multibase}
    )
    return json.dumps(issuer).encode()


def test_the_envelope_has_what_every_verifier_asks_for() -> None:
    document = awards.credential(awards.award(WELDING))
    assert document["@context"] == [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ]
    assert document["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert document["issuer"]["type"] == ["Profile"]
    assert document["issuer"]["id"].startswith("did:web:badges.example:issuers:")
    assert document["issuer"]["address"]["addressCountryCode"] == "UA"
    assert document["credentialStatus"] == {
        "id": "https://badges.example/status/1#4711",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "4711",
        "statusListCredential": "https://badges.example/status/1",
    }


def test_dates_are_whole_seconds_of_utc_and_validity_counts_from_the_award() -> None:
    document = awards.credential(awards.award(replace(WELDING, validity_months=3)))
    assert document["awardedDate"] == "2026-11-20T09:30:15Z"
    assert document["validFrom"] == "2026-11-20T12:30:15Z"
    assert document["validUntil"] == "2027-02-20T09:30:15Z"


def test_a_badge_without_limit_says_nothing_of_an_end() -> None:
    document = awards.credential(awards.award(replace(WELDING, validity_months=None)))
    assert "validUntil" not in document
    assert "Validity in months: not limited" in achievement(document)["criteria"]["narrative"]


def test_the_achievement_is_the_version_of_the_definition() -> None:
    document = awards.credential(awards.award(WELDING))
    found = achievement(document)
    assert found["id"] == awards.addresses(WELDING).version
    assert found["criteria"]["id"] == f"{found['id']}#criteria"
    assert found["version"] == WELDING.version
    assert found["otherIdentifier"] == [
        {
            "type": "IdentifierEntry",
            "identifier": awards.addresses(WELDING).series,
            "identifierType": "ext:series",
        }
    ]
    assert found["achievementType"] == "MicroCredential"
    assert found["image"] == {"id": awards.addresses(WELDING).image, "type": "Image"}
    assert found == open_badge_3.achievement(WELDING, awards.addresses(WELDING), "en")


def test_no_two_nodes_of_a_badge_share_an_id() -> None:
    """Else members could move from one to the other without touching the signature."""
    for mc in samples.all():
        badge = signing.issue(signing.built(mc, awards.AWARDED_AT), awards.AWARDED_AT).badge
        ids = list(described_ids(badge))
        assert len(ids) == len(set(ids))


def described_ids(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if "id" in value and len(value) > 1:
            yield value["id"]
        for item in value.values():
            yield from described_ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from described_ids(item)


def test_everybody_who_earns_it_gets_the_same_achievement() -> None:
    routes = {unit.code: Route.UNLOCKED for unit in WELDING.units}
    one, other = (awards.award(WELDING), awards.award(WELDING, routes=routes))
    assert achievement(awards.credential(one)) == achievement(awards.credential(other))


def test_the_confirmed_name_comes_first_and_the_address_only_as_a_hash() -> None:
    document = awards.credential(awards.award(WELDING))
    name, email = document["credentialSubject"]["identifier"]
    assert name == {
        "type": "IdentityObject",
        "identityType": "name",
        "hashed": False,
        "identityHash": "Оксана Ковальчук",
    }
    assert (email["identityType"], email["hashed"], email["salt"]) == ("emailAddress", True, "x7Qp")
    assert email["identityHash"].startswith("sha256$")
    assert "oksana@example.com" not in text_of(document)


def test_a_nameless_badge_identifies_nobody() -> None:
    document = awards.credential(awards.award(WELDING), to=Recipient(awards.SUBJECT_ID))
    assert document["credentialSubject"]["id"] == awards.SUBJECT_ID
    assert "identifier" not in document["credentialSubject"]
    assert "IdentityObject" not in text_of(document)


def recognised() -> Award:
    return awards.award(WELDING, routes={WELDING.units[2].code: Route.PRIOR_LEARNING})


def test_recognised_prior_learning_shows_only_where_its_holder_wants_it() -> None:
    in_course = awards.credential(awards.award(WELDING), shows_route=True)
    assert "rior learning" not in str(in_course["evidence"])
    plain = awards.credential(recognised())
    assert plain["evidence"] == in_course["evidence"]
    shown = awards.credential(recognised(), shows_route=True)
    told = [one for one in shown["evidence"] if "genre" in one]  # type: ignore[attr-defined]
    assert [one["genre"] for one in told] == ["Recognition of prior learning"]
    assert told[0]["narrative"].startswith("Recognised as prior learning")
    assert {**plain, "evidence": None} == {**shown, "evidence": None}


def test_recognised_prior_learning_always_shows_where_the_country_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not any(one.shows_prior_learning for one in national_profiles.all().values())
    country = WELDING.awarding_body.country
    known = national_profiles.profile("UA")
    assert known is not None
    asking = replace(known, country=country, shows_prior_learning=True)
    monkeypatch.setattr(national_profiles, "all", lambda: {country: asking})
    assert awards.credential(recognised()) == awards.credential(recognised(), shows_route=True)


def test_target_groups_never_appear() -> None:
    group = Concept(uri="https://groups.example/refugees", label=Text({"en": "displaced people"}))
    mc = replace(WELDING, target_groups=(group,))
    document = awards.credential(awards.award(mc))
    assert document == awards.credential(awards.award(replace(mc, target_groups=())))


def test_every_unit_has_a_status_and_units_with_marks_a_score() -> None:
    document = awards.credential(awards.award(WELDING))
    described = {entry["id"]: entry for entry in achievement(document)["resultDescription"]}
    results = document["credentialSubject"]["result"]
    assert {result["resultDescription"] for result in results} == set(described)
    kinds = [described[result["resultDescription"]]["resultType"] for result in results]
    marked = [u for u in WELDING.units if isinstance(u.rule, PointsAtLeast | EachPartAtLeast)]
    assert kinds.count("Status") == len(WELDING.units)
    assert kinds.count("RawScore") == len(marked)
    for result, kind in zip(results, kinds, strict=True):
        assert result.get("status") == ("Completed" if kind == "Status" else None)
        assert result.get("value") == ("100" if kind == "RawScore" else None)
    scores = [one for one in described.values() if one["resultType"] == "RawScore"]
    assert {(one["valueMin"], one["valueMax"]) for one in scores} == {("0", "100")}
    assert [one["requiredValue"] for one in scores] == [f"{u.rule.minimum}" for u in marked]


def test_points_are_written_as_people_write_them() -> None:
    rule = PointsAtLeast(Decimal("2.5"), Decimal("1E+2"))
    mc = definitions.micro_credential(definitions.unit("U", rule))
    award = awards.award(mc)
    result = replace(award.results[0], points=Decimal("99.50"))
    document = awards.credential(replace(award, results=(result,)))
    assert document["credentialSubject"]["result"][1]["value"] == "99.5"
    score = achievement(document)["resultDescription"][1]
    assert (score["valueMax"], score["requiredValue"]) == ("100", "2.5")


def test_level_field_and_skills_are_alignments_to_their_public_addresses() -> None:
    found = achievement(awards.credential(awards.award(WELDING)))["alignment"]
    by_kind = {kind: [a for a in found if a["targetType"] == kind] for kind in KINDS}
    (level,) = by_kind["ext:EQFLevel"]
    assert level["targetUrl"] == "http://data.europa.eu/snb/eqf/3"
    assert level["targetDescription"] == "indicative: the awarding body's own judgement"
    (field,) = by_kind["ext:ISCEDF"]
    assert field["targetUrl"] == "http://data.europa.eu/snb/isced-f/0715"
    assert field["targetCode"] == "0715"
    assert [a["targetUrl"] for a in by_kind["ext:ESCO"]] == [s.uri for s in WELDING.skills]
    units = achievement(awards.credential(awards.award(WELDING)))["resultDescription"]
    aligned = {a["targetUrl"] for entry in units for a in entry.get("alignment", [])}
    outcomes = [outcome for unit in WELDING.units for outcome in unit.outcomes]
    assert aligned == {s.uri for outcome in outcomes for s in outcome.skills if s.uri}


KINDS = ("ext:EQFLevel", "ext:ISCEDF", "ext:ESCO")


def test_a_national_level_is_aligned_where_it_has_an_address() -> None:
    level = NationalLevel(framework="NQF", level="5", uri="https://nqf.example/5")
    mc = replace(WELDING, national_level=level)
    (found,) = [
        a
        for a in achievement(awards.credential(awards.award(mc)))["alignment"]
        if a["targetType"] == "ext:NQFLevel"
    ]
    assert (found["targetUrl"], found["targetFramework"]) == ("https://nqf.example/5", "NQF")


def test_terms_without_an_address_are_in_the_text_only() -> None:
    mc = replace(WELDING, skills=(Concept(label=Text({"en": "forging"})),), field=None)
    found = achievement(awards.credential(awards.award(mc)))
    assert {a["targetType"] for a in found["alignment"]} == {"ext:EQFLevel"}
    assert "fieldOfStudy" not in found


@pytest.mark.parametrize(("points", "number"), [("3", 3), ("2.5", 2.5)])
def test_credit_points_are_numbers_and_only_of_a_named_framework(
    points: str, number: float
) -> None:
    ects = Concept(label=Text({"en": "ECTS"}))
    mc = replace(WELDING, credit=CreditPoints(framework=ects, points=Decimal(points)))
    document = awards.credential(awards.award(mc))
    assert achievement(document)["creditsAvailable"] == number
    assert document["credentialSubject"]["creditsEarned"] == number
    assert f"Credit points: {points} (ECTS)" in achievement(document)["criteria"]["narrative"]
    without = awards.credential(awards.award(replace(WELDING, credit=None)))
    assert "creditsAvailable" not in achievement(without)
    assert "creditsEarned" not in without["credentialSubject"]


def test_elements_without_a_home_of_their_own_are_labelled_lines() -> None:
    narrative = achievement(awards.credential(awards.award(WELDING)))["criteria"]["narrative"]
    for label in (
        "Awarding body",
        "Workload in hours",
        "Level",
        "Assessment",
        "Grading",
        "Supervision and identity check",
        "Form of participation",
        "Languages of instruction",
        "Quality assurance",
        "Prerequisites",
        "Stackability",
        "Recognition of prior learning",
        "Validity in months",
    ):
        (line,) = [line for line in narrative.splitlines() if line.startswith(f"- {label}: ")]
        assert line.removeprefix(f"- {label}: ").strip()
    for unit in WELDING.units:
        assert unit.code in narrative
        for outcome in unit.outcomes:
            assert outcome.text.best("en") in narrative


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "possible. Not in: Workshop safety and protective equipment; Fillet welds"),
        ("de", "möglich. Nicht in: Arbeitssicherheit und Schutzausrüstung; Kehlnähte"),
    ],
)
def test_the_criteria_name_units_that_cannot_be_recognised(language: str, says: str) -> None:
    document = awards.credential(awards.award(WELDING), language=language)
    assert says in achievement(document)["criteria"]["narrative"]
    open_units = tuple(replace(unit, no_prior_learning=None) for unit in WELDING.units)
    opened = awards.credential(awards.award(replace(WELDING, units=open_units)), language=language)
    assert says.split(":")[0] not in achievement(opened)["criteria"]["narrative"]


@pytest.mark.parametrize("basis", LevelBasis)
def test_a_level_always_says_what_it_rests_on(basis: LevelBasis) -> None:
    mc = replace(WELDING, eqf_level=EqfLevel(level=4, basis=basis))
    words = {
        LevelBasis.NATIONAL_REGISTER: "as in the national register of qualifications",
        LevelBasis.COMPARISON: "by an official comparison",
        LevelBasis.INDICATIVE: "indicative",
    }
    narrative = achievement(awards.credential(awards.award(mc)))["criteria"]["narrative"]
    assert f"- Level: EQF level 4, {words[basis]}" in narrative


def test_evidence_says_how_each_unit_was_recorded() -> None:
    codes = [unit.code for unit in WELDING.units]
    routes = {codes[0]: Route.UNLOCKED, codes[1]: Route.PARTICIPATION, codes[2]: Route.UNLOCKED}
    award = awards.award(WELDING, routes=routes, basis={codes[0]: "Quiz “Safety”, 80 %"})
    evidence = awards.credential(award)["evidence"]
    narratives = [entry["narrative"] for entry in evidence]
    assert len(evidence) == len(codes) + 1
    assert "learning platform" in narratives[0]
    assert narratives[0].endswith("Quiz “Safety”, 80 %")
    assert narratives[1].startswith("Participation, confirmed by the learner")
    assert narratives[2].endswith("Completed on 2026-11-19.")
    assert narratives[3].startswith("Assessed by the awarding body's own assessors")
    assert "not checked beyond that" in narratives[-1]
    assert "Different assessors involved: 2." in narratives[-1]


def test_supervised_identity_is_said() -> None:
    award = awards.award(WELDING, identity=IdentityAssurance.SUPERVISED)
    assert "Checked by a person" in awards.credential(award)["evidence"][-1]["narrative"]


def test_a_test_badge_says_so_wherever_it_is_read() -> None:
    document = awards.credential(awards.award(WELDING, is_test=True))
    assert document["name"].endswith("(TEST)")
    assert document["issuer"]["name"].endswith("(TEST)")
    assert document["issuer"]["id"].endswith(":test")
    assert achievement(document)["name"].endswith("(TEST)")
    assert achievement(document)["description"].startswith("TEST: this is not a real award")
    assert achievement(document)["criteria"]["narrative"].startswith("TEST: this is not")
    assert "TEST" not in text_of(awards.credential(awards.award(WELDING)))


def test_a_name_is_marked_once() -> None:
    award = awards.award(WELDING, is_test=True)
    issuer = awards.issuer(WELDING, is_test=True)
    marked = build(award, issuer=replace(issuer, name=f"{issuer.name} (TEST)"))
    assert marked["issuer"]["name"] == f"{issuer.name} (TEST)"


def build(award: Award, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "issuer": awards.issuer(award.mc, is_test=award.is_test),
        "recipient": awards.named_recipient(),
        "credential_id": awards.CREDENTIAL_ID,
        "language": "en",
        "valid_from": awards.CLAIMED_AT,
        "addresses": awards.addresses(award.mc),
        "status": awards.STATUS,
    }
    return open_badge_3.build(award, **(values | changes))


@pytest.mark.parametrize("is_test", [True, False])
def test_a_test_award_and_a_real_one_never_share_an_issuer(is_test: bool) -> None:
    award = awards.award(WELDING, is_test=is_test)
    with pytest.raises(InvalidAward) as refused:
        build(award, issuer=awards.issuer(WELDING, is_test=not is_test))
    assert refused.value.code == "test_issuer"


def test_a_credential_is_not_made_after_its_validity_ended() -> None:
    award = awards.award(replace(WELDING, validity_months=1))
    build(award, valid_from=datetime(2026, 12, 20, 9, 30, 14, tzinfo=UTC))
    with pytest.raises(InvalidAward) as refused:
        build(award, valid_from=datetime(2026, 12, 20, 9, 30, 16, tzinfo=UTC))
    assert refused.value.code == "expired"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credential_id": "1"}, "credential_id"),
        ({"credential_id": "urn:uuid:x"}, "credential_id"),
        ({"language": "English"}, "language"),
        ({"language": ""}, "language"),
        ({"valid_from": awards.CLAIMED_AT.replace(tzinfo=None)}, "valid_from"),
    ],
)
def test_identifiers_that_no_credential_can_carry_are_refused(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidAddress) as refused:
        build(awards.award(WELDING), **changes)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "address", ["", "/a", "ftp://a.example", "https://a.example/#b", "https://a.example/a b"]
)
def test_addresses_that_are_not_public_ones_are_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        Addresses(address, "https://a.example/1", "https://a.example/2")
    with pytest.raises(InvalidAddress):
        StatusEntry(address, 0)
    with pytest.raises(InvalidAddress):
        StatusEntry("https://a.example", -1)


def test_other_zones_are_written_as_utc() -> None:
    kyiv = datetime(2026, 11, 21, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert build(awards.award(WELDING), valid_from=kyiv)["validFrom"] == "2026-11-20T23:00:00Z"


def test_the_language_is_the_one_of_the_title_nearest_to_the_wish() -> None:
    def language(wish: str, mc: MicroCredential = WELDING) -> str:
        found: str = achievement(awards.credential(awards.award(mc), language=wish))["inLanguage"]
        return found

    assert language("de") == language("de-AT") == "de"
    assert language("ka") == "en"
    serbian = replace(WELDING, title=Text({"sr-Latn": "Zavarivanje", "de": "Schweißen"}))
    assert language("sr", serbian) == "sr-Latn"
    assert language("ka", serbian) == "de"


def test_labels_follow_the_language_of_the_badge() -> None:
    german = achievement(awards.credential(awards.award(WELDING), language="de"))
    assert "- Arbeitsaufwand in Stunden: 90" in german["criteria"]["narrative"]
    assert "Ukrainisch" in german["criteria"]["narrative"]
    assert german["name"] == WELDING.title["de"]
    ukrainian = achievement(awards.credential(awards.award(WELDING), language="uk"))
    assert "- Обсяг у годинах: 90" in ukrainian["criteria"]["narrative"]


def test_the_words_are_complete_in_english_german_and_ukrainian() -> None:
    for key, text in wording.catalogue().items():
        assert set(text.languages) == {"en", "de", "uk"}, key
        places = {tuple(sorted(_places(text[tag]))) for tag in text.languages}
        assert len(places) == 1, key


def _places(template: str) -> set[str]:
    return {part.split("}")[0] for part in template.split("{")[1:]}


def test_texts_with_braces_are_printed_as_they_are() -> None:
    mc = replace(WELDING, title=Text({"en": "Use {braces} and {0}"}))
    assert awards.credential(awards.award(mc))["name"] == "Use {braces} and {0}"
