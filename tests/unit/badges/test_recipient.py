"""Recipients: names as people write them, addresses as hashes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badges.recipient import (
    EmailHash,
    InvalidName,
    InvalidRecipient,
    Recipient,
    clean_name,
    hash_email,
    random_subject_id,
)


@pytest.mark.parametrize(
    "name",
    [
        "Оксана Ковальчук",
        "Անի Հակոբյան",
        "ნინო ბერიძე",
        "محمد الأحمد",
        "دانیال میرزایی‌فر",
        "אברהם כהן",
        "ശ്രീമതി രാജന്‍ കുമാര്‍ ജി",
        "ක්‍රිස්ටීනා",
        "রাজা র‍্যাম",
        "王小明",
        "佐々木 さくら",
        "김민준",
        "Zoë O’Brien-Ćosić",
        "Ștefan Þórsson Łucja",
        "Nguyễn Thị Minh Khai",
        "J. R. R. D'Arcy, 3rd",
        "X Æ",
        "N̈gũgĩ",
        "\u200fעמוס\u200f",
    ],
)
def test_names_of_many_scripts_pass_unchanged(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


def test_a_name_is_composed_trimmed_and_single_spaced() -> None:
    assert clean_name(" Zoe\u0308 \u00a0\t Mu\u0308ller\n") == "Zoë Müller"


@pytest.mark.parametrize(
    "character",
    [
        *"\x00\x07\x0c\x1b\x1c\x1f\x7f\x85",
        *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        *"\ud800\udfff\ue000\U000f0000\uffff\ufdd0\u0378",
        *"\u200b\u2060\ufeff\u00ad\U000e0041",
    ],
)
@pytest.mark.parametrize("pattern", ["An{}na", "{}Anna", "Anna{}", "Anna {}"])
def test_invisible_and_direction_changing_characters_are_refused(
    character: str, pattern: str
) -> None:
    with pytest.raises(InvalidName) as refused:
        clean_name(pattern.format(character))
    assert refused.value.code == "name_characters"


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
@pytest.mark.parametrize("pattern", ["An{}na", "{}محمد", "محمد{}", "Ан{}на", "محمد {}الأحمد"])
def test_a_joiner_is_refused_where_its_script_does_not_join(joiner: str, pattern: str) -> None:
    with pytest.raises(InvalidName):
        clean_name(pattern.format(joiner))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "name_empty"),
        (" \t\u3000 ", "name_empty"),
        ("12345", "name_without_letters"),
        ("...", "name_without_letters"),
        ("\u0301\u0301", "name_without_letters"),
        ("a" * 201, "name_too_long"),
        ("a" * 10_000, "name_too_long"),
    ],
)
def test_a_name_that_is_none_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(InvalidName) as refused:
        clean_name(text)
    assert refused.value.code == code


def test_a_name_of_200_characters_passes() -> None:
    assert clean_name("a" * 200) == "a" * 200


@given(st.text(max_size=250))
def test_a_cleaned_name_stays_as_it_is(text: str) -> None:
    try:
        name = clean_name(text)
    except InvalidName:
        return
    assert clean_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert 1 <= len(name) <= 200
    assert Recipient(random_subject_id(), name).name == name


def test_the_salt_comes_after_the_address() -> None:
    hashed = hash_email("a@example.com", "Kosher")
    assert hashed.hash.startswith("sha256$b5809d8a")
    assert hashed.hash.endswith("f399")
    assert hashed.salt == "Kosher"


def test_case_and_white_space_do_not_change_the_hash_of_an_address() -> None:
    assert hash_email(" Oksana@Example.COM ", "s") == hash_email("oksana@example.com", "s")
    assert hash_email("oksana@example.com", "s") != hash_email("oksana@example.com", "t")


@pytest.mark.parametrize("address", ["", "anna", "@example.com", "a@", "a b@example.com", "a@b@c"])
def test_what_is_no_address_is_not_hashed(address: str) -> None:
    with pytest.raises(InvalidRecipient) as refused:
        hash_email(address, "s")
    assert refused.value.code == "email_address"


@pytest.mark.parametrize("salt", ["", "with space", "ü", "x" * 65])
def test_an_unusable_salt_is_refused(salt: str) -> None:
    with pytest.raises(InvalidRecipient) as refused:
        hash_email("a@example.com", salt)
    assert refused.value.code == "email_salt"


@pytest.mark.parametrize("value", ["md5$0", "b5809d8a", "sha256$" + "G" * 64])
def test_only_sha256_counts_as_a_hash(value: str) -> None:
    with pytest.raises(InvalidRecipient):
        EmailHash(value, "s")


def test_subject_ids_are_random_and_accepted() -> None:
    ids = {random_subject_id() for _ in range(100)}
    assert len(ids) == 100
    assert {Recipient(subject).subject_id for subject in ids} == ids


@pytest.mark.parametrize("subject", ["", "anna", "urn:uuid:1", "mailto:a@example.com"])
def test_a_subject_id_that_says_something_is_refused(subject: str) -> None:
    with pytest.raises(InvalidRecipient):
        Recipient(subject)


def test_a_recipient_cannot_have_a_name_nobody_cleaned() -> None:
    with pytest.raises(InvalidName):
        Recipient(random_subject_id(), "Anna  Müller")
