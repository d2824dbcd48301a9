"""An LMS with the manners of one product, beside the tool; and what a teacher selects there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt

from lti_tool.db import Base, Database
from lti_tool.demo.browser import Browser, Page
from lti_tool.demo.lms import Manners
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import World, running

CONTENT_ITEMS = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items"


@contextmanager
def world_of(folder: Path, manners: Manners) -> Iterator[World]:
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(folder, worker=False, manners=manners, **ports) as world:
        yield world


def select(world: World, teacher: Browser, **fields: str) -> Page:
    """Choose the sample for the empty course; end on the page with the signed answer."""
    teacher.login(world.people.teacher.id)
    teacher.get(f"{world.lms_url}/lms/course/{world.empty_course.id}/add")
    teacher.follow("Select content")
    teacher.get(teacher.page.frames[0])
    teacher.settle()
    teacher.follow(world.mc.title.best("en"))
    return teacher.submit("select", fields)


def answer_of(page: Page) -> dict[str, Any]:
    """Return the claims that the tool sends back."""
    sent = next(one.value for one in page.form("answer").fields if one.name == "JWT")
    claims: dict[str, Any] = jwt.decode(sent, options={"verify_signature": False})
    return claims


def items_of(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer_of(page)[CONTENT_ITEMS]
    return found


def all_that_is_stored(database: Database) -> str:
    """Return every value of every table as text."""
    with database.transaction(read_only=True) as db:
        rows = [db.execute(table.select()).all() for table in Base.metadata.sorted_tables]
    return json.dumps([[str(value) for value in row] for found in rows for row in found])
