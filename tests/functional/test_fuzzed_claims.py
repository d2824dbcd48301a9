"""Claims of any shape: a launch is accepted or refused, and never breaks the tool."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import claim_name

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


@pytest.mark.parametrize("message_type", ["LtiSubmissionReviewRequest", "DataPrivacyLaunchRequest"])
@on_each_database
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=changes)
def test_a_message_of_each_type_with_any_claims_is_accepted_or_refused(
    visitor: Visitor, message_type: str, changes: dict[str, Any]
) -> None:
    claims = {"message_type": message_type, "for_user": {"user_id": "7"}, **changes}
    response = visitor.launch(**claims)
    if response.status_code != 303:
        assert refusal_code(response)


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
