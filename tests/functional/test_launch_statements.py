"""A launch asks little of the database: that, and not the signature, is what it costs.

The bounds are what was needed when they were set. Raise one only for something that a launch
has to know, and say what in the commit.
"""

import pytest
from flask import Flask

from badges import samples
from lti_tool import clock
from lti_tool.tool import Tool
from tests.factories import courses
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor
from tests.factories.statements import recorded

AT_LOGIN = 2
AT_FIRST_LAUNCH = 15
AT_REPEATED_LAUNCH = 7


@pytest.fixture
def tool(app: Flask, visitor: Visitor) -> Tool:
    tool: Tool = app.extensions["credlet"]
    with tool.database.transaction() as db:
        courses.publish(db, samples.welding(), visitor.tool_url, clock.now())
    return tool


def statements(tool: Tool, visitor: Visitor, sub: str) -> tuple[list[str], list[str]]:
    """Return those of a login and those of its launch, into a unit by custom parameters."""
    mc = samples.welding()
    custom = {"mc": f"{mc.awarding_body.slug}/{mc.code}", "unit": mc.units[0].code}
    with recorded(tool.database) as at_login:
        begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun, sub=sub, custom=custom))
    with recorded(tool.database) as at_launch:
        assert visitor.send(begun, id_token).status_code == 303
    return at_login, at_launch


@on_each_database
def test_launches_of_a_course_at_work_ask_little_of_the_database(
    tool: Tool, visitor: Visitor
) -> None:
    statements(tool, visitor, "somebody")
    at_login, first = statements(tool, visitor, "ana")
    _, repeated = statements(tool, visitor, "ana")
    assert len(at_login) <= AT_LOGIN, "\n".join(at_login)
    assert len(first) <= AT_FIRST_LAUNCH, "\n".join(first)
    assert len(repeated) <= AT_REPEATED_LAUNCH, "\n".join(repeated)
