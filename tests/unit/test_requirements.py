"""The lock files hold pinned, hashed packages and nothing about where they were locked."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PEER = "tests/peers/openedx/requirements.txt"  # not part of a source distribution
LOCKS = ["requirements.txt", "requirements-dev.txt", *([PEER] if (ROOT / PEER).exists() else [])]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)( ; [^\\]+)? \\$", re.MULTILINE)
ANY_ADDRESS = re.compile(r"[a-z][a-z+]*://", re.IGNORECASE)
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.-])(?:/[\w.-]+){2,}|(?:\b[A-Z]:\\)")


def lines_that_install(text: str) -> list[str]:
    """Lines without comments: pip-compile writes in those which package wanted which."""
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_names_no_address_and_no_path(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert ANY_ADDRESS.search(text) is None
    assert PATH_OF_A_MACHINE.search(text) is None


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_has_no_options(name: str) -> None:
    lines = lines_that_install((ROOT / name).read_text(encoding="utf-8"))
    hashes = [line for line in lines if re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)]
    pins = [line for line in lines if PIN.match(line)]
    assert len(hashes) + len(pins) == len(lines)
    assert pins


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    lines = lines_that_install((ROOT / name).read_text(encoding="utf-8"))
    followers = [
        after for line, after in zip(lines, [*lines[1:], ""], strict=True) if PIN.match(line)
    ]
    assert all(after.startswith("    --hash=") for after in followers)


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "requirements.txt": project["dependencies"] + extras["postgres"],
        "requirements-dev.txt": project["dependencies"] + extras["postgres"] + extras["dev"],
    }
    for name, dependencies in wanted.items():
        locked = {pin[0] for pin in PIN.findall((ROOT / name).read_text(encoding="utf-8"))}
        names = {re.split(r"[^\w.-]", dependency)[0].lower() for dependency in dependencies}
        assert names - locked == set()


def test_both_lock_files_agree() -> None:
    run, develop = (
        {pin[0]: pin[1] for pin in PIN.findall((ROOT / name).read_text(encoding="utf-8"))}
        for name in LOCKS[:2]
    )
    assert {name: version for name, version in run.items() if develop.get(name) != version} == {}


def test_lock_files_of_node_name_no_address() -> None:
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text(encoding="utf-8")
    for file in (ROOT / "tests" / "peers").glob("*/package-lock.json"):
        packages = json.loads(file.read_text(encoding="utf-8"))["packages"]
        assert [name for name, package in packages.items() if "resolved" in package] == []
        assert all("integrity" in package for name, package in packages.items() if name)
