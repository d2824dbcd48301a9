"""The shape of the repository, as README and architecture describe it."""

import ast
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("badges", "config", "lti_tool", "migrations")
FOLDERS = {"badges", "config", "lti_tool", "migrations", "tests", ".ci"}
FILES = {
    "README.md",
    "pyproject.toml",
    "wsgi.py",
    "LICENSE",
    "Makefile",
    ".gitignore",
    ".npmrc",
    "requirements.txt",
    "requirements-dev.txt",
}
LONGEST_MODULE = 500
FORBIDDEN_NAMES = {"utils", "helpers", "util", "misc", "common", "manager"}


def tracked() -> list[str]:
    command = ["git", "-C", str(ROOT), "ls-files"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("needs a git checkout")
    return listed.stdout.splitlines()


def modules() -> list[Path]:
    return [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]


def test_the_top_level_holds_what_the_readme_says() -> None:
    top = {Path(name).parts for name in tracked()}
    assert {parts[0] for parts in top if len(parts) > 1} == FOLDERS
    assert {parts[0] for parts in top if len(parts) == 1} == FILES


def test_the_wheel_holds_the_four_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES


def test_no_module_is_too_long() -> None:
    too_long = {
        str(file.relative_to(ROOT)): lines
        for file in modules()
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
        and file.parent.name != "versions"  # a migration is a list of tables, read once
    }
    assert too_long == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in modules()
        if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {file.parent for file in modules()} - {ROOT / "migrations" / "versions"}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_module_is_named_after_nothing() -> None:
    assert [str(file) for file in modules() if file.stem in FORBIDDEN_NAMES] == []


def test_wsgi_is_three_statements() -> None:
    tree = ast.parse((ROOT / "wsgi.py").read_text(encoding="utf-8"))
    statements = [node for node in tree.body if not isinstance(node, ast.Expr)]
    assert len(statements) == 3
