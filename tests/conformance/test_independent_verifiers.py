"""Badges and status lists before the verifiers of others, offline: each case brings its own web.

`@digitalbazaar/vc` (the reference of the W3C suites), `@digitalcredentials/verifier-core` (the
one inside wallets) and `openbadgeslib`.
"""

from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof
from openbadgeslib.ob3.verifier import OB3VerificationError

from badges import samples, verify
from badges.verify import Outcome
from tests.conformance.conftest import Ask
from tests.factories import awards, signing
from tests.factories.signing import KEY, LIST_URL, Issued, changed, issue

HARD = "hard to read alike"
CHOSEN = "with a choice"
SHOWN = "prior learning shown"


@pytest.fixture(scope="module")
def moment() -> datetime:
    return signing.today()


@pytest.fixture(scope="module")
def badges(moment: datetime) -> dict[str, Issued]:
    every = [*samples.all(), awards.stacked()]
    unsigned = {mc.code: signing.built(mc, moment) for mc in every} | {HARD: hard(moment)}
    unsigned[CHOSEN] = chosen(moment)
    unit = samples.welding().units[2].code
    unsigned[SHOWN] = signing.built(samples.welding(), moment, "uk", recognised=unit)
    return {name: issue(document, moment) for name, document in unsigned.items()}


def chosen(moment: datetime) -> signing.Document:
    """A badge with results of what was needed and chosen only."""
    mc = awards.chosen()
    return signing.built(mc, moment, without={mc.units[1].code, mc.units[3].code})


def hard(moment: datetime) -> signing.Document:
    """A badge with what software reads differently most easily, and is allowed to hold."""
    document = signing.built(samples.welding(), moment, "de")
    subject = document["credentialSubject"]
    subject["identifier"][0]["identityHash"] = "Zoë 'O\"Brien\\ 😀 محمد\u200f Ő\u2028\t\r\nx"
    subject["creditsEarned"] = 9.524  # 9.523999999999999E0 in canonical form
    subject["achievement"]["creditsAvailable"] = 12.25
    subject["achievement"]["tag"] = ["b", "a", "B", "ä", "}{", "&amp;", "<b>"]
    subject["result"] += [{"type": ["Result"], "status": "Completed", "value": "1"}] * 6
    levels = ["Bestanden", "Nicht bestanden", "Offen"]
    for number, description in enumerate(subject["achievement"]["resultDescription"]):
        description["allowedValue"] = levels
        description["name"] += f" {number}"
    return document


@pytest.fixture(scope="module")
def badge(badges: dict[str, Issued]) -> Issued:
    return badges[samples.welding().code]


@pytest.fixture(scope="module")
def bad(badge: Issued, moment: datetime) -> dict[str, Issued]:
    """Badges that must not pass, by what is wrong with them."""
    unsigned = changed(badge.badge, {"proof": None})
    subject = badge.badge["credentialSubject"]
    other_subject = {**subject, "id": "urn:uuid:6f1c0c52-9d3b-4b58-8a8d-000000000000"}
    listed = badge.web[LIST_URL]["credentialSubject"]
    emptied = {**listed, "encodedList": signing.status_list.StatusList().encode()}
    revoked = issue(unsigned, moment, revoked=True)
    return {
        "revoked": revoked,
        "renamed": badge.with_badge(name="Master of Welding"),
        "another subject": badge.with_badge(credentialSubject=other_subject),
        "list tampered": revoked.serving(LIST_URL, credentialSubject=emptied),
        "list backdated": badge.serving(LIST_URL, validFrom="2020-01-01T00:00:00Z"),
    }


@pytest.fixture(scope="module")
def digitalbazaar(ask: Ask, badges: dict[str, Issued], bad: dict[str, Issued]) -> dict[str, Any]:
    return ask("digitalbazaar.mjs", badges | bad)


@pytest.fixture(scope="module")
def wallet(ask: Ask, badges: dict[str, Issued], bad: dict[str, Issued]) -> dict[str, Any]:
    return ask("digitalcredentials.mjs", badges | bad)


CODES = [*(mc.code for mc in samples.all()), awards.stacked().code, HARD, CHOSEN, SHOWN]


@pytest.mark.parametrize("code", CODES)
def test_digitalbazaar_accepts_the_badge_and_its_list(
    digitalbazaar: dict[str, Any], code: str
) -> None:
    answer = digitalbazaar[code]
    assert (answer["badge"], answer["list"], answer["isRevoked"]) == (True, True, False), answer


@pytest.mark.parametrize("case", ["renamed", "another subject"])
def test_digitalbazaar_refuses_a_tampered_badge(digitalbazaar: dict[str, Any], case: str) -> None:
    assert digitalbazaar[case]["badge"] is False


@pytest.mark.parametrize("case", ["list tampered", "list backdated"])
def test_digitalbazaar_refuses_a_tampered_list(digitalbazaar: dict[str, Any], case: str) -> None:
    answer = digitalbazaar[case]
    assert (answer["badge"], answer["list"], answer["isRevoked"]) == (True, False, None)


def test_digitalbazaar_sees_the_revocation(digitalbazaar: dict[str, Any]) -> None:
    answer = digitalbazaar["revoked"]
    assert (answer["badge"], answer["list"], answer["isRevoked"]) == (True, True, True)


@pytest.mark.parametrize("code", CODES)
def test_the_verifier_of_wallets_accepts_the_badge(wallet: dict[str, Any], code: str) -> None:
    steps = wallet[code]["steps"]
    assert wallet[code]["errors"] == []
    assert steps["valid_signature"] is True
    assert steps["revocation_status"] is True
    assert steps["expiration"] is True


@pytest.mark.parametrize("case", ["renamed", "another subject"])
def test_the_verifier_of_wallets_refuses_a_tampered_badge(
    wallet: dict[str, Any], case: str
) -> None:
    assert wallet[case]["errors"] == ["invalid_signature: The signature is not valid."]


@pytest.mark.parametrize("case", ["list tampered", "list backdated"])
def test_the_verifier_of_wallets_reports_a_tampered_list(wallet: dict[str, Any], case: str) -> None:
    assert wallet[case]["steps"]["revocation_status"] == "status_list_signature_error"


def test_the_verifier_of_wallets_sees_the_revocation(wallet: dict[str, Any]) -> None:
    assert wallet["revoked"]["steps"]["revocation_status"] is False
    assert wallet["revoked"]["steps"]["valid_signature"] is True


def _openbadgeslib(case: Issued) -> None:
    OB3LdpVerifier().verify(
        case.badge, download=case.fetch, check_status=True, verify_status_list=False
    )


def _pem() -> bytes:
    return Ed25519PublicKey.from_public_bytes(KEY.public.raw).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize("code", CODES)
def test_openbadgeslib_accepts_the_badge_and_its_list(badges: dict[str, Issued], code: str) -> None:
    _openbadgeslib(badges[code])
    verify_data_integrity_proof(badges[code].web[LIST_URL], _pem())


@pytest.mark.parametrize("case", ["renamed", "another subject", "revoked"])
def test_openbadgeslib_refuses_a_tampered_or_revoked_badge(
    bad: dict[str, Issued], case: str
) -> None:
    reason = "status 'revocation' is set" if case == "revoked" else "signature"
    with pytest.raises(OB3VerificationError, match=f"(?i){reason}"):
        _openbadgeslib(bad[case])


@pytest.mark.parametrize("case", ["list tampered", "list backdated"])
def test_openbadgeslib_refuses_a_tampered_list(bad: dict[str, Issued], case: str) -> None:
    with pytest.raises(OB3VerificationError):
        verify_data_integrity_proof(bad[case].web[LIST_URL], _pem())


def test_our_own_verifier_agrees_with_all_of_them(
    badges: dict[str, Issued], bad: dict[str, Issued], moment: datetime
) -> None:
    def outcome(case: Issued) -> Outcome:
        return verify.verify(case.badge, case.fetch, moment).outcome

    assert {outcome(case) for case in badges.values()} == {Outcome.PASSED}
    assert {outcome(case) for case in bad.values()} == {Outcome.FAILED}
