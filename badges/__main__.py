"""The command `python -m badges`: verify, bake and unbake Open Badges without the application."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from badges import baking
from badges.errors import BadgeError
from badges.fetch import Fetch, FetchFailed, https
from badges.verify import Outcome, Report, verify

EXIT = {Outcome.PASSED: 0, Outcome.FAILED: 1, Outcome.UNDECIDED: 2}
UNUSABLE = 64  # the command itself cannot be carried out (EX_USAGE of sysexits.h)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except OSError as error:
        _give_up(f"{error.filename}: {error.strerror}")
    except BadgeError as error:
        _give_up(str(error))


def _give_up(reason: str) -> NoReturn:
    print(f"badges: {reason}", file=sys.stderr)
    sys.exit(UNUSABLE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m badges", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_verify(commands.add_parser("verify", help="check an Open Badge 3.0", epilog=_EPILOG))
    bake = commands.add_parser("bake", help="put a credential into a PNG or SVG image")
    bake.add_argument("image", type=Path)
    bake.add_argument("credential", type=Path)
    bake.add_argument("output", type=Path)
    bake.set_defaults(run=_bake)
    unbake = commands.add_parser("unbake", help="take the credential out of a PNG or SVG image")
    unbake.add_argument("image", type=Path)
    unbake.add_argument("output", type=Path, nargs="?", help="default: standard output")
    unbake.set_defaults(run=_unbake)
    return parser


_EPILOG = (
    "Exit code: 0 all checks passed, 1 one failed, 2 undecided (the issuer's key or the status "
    "list is not to be had), 64 the file cannot be read. What is not given as a file is fetched "
    "over https."
)


def _add_verify(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="JSON, or a baked PNG or SVG")
    command.add_argument("--did-doc", type=Path, metavar="F", help="the issuer's DID document")
    command.add_argument("--status-list", type=Path, metavar="F", help="its status list")
    command.add_argument("--offline", action="store_true", help="fetch nothing")
    command.add_argument("--json", action="store_true", help="report as JSON")
    command.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    fetch = _fetch(options.did_doc, options.status_list, https_allowed=not options.offline)
    report = verify(_document(options.file), fetch, datetime.now(UTC))
    print(_as_json(report) if options.json else _as_text(report))
    return EXIT[report.outcome]


def _fetch(did_doc: Path | None, status_list: Path | None, *, https_allowed: bool) -> Fetch:
    given = {
        True: None if did_doc is None else did_doc.read_bytes(),
        False: None if status_list is None else status_list.read_bytes(),
    }

    def fetch(url: str) -> bytes:
        data = given[url.endswith("/did.json")]
        if data is not None:
            return data
        if not https_allowed:
            raise FetchFailed("offline")
        return https(url)

    return fetch


def _document(path: Path) -> bytes:
    data = path.read_bytes()
    is_image = data.startswith(b"\x89PNG") or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return baking.unbake(data) if is_image else data


def _as_json(report: Report) -> str:
    checks = [
        {"id": c.id, "outcome": c.outcome, "detail": c.detail, "params": dict(c.params)}
        for c in report.checks
    ]
    return json.dumps({"outcome": report.outcome, "checks": checks}, indent=2)


def _as_text(report: Report) -> str:
    lines = []
    for check in report.checks:
        params = "".join(f" {name}={value!a}" for name, value in check.params.items())
        lines.append(f"{check.outcome:<10} {check.id:<7} {check.detail}{params}")
    return "\n".join([*lines, f"{report.outcome:<10} in all"])


def _bake(options: argparse.Namespace) -> int:
    image = options.image.read_bytes()
    bake = baking.bake_png if image.startswith(b"\x89PNG") else baking.bake_svg
    options.output.write_bytes(bake(image, options.credential.read_bytes()))
    return 0


def _unbake(options: argparse.Namespace) -> int:
    document = baking.unbake(options.image.read_bytes())
    if options.output is None:
        sys.stdout.buffer.write(document + b"\n")
    else:
        options.output.write_bytes(document)
    return 0


if __name__ == "__main__":
    sys.exit(main())
