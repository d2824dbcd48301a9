"""A platform's claims that PostgreSQL cannot keep are refused, not a failure of ours."""

import pytest

from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code

SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


@on_each_database
@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\u202e"])
def test_scopes_and_roles_that_no_database_keeps_are_refused(visitor: Visitor, text: str) -> None:
    endpoint = {"scope": [SCORE, text], "lineitem": f"{visitor.platform.url}/items/1"}
    assert refusal_code(visitor.launch(endpoint=endpoint)) == "endpoint_malformed"
    assert refusal_code(visitor.launch(roles=[text])) == "roles_malformed"
