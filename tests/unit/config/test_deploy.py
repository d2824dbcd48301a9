"""The deployment examples speak of settings, commands and files that exist."""

import re
from pathlib import Path

import config
from config import Settings

FOLDER = Path(config.__file__).with_name("deploy")
ROOT = FOLDER.parents[1]
VARIABLES = {name.upper() for name in Settings.model_fields}


def test_the_compose_file_sets_known_settings_for_the_tool() -> None:
    shared = (FOLDER / "compose.yaml").read_text(encoding="utf-8").partition("\nservices:")[0]
    block = shared.partition("  environment:\n")[2]
    named = dict(re.findall(r"^    ([A-Z_]+): (.+)$", block, re.MULTILINE))
    assert set(named) <= VARIABLES
    assert {"PUBLIC_URL", "DATABASE_URL", "SECRET_KEY", "ENCRYPTION_KEYS"} <= set(named)


def test_the_values_of_the_compose_file_are_accepted() -> None:
    shared = (FOLDER / "compose.yaml").read_text(encoding="utf-8").partition("\nservices:")[0]
    block = shared.partition("  environment:\n")[2]
    named = dict(re.findall(r'^    ([A-Z_]+): "?([^"\n]+)"?$', block, re.MULTILINE))
    given = {"PUBLIC_HOST": "badges.example.org", "DATABASE_PASSWORD": "x1"}
    given |= {"SECRET_KEY": "s" * 48, "ENCRYPTION_KEYS": "A" * 43 + "="}
    filled = {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda match: given[match[1]], value)
        for name, value in named.items()
    }
    settings = config.load(filled)
    assert settings.public_url == "https://badges.example.org"
    assert settings.database_url == "postgresql://credlet:x1@database/credlet"
    assert settings.trusted_proxies == 1
    assert settings.rate_limit_storage_url == "redis://counts:6379/0"
    services = (FOLDER / "compose.yaml").read_text(encoding="utf-8").partition("\nservices:")[2]
    assert "\n  counts:" in services


def test_the_container_file_copies_what_exists() -> None:
    lines = (FOLDER / "Containerfile").read_text(encoding="utf-8").splitlines()
    sources = [
        source
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    assert {"requirements.txt", "wsgi.py", "migrations"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []
