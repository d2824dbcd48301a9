"""Several acts at one moment."""

import threading
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from lti_tool.db import Database


def at_one_moment(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Run `acts` in threads that start together; return their results, raise what one raised."""
    barrier = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)
    failures: list[BaseException] = []

    def run(position: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[position] = act()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def somebody_waits(database: Database) -> bool:
    """Whether a transaction of a PostgreSQL database waits for a lock that another one holds."""
    with database.transaction(read_only=True) as db:
        return bool(db.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
