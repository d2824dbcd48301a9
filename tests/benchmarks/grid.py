"""The teacher's grid with 2,000 learners and 8 units: statements, size of the page, time.

Run by hand: `python -m tests.benchmarks.grid [learners]`. The peer, in the same process and
interleaved with ours, renders the same number of rows by plain Jinja over rows that are ready: what
is over that is reading, judging, arranging and the page around. CPU time of one core, median.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import jinja2

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import LaunchSession
from lti_tool.services.courses import roster
from lti_tool.services.courses.grid import PAGE_SIZE
from tests.benchmarks.tool import tool
from tests.factories import crowds
from tests.factories.statements import recorded
from tests.factories.visits import Visit, Visits

ROUNDS = 9
MC = crowds.eight_units()
PLAIN = jinja2.Environment(autoescape=True).from_string(
    "<table>{% for name, cells in rows %}<tr><th>{{ name }}</th>"
    "{% for cell in cells %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"
)


def main(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        visits, teacher = _course(Path(folder), size)
        unit = MC.units[0].code
        pages = {
            "grid, first page": "course",
            "grid, stuck, fewest first": "course?show=stuck&sort=least",
            "grid, name searched": "course?q=Learner+0001",
            "one unit, first page": f"course/units/{unit}",
        }
        database: Database = visits.school.database
        for name, address in pages.items():
            with recorded(database) as asked:
                size_of = len(teacher.get(address).response.data)
            print(f"{name:28} {len(asked):3} statements {size_of / 1024:8.0f} KiB", end="")
            _compare(lambda address=address: teacher.get(address), _peer(visits, teacher))
        for many in (1, 50):
            _sign_off(database, teacher, many)


def _sign_off(database: Database, teacher: Visit, many: int) -> None:
    """Sign off as many as one page has, once."""
    page = teacher.get(f"course/units/{MC.units[4].code}?show=open&tick=open")
    address, data = page.filled("record")
    data["person"] = data["person"][:many]
    start = time.process_time()
    with recorded(database) as asked:
        answer = teacher.client.post(address, data=data)
    assert answer.status_code == 303, answer.text
    spent = (time.process_time() - start) * 1000
    print(f"sign off {many:3} {'':15} {len(asked):3} statements {'':13} {spent:8.0f} ms")


def _course(folder: Path, size: int) -> tuple[Visits, Visit]:
    app = tool(folder)
    database = app.extensions["credlet"].database
    visits = Visits.at(app, database, clock.now() - timedelta(minutes=5))
    visits.school.publish(MC)
    code = f"{MC.awarding_body.slug}/{MC.code}"
    teacher = visits.open("teacher", teacher=True, mc=code, unit=MC.units[0].code)
    with visits.school.transaction() as db:
        course_id = db.get_one(LaunchSession, teacher.id).course.id
    crowds.fill(database, course_id, MC, size)
    return visits, teacher


def _peer(visits: Visits, teacher: Visit) -> Callable[[], object]:
    """Return what renders as many rows as a page has, read and judged beforehand."""
    with visits.school.transaction() as db:
        launch = db.get_one(LaunchSession, teacher.id)
        version = launch.link.placement.version
        found = roster.learners(db, launch.course, version, clock.now())[:PAGE_SIZE]
        rows = [
            (one.person.name, ["done" if u.is_complete else "open" for u in one.progress.units])
            for one in found
        ]
    return lambda: PLAIN.render(rows=rows)


def _compare(ours: Callable[[], object], peer: Callable[[], object]) -> None:
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(ROUNDS):
        for name, work in (("ours", ours), ("peer", peer)):
            start = time.process_time()
            work()
            times[name].append((time.process_time() - start) * 1000)
    own, other = (statistics.median(times[name]) for name in ("ours", "peer"))
    print(f" {own:8.0f} ms, peer {other:6.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
