"""Run the rounds and print what they found."""

import argparse
import platform as machine
import statistics
import tempfile
import uuid
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from lti_tool import clock
from tests.benchmarks.launches import processes, tools, traffic
from tests.benchmarks.launches.tools import Environment, Tool
from tests.factories.platform import serving_platform
from tests.factories.postgres import postgres_server, programs

KNOWN_LEARNERS = 25
AS_CREDLET = (2, 7)
"""What `tests/functional/test_launch_statements.py` allows at a login and a repeated launch."""
KEEPS_ALL = "login, session, person, course, link and membership in PostgreSQL; judges the learner"
IN_MEMORY = "login and launch in the memory of its one process; nothing lasts"
IN_POSTGRESQL = "login and launch in PostgreSQL; no records, no judgement"
BATCH = 25  # ltijs refuses tokens that are older than ten seconds


def main() -> None:
    options = _options()
    if options.install:
        tools.install(options.peers)
    with ExitStack() as stack:
        around = _environment(stack, options.peers)
        measured = _start(stack, around)
        for number in range(options.rounds + 1):
            for tool in measured:
                _round(tool, around, options.launches, keep=number > 0)  # the first one warms up
    _print(measured, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.launches")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--launches", type=int, default=200, help="per tool and round")
    parser.add_argument("--install", action="store_true", help="put the peers into --peers first")
    parser.add_argument(
        "--peers",
        type=Path,
        default=Path.home() / ".cache" / "credlet-launch-peers",
        help="folder of the peers' environments, outside the repository (%(default)s)",
    )
    return parser.parse_args()


def _environment(stack: ExitStack, peers: Path) -> Environment:
    found = programs()
    if found is None:
        raise SystemExit("needs PostgreSQL's programs initdb and postgres")
    postgres = stack.enter_context(postgres_server(found))
    platform = stack.enter_context(serving_platform())
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    return Environment(postgres, platform, folder, peers)


def _start(stack: ExitStack, around: Environment) -> list[Tool]:
    served = stack.enter_context(tools.credlet(around))
    started = [
        Tool("Credlet", KEEPS_ALL, served),
        Tool("Credlet, learner's first", KEEPS_ALL, served, True),
    ]
    for login, launch in ((0, 0), AS_CREDLET):
        served = stack.enter_context(tools.bare(around, login=login, launch=launch))
        name = f"bare Flask, {login} + {launch} SQL"
        started.append(Tool(name, "checks the signature; proves and keeps nothing", served))
    if tools.has_stock(around.peers):
        for name, caches_keys in (("as it comes", False), ("caching keys", True)):
            served = stack.enter_context(tools.stock(around, caches_keys=caches_keys))
            started.append(Tool(f"PyLTI1p3 2.0.0, {name}", IN_MEMORY, served))
    if tools.has_ltijs(around.peers):
        served = stack.enter_context(tools.ltijs(around))
        started.append(Tool("ltijs 5.9.9", IN_POSTGRESQL, served))
    if len(started) < 7:
        print("Some peers are missing: run once with --install (needs pip, Node.js and npm).")
    return started


def _round(tool: Tool, around: Environment, count: int, *, keep: bool) -> None:
    target, platform = tool.served.target, around.platform
    database, wall = _postmaster(around), 0.0
    before = _used(tool, database)
    for start in range(0, count, BATCH):  # while tokens are signed, the tool does nothing
        learners = _learners(tool, min(BATCH, count - start))
        login_time, begun = traffic.timed(partial(traffic.logins, target, platform, len(learners)))
        signed = traffic.tokens(target, platform, begun, learners)
        launch_time, _ = traffic.timed(partial(traffic.launches, target, begun, signed))
        wall += login_time + launch_time
    after = _used(tool, database)
    if keep:
        tool.cpu.append((after[0] - before[0]) / count)
        tool.database.append((after[1] - before[1]) / count)
        tool.wall.append(wall / count)


def _learners(tool: Tool, count: int) -> list[str]:
    if tool.has_new_learners:
        return [uuid.uuid4().hex for _ in range(count)]
    return [f"learner-{number % KNOWN_LEARNERS}" for number in range(count)]


def _used(tool: Tool, database: int) -> tuple[float, float]:
    return processes.cpu_seconds(tool.served.pid), processes.cpu_seconds(database)


def _postmaster(around: Environment) -> int:
    return int((around.postgres.folder / "data" / "postmaster.pid").read_text().split()[0])


def _print(measured: list[Tool], options: argparse.Namespace) -> None:
    model = _processor()
    print(f"{clock.now():%Y-%m-%d}, {model}, Python {machine.python_version()}")
    print(f"{options.rounds} rounds of {options.launches} launches; medians (least - most)")
    print(f"{'':28} {'CPU ms':>22} {'per s+core':>10} {'database ms':>11} {'clock ms':>9}")
    for tool in measured:
        cpu = statistics.median(tool.cpu)
        spread = f"{cpu * 1e3:.2f} ({min(tool.cpu) * 1e3:.2f} - {max(tool.cpu) * 1e3:.2f})"
        database = statistics.median(tool.database) * 1e3
        wall = statistics.median(tool.wall) * 1e3
        print(f"{tool.name:28} {spread:>22} {1 / cpu:10.0f} {database:11.2f} {wall:9.2f}")
    print("What each does with a login and its launch:")
    for tool in measured:
        print(f"{tool.name:28} {tool.does}")
    ours = statistics.median(measured[0].cpu)
    for tool in measured[2:]:
        print(f"Credlet : {tool.name} = {statistics.median(tool.cpu) / ours:.2f} : 1")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return machine.machine()


if __name__ == "__main__":
    main()
