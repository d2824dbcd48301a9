"""Searching 2,000 published definitions: statements, size of the page, time.

Run by hand: `python -m tests.benchmarks.catalogue [definitions]`. The peer, in the same process and
interleaved with ours, asks SQLite's full text index (FTS5, whole words) over the same words for
the ids of one page and their number: what is over that is our plain search for any part of a
word, the filters, reading twenty definitions and the page around. CPU time of one core, median.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from flask.testing import FlaskClient

from badges import catalogue_entry
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import CatalogueEntry
from lti_tool.services.definitions import searching, settling
from lti_tool.services.definitions.searching import PAGE_SIZE, Wanted
from tests.benchmarks.tool import tool
from tests.factories import catalogues
from tests.factories.statements import recorded

ROUNDS = 15
SEARCHES = {
    "everything": "",
    "one word": "q=welding",
    "three words, two languages": "q=welding+schutzausr%C3%BCstung+night",
    "a word and filters": "q=workshops&field=07&level=3&from=110&to=140",
    "nothing fits": "q=astronautics",
    "last page": "page=9999",
}


def main(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = tool(Path(folder))
        database: Database = app.extensions["credlet"].database
        catalogues.fill(database, size, clock.now() - settling.SETTLED)
        client, peer = app.test_client(), _peer(database)
        for name, query in SEARCHES.items():
            with recorded(database) as asked:
                length = len(client.get(f"/catalogue?{query}").data)
            print(f"{name:28} {len(asked)} statements {length / 1024:5.0f} KiB", end="")
            words = query.partition("q=")[2].partition("&")[0].replace("+", " ")
            with database.transaction(read_only=True) as db:
                on_offer = searching.on_offer(clock.now())
                _compare(
                    {
                        "page": lambda query=query: client.get(f"/catalogue?{query}"),
                        "search": lambda words=words, db=db, on_offer=on_offer: searching.search(
                            db, Wanted(query=words), on_offer
                        ),
                        "peer": lambda words=words: peer(words),
                    }
                )
        _feed(client, database)


def _feed(client: FlaskClient, database: Database) -> None:
    """Walk all pages of the feed, as a directory does."""
    address, pages, length, asked = "/catalogue.jsonld", 0, 0, 0
    start = time.process_time()
    while address:
        with recorded(database) as statements:
            answer = client.get(address)
        pages, length = pages + 1, length + len(answer.data)
        asked = max(asked, len(statements))
        onward = (answer.json or {})["view"].get("next", "")
        address = onward.partition("http://localhost")[2]
    spent = (time.process_time() - start) * 1000
    print(f"feed: {pages} pages, {asked} statements each", end="")
    print(f", {length / 1024 / pages:.0f} KiB and {spent / pages:.0f} ms a page")


def _peer(database: Database) -> Callable[[str], object]:
    index = sqlite3.connect(":memory:")
    index.execute("CREATE VIRTUAL TABLE entries USING fts5(words)")
    with database.transaction(read_only=True) as db:
        words = db.scalars(sa.select(CatalogueEntry.words)).all()
    index.executemany("INSERT INTO entries VALUES (?)", [(text,) for text in words])

    def search(query: str) -> object:
        match = " ".join(f'"{word}"' for word in catalogue_entry.terms(query))
        if not match:
            found = index.execute(f"SELECT rowid FROM entries LIMIT {PAGE_SIZE}").fetchall()
            return found, index.execute("SELECT count(*) FROM entries").fetchone()
        condition = "FROM entries WHERE entries MATCH ?"
        total = index.execute(f"SELECT count(*) {condition}", [match]).fetchone()
        rows = f"SELECT rowid {condition} ORDER BY rank LIMIT {PAGE_SIZE}"
        return index.execute(rows, [match]).fetchall(), total

    return search


def _compare(works: dict[str, Callable[[], object]]) -> None:
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            work()
            times[name].append((time.process_time() - start) * 1000)
    for name, measured in times.items():
        print(f" {name} {statistics.median(measured):6.1f} ms", end="")
    print()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
