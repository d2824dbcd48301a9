"""Deep linking requests over HTTP: what a platform asks, and what a teacher finds in the catalogue.

LTI Deep Linking 2.0, section 4.4.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from badges import samples
from lti_tool.db import Database
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import ABSENT, DL
from tests.factories.selecting import Selecting, leaves_nothing, request, settings
from tests.functional.test_fuzzed_claims import values

# Finding it.


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("q=welding", "BEM-S-WLD1"),
        ("language=mk&level=3", "BEM-S-CARE1"),
        ("field=08", "BEM-S-AGR1"),
        ("country=AM&from=70&to=80", "BEM-S-FOOD1"),
        ("q=&language=ka&level=&field=", "BEM-S-HOSP1"),
        ("level=4&language=sr", "BEM-S-CNC1"),
    ],
)
def test_the_catalogue_is_searched_and_filtered(
    selecting: Selecting, query: str, code: str
) -> None:
    page = selecting.visit.get(f"select?{query}")
    found = {mc.code for mc in samples.all() if mc.title.best("en") in page.text}
    assert found == {code}


@pytest.mark.parametrize("query", ["q=astronautics", "level=8", "language=xx", "q=%22%3E%3Cscript"])
def test_what_finds_nothing_says_so_and_leads_back(selecting: Selecting, query: str) -> None:
    page = selecting.visit.get(f"select?{query}")
    assert page.status == 200
    assert all(mc.title.best("en") not in page.text for mc in samples.all())
    assert "<script" not in page.html
    assert samples.welding().title.best("en") in page.follow("Show all").text


# What the platform asks.


@pytest.mark.parametrize("types", [["link"], ["file", "html", "image"], []])
def test_a_platform_that_takes_no_links_to_a_tool_gets_a_clear_page(
    visitor: Visitor, database: Database, types: list[str]
) -> None:
    response = visitor.launch(**request(visitor.platform, accept_types=types))
    assert refusal_code(response) == "deep_linking_types_unsupported"
    assert "asks for something else than activities" in response.text
    leaves_nothing(response, database)


def test_a_link_among_other_types_is_enough(visitor: Visitor, published: None) -> None:
    selecting = Selecting.begin(visitor, accept_types=["link", "html", "ltiResourceLink"])
    sent = selecting.choose().verified(visitor.platform, visitor.client)
    assert {item["type"] for item in sent[DL + "content_items"]} == {"ltiResourceLink"}


@pytest.mark.parametrize(
    "changes",
    [
        {"accept_types": ABSENT},
        {"accept_types": "ltiResourceLink"},
        {"accept_types": [["ltiResourceLink"]]},
        {"accept_types": ["ltiResourceLink"] * 51},
        {"accept_presentation_document_targets": ABSENT},
        {"accept_presentation_document_targets": "iframe"},
        {"accept_multiple": "true"},
        {"accept_multiple": 1},
        {"accept_lineitem": "yes"},
        {"data": {"a": 1}},
        {"data": "x" * 16_385},
        {"title": 5},
        {"text": ["x"]},
        {"deep_link_return_url": ABSENT},
        {"deep_link_return_url": ""},
        {"deep_link_return_url": 5},
    ],
    ids=str,
)
def test_settings_of_the_wrong_shape_are_refused(
    visitor: Visitor, database: Database, changes: dict[str, Any]
) -> None:
    response = visitor.launch(**request(visitor.platform, **changes))
    assert refusal_code(response) in {
        "deep_linking_settings_malformed",
        "deep_linking_settings_missing",
    }
    leaves_nothing(response, database)


@examples(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    changes=st.dictionaries(
        st.sampled_from(
            (
                "accept_types",
                "accept_presentation_document_targets",
                "accept_multiple",
                "accept_lineitem",
                "data",
                "deep_link_return_url",
                "title",
                "text",
            )
        ),
        values,
        min_size=1,
        max_size=3,
    )
)
def test_settings_of_any_shape_are_accepted_or_refused(
    visitor: Visitor, changes: dict[str, Any]
) -> None:
    claims = request(visitor.platform)
    claims["deep_linking_settings"] = {**settings(visitor.platform), **changes}
    response = visitor.launch(**claims)
    if response.status_code != 303:
        assert refusal_code(response)


def test_a_launch_is_used_up_once_also_for_deep_linking(visitor: Visitor, published: None) -> None:
    begun = visitor.begin()
    token = visitor.platform.sign(visitor.payload(begun, **request(visitor.platform)))
    assert visitor.send(begun, token).status_code == 303
    assert refusal_code(visitor.send(begun, token)) == "state_unknown"
