"""Claims of any shape: a launch is accepted or refused, and never breaks the tool."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badges import samples
from lti_tool import clock
from tests.factories import courses
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import MEMBERSHIP, claim_name

WLD = samples.welding()
CLAIMS = (
    "iss",
    "aud",
    "azp",
    "sub",
    "iat",
    "exp",
    "nbf",
    "nonce",
    "name",
    "given_name",
    "family_name",
    "email",
    "locale",
    "message_type",
    "version",
    "deployment_id",
    "target_link_uri",
    "resource_link",
    "roles",
    "context",
    "custom",
    "launch_presentation",
    "endpoint",
    "namesroleservice",
    "deep_linking_settings",
    "for_user",
    "submission",
    "tool_platform",
    "lis",
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
    "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome",
)
# What is read of each claim that is an object.
OBJECTS = {
    "resource_link": ("id", "title"),
    "context": ("id", "title", "label"),
    "custom": ("mc", "unit", "version", "course", "history", "column"),
    "launch_presentation": ("locale", "return_url"),
    "endpoint": ("lineitem", "lineitems", "scope"),
    "namesroleservice": ("context_memberships_url",),
    "for_user": ("user_id",),
}
MEMBERS = (
    "user_id",
    "roles",
    "person_sourcedid",
    "history",
    "course",
    "version",
    "column",
    "lineitems",
    "context_memberships_url",
    "deep_link_return_url",
    "accept_types",
    "accept_multiple",
    "accept_presentation_document_targets",
    "data",
    "id",
    "title",
    "label",
    "lineitem",
    "lineitems",
    "context_memberships_url",
    "scope",
    "locale",
    "mc",
    "unit",
    "return_url",
)

text = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["", "\0", "\ud800", "$User.image", "\u202eevil", "http://[", "x" * 300]),
)
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    text,
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(MEMBERS), text), inner, max_size=4),
    ),
    max_leaves=12,
)
changes = st.dictionaries(st.sampled_from(CLAIMS), values, min_size=1, max_size=3)


@on_each_database
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=changes)
def test_a_launch_with_any_claims_is_accepted_or_refused(
    visitor: Visitor, changes: dict[str, Any]
) -> None:
    response = visitor.launch(**changes)
    if response.status_code != 303:
        assert refusal_code(response)


@on_each_database
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    params=st.dictionaries(
        st.sampled_from(
            [
                "iss",
                "login_hint",
                "target_link_uri",
                "client_id",
                "lti_deployment_id",
                "lti_message_hint",
            ]
        ),
        text,
        max_size=3,
    )
)
def test_a_login_with_any_parameters_is_accepted_or_refused(
    visitor: Visitor, params: dict[str, str]
) -> None:
    sent = {name: value.encode("utf-8", "replace").decode() for name, value in params.items()}
    response = visitor.login(**sent)
    if response.status_code != 302:
        assert refusal_code(response)


GOOD: dict[str, dict[str, Any]] = {
    "LtiSubmissionReviewRequest": {"for_user": {"user_id": "7"}, "submission": {"id": "s"}},
    "DataPrivacyLaunchRequest": {"for_user": {"user_id": "7"}},
    "LtiDeepLinkingRequest": {
        "roles": [MEMBERSHIP + "Instructor"],
        "deep_linking_settings": {
            "deep_link_return_url": "https://lms.example/return",
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe"],
        },
    },
}
SETTINGS = (
    "deep_link_return_url",
    "accept_types",
    "accept_presentation_document_targets",
    "accept_media_types",
    "accept_multiple",
    "accept_lineitem",
    "auto_create",
    "title",
    "text",
    "data",
)


def good(visitor: Visitor, message_type: str) -> dict[str, Any]:
    """Return claims with which the message is accepted."""
    claims = deepcopy(GOOD[message_type])
    if settings_claim := claims.get("deep_linking_settings"):
        settings_claim["deep_link_return_url"] = f"{visitor.platform.url}/return"
    return {"message_type": message_type, **claims}


@pytest.mark.parametrize("message_type", GOOD)
def test_a_message_of_each_type_is_accepted_as_it_should_be(
    visitor: Visitor, message_type: str
) -> None:
    assert visitor.launch(**good(visitor, message_type)).status_code == 303


@pytest.mark.parametrize("message_type", GOOD)
@on_each_database
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=changes)
def test_a_message_of_each_type_with_any_claims_is_accepted_or_refused(
    visitor: Visitor, message_type: str, changes: dict[str, Any]
) -> None:
    response = visitor.launch(**{**good(visitor, message_type), **changes})
    if response.status_code != 303:
        assert refusal_code(response)


@on_each_database
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(members=st.dictionaries(st.sampled_from(SETTINGS), values, min_size=1, max_size=3))
def test_deep_linking_settings_of_any_shape_are_accepted_or_refused(
    visitor: Visitor, members: dict[str, Any]
) -> None:
    claims = good(visitor, "LtiDeepLinkingRequest")
    claims["deep_linking_settings"].update(members)
    response = visitor.launch(**claims)
    if response.status_code != 303:
        assert refusal_code(response)
    elif "Location" in response.headers:
        assert visitor.client.get(response.location).status_code < 500


@on_each_database
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    custom=st.dictionaries(
        st.sampled_from(["mc", "unit", "version", "course", "history", "column"]), text, max_size=5
    ),
    is_teacher=st.booleans(),
)
def test_custom_parameters_of_any_text_are_accepted_or_refused(
    visitor: Visitor, custom: dict[str, str], is_teacher: bool
) -> None:
    """`mc` names what is offered, so that the others are read."""
    with visitor.client.application.extensions["credlet"].database.transaction() as db:
        courses.publish(db, WLD, visitor.tool_url, clock.now())
    reference = f"{WLD.awarding_body.slug}/{WLD.code}"
    roles = [MEMBERSHIP + ("Instructor" if is_teacher else "Learner")]
    link = {"id": f"link-{abs(hash(str(custom))) % 1000}"}
    given_custom = {"mc": reference, "unit": WLD.units[0].code, **custom}
    response = visitor.launch(custom=given_custom, roles=roles, resource_link=link)
    if response.status_code != 303:
        assert refusal_code(response)
    else:
        assert visitor.client.get(response.location).status_code < 500


ANYTHING = (None, True, 5, -1.5, "", "x", [], ["x"], [[]], {}, {"id": []}, {"x": {"y": 1}})


@pytest.mark.parametrize("name", OBJECTS)
@on_each_database
def test_each_member_of_a_claim_may_be_of_any_type(visitor: Visitor, name: str) -> None:
    reviewing = {"message_type": "LtiSubmissionReviewRequest"} if name == "for_user" else {}
    whole = {
        "id": "1",
        "user_id": "7",
        "mc": "school/MC",
        "lineitem": f"{visitor.platform.url}/item",
        "scope": [],
    }
    for member in OBJECTS[name]:
        for value in (*ANYTHING, "x" * 3000, "http://[", "\0", "\ud800", 10**400):
            response = visitor.launch(**reviewing, **{name: {**whole, member: value}})
            if response.status_code != 303:
                assert refusal_code(response), (name, member, value)


@pytest.mark.parametrize("name", CLAIMS)
def test_each_claim_alone_may_be_of_any_type(visitor: Visitor, name: str) -> None:
    for value in ANYTHING:
        response = visitor.launch(**{name: value})
        if response.status_code != 303:
            assert refusal_code(response), (claim_name(name), json.dumps(value))
