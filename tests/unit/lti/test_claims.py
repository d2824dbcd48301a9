"""From a proven payload to typed claims (LTI 1.3 core, section 5)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti import claims
from lti_tool.lti.claims import LaunchClaims
from lti_tool.lti.errors import LaunchRefused
from tests.factories.platform import ABSENT, LTI, PlatformDouble

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _parsed(**changes: Any) -> LaunchClaims:
    platform = PlatformDouble("https://lms.example")
    payload = platform.claims(NOW, **{"target_link_uri": "https://tool.example/", **changes})
    return claims.parse(payload, frame_origin="https://lms.example")


def test_a_launch_as_moodle_sends_it() -> None:
    scopes = ["https://purl.imsglobal.org/spec/lti-ags/scope/score"]
    parsed = _parsed(
        context={"id": "2", "label": "C2", "title": "Course", "type": ["CourseSection"]},
        custom={"mc": "bem/WLD1", "unit": "U1", "image": "$User.image", "id": None, "Empty": ""},
        endpoint={"lineitem": "https://lms.example/2/lineitem?type_id=1", "scope": scopes},
        launch_presentation={"locale": "de_at", "return_url": "https://lms.example/?sesskey=1"},
    )
    assert parsed.sub == "7"
    assert (parsed.resource_link_id, parsed.resource_link_title) == ("link-1", "Unit 1")
    assert (parsed.context_id, parsed.context_title) == ("2", "Course")
    assert parsed.custom == {"mc": "bem/WLD1", "unit": "U1"}
    assert parsed.line_item_url == "https://lms.example/2/lineitem?type_id=1"
    assert parsed.ags_scopes == frozenset(scopes)
    assert parsed.locale == "de-at"
    assert parsed.frame_origin == "https://lms.example"
    assert not parsed.is_teacher
    for secret in ("sesskey", "Lovelace", "ada@example.org"):
        assert secret not in repr(parsed)


def test_nothing_about_the_person_is_needed_but_sub() -> None:
    parsed = _parsed(name=ABSENT, email=ABSENT, context=ABSENT, resource_link={"id": "1"})
    assert parsed.name is parsed.email is parsed.context_id is parsed.resource_link_title is None
    assert parsed.line_item_url is None
    assert parsed.ags_scopes == frozenset()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"name": "  Ada \t Lovelace\n"}, "Ada Lovelace"),
        ({"name": ABSENT, "given_name": "Ada", "family_name": "Lovelace"}, "Ada Lovelace"),
        ({"name": ABSENT, "family_name": "Lovelace"}, "Lovelace"),
        ({"name": "", "given_name": "Ada"}, "Ada"),
        ({"name": "Ada\u202eecalevoL"}, "Ada ecalevoL"),
        ({"name": "Ada\0\ud800"}, "Ada"),
        ({"name": "x" * 1000}, "x" * 255),
        ({"name": "\u200b \n"}, "\u200b"),
        ({"name": " "}, None),
        ({"name": "الخوارزمي"}, "الخوارزمي"),
    ],
)
def test_names_are_cleaned_to_one_line(given: dict[str, Any], name: str | None) -> None:
    assert _parsed(**given).name == name


@pytest.mark.parametrize("email", ["", "no address", "a@b c", "x" * 400 + "@example.org", "\0@\0"])
def test_an_address_that_is_none_is_left_out(email: str) -> None:
    assert _parsed(email=email).email is None


@pytest.mark.parametrize("locale", ["", "x", "de; DROP", "english", "a" * 300, "\0"])
def test_a_locale_that_is_none_is_left_out(locale: str) -> None:
    assert _parsed(launch_presentation={"locale": locale}).locale is None


def test_the_locale_of_the_page_counts_before_the_persons() -> None:
    assert _parsed(locale="fr", launch_presentation={"locale": "de"}).locale == "de"
    assert _parsed(locale="fr").locale == "fr"


def test_canvas_numbers_and_booleans_in_custom_become_text() -> None:
    assert _parsed(custom={"a": 7, "b": True, "c": 1.5}).custom == {
        "a": "7",
        "b": "true",
        "c": "1.5",
    }


def test_a_custom_text_may_have_lines() -> None:
    assert _parsed(custom={"a": "one\n\ttwo"}).custom["a"] == "one\n\ttwo"


def test_a_course_without_title_is_called_by_its_label() -> None:
    assert _parsed(context={"id": "1", "label": "C1"}).context_title == "C1"


def test_custom_parameters_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        _parsed(custom={"a": "b"}).custom["a"] = "c"  # type: ignore[index]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    name=st.sampled_from(
        ["sub", "name", "email", "locale"]
        + [LTI + short for short in ("roles", "context", "resource_link", "custom", "version")]
        + [claims.AGS_CLAIM]
    ),
    value=json_values,
)
def test_any_value_of_a_claim_is_taken_or_refused(name: str, value: object) -> None:
    payload = PlatformDouble("https://lms.example").claims(NOW, target_link_uri="https://tool/")
    payload[name] = value
    try:
        parsed = claims.parse(payload)
    except LaunchRefused:
        return
    for text in (parsed.sub, parsed.resource_link_id, parsed.name or "", parsed.email or ""):
        assert "\0" not in text
        text.encode()
