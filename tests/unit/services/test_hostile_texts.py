"""What SQLite takes and PostgreSQL does not: NUL, half characters, texts longer than a column."""

from datetime import datetime

import pytest

from lti_tool.db import Database
from lti_tool.errors import ToolError
from lti_tool.services import organisations
from lti_tool.services.connections import platforms
from lti_tool.services.connections.platforms import PlatformDetails


@pytest.mark.parametrize("field", ["issuer", "auth_login_url", "auth_token_url", "key_set_url"])
@pytest.mark.parametrize("ending", ["/" + "a" * 3000, "/\0", "/\ud800", "/a b", "/\n"])
def test_an_address_that_no_column_takes_is_refused(
    each_database: Database, now: datetime, field: str, ending: str
) -> None:
    url = "https://lms.example"
    values = {
        "issuer": url,
        "auth_login_url": url,
        "auth_token_url": url,
        "key_set_url": url,
        field: url + ending,
    }
    details = PlatformDetails(name="LMS", client_id="c", deployment_ids=["1"], **values)
    with each_database.transaction() as db:
        body = organisations.get_or_add_organisation(db, "school", "School", "DE", now)
        with pytest.raises(ToolError, match="malformed"):
            platforms.add(db, body, details, allow_http=False, now=now)


def test_an_organisation_with_a_name_longer_than_its_column_is_refused(
    each_database: Database, now: datetime
) -> None:
    """A definition's awarding body may have 300 characters."""
    with each_database.transaction() as db:
        with pytest.raises(ToolError, match="malformed"):
            organisations.get_or_add_organisation(db, "school", "S" * 256, "DE", now)
        organisations.get_or_add_organisation(db, "school", "Ш" * 255, "DE", now)
