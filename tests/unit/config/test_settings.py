"""Settings: what is read, refused, made and hidden."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

import config
from config import Settings, SettingsError
from config.secrets import keep_once

FERNET_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PRODUCTION = {
    "PUBLIC_URL": "https://badges.example.org",
    "SECRET_KEY": "a-secret-that-is-long-enough-to-be-used",
    "ENCRYPTION_KEYS": FERNET_KEY,
    "DATABASE_URL": "postgresql://credlet:open-sesame@db/credlet",
}


def refused(**changes: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        config.load(PRODUCTION | changes)
    return {problem.variable: problem.message for problem in caught.value.problems}


def development(folder: Path, **changes: str) -> Settings:
    return config.load({"ENVIRONMENT": "development", "INSTANCE_FOLDER": str(folder), **changes})


def test_production_is_assumed_and_makes_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    settings = config.load(PRODUCTION | {"INSTANCE_FOLDER": str(folder)})
    assert settings.environment == "production"
    assert settings.outbound_private_hosts == ()
    assert settings.log_format == "json"
    assert not folder.exists()


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WEB_THREADS", "3")
    assert config.load().web_threads == 3


def test_explicit_settings_ignore_the_process_environment(
    monkeypatch: pytest.MonkeyPatch, tool_settings: Settings
) -> None:
    monkeypatch.setenv("WEB_THREADS", "3")
    explicit = Settings.model_validate(tool_settings.model_dump(exclude={"web_threads"}))
    assert explicit.web_threads == 8


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        config.load(
            {
                "ENCRYPTION_KEYS": "short",
                "PUBLIC_URL": "https://badges.example.org/tool",
                "TRUSTED_PROXIES": "many",
                "WEB_PROCESSES": "4",
                "DATABASE_URL": "mysql://db/credlet",
                "BIND": "everywhere",
            }
        )
    assert {problem.variable for problem in caught.value.problems} == {
        "BIND",
        "DATABASE_URL",
        "EMBEDDED_WORKER",
        "ENCRYPTION_KEYS",
        "PUBLIC_URL",
        "SECRET_KEY",
        "TRUSTED_PROXIES",
    }
    assert str(caught.value).count("\n") == 7


@pytest.mark.parametrize("name", ["PUBLIC_URL", "SECRET_KEY", "ENCRYPTION_KEYS"])
def test_production_demands(name: str) -> None:
    assert refused(**{name: " "}) == {name: "is not set"}


def test_an_unknown_environment_is_refused() -> None:
    assert list(refused(ENVIRONMENT="staging")) == ["ENVIRONMENT"]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://Badges.Example.org/", "https://badges.example.org"),
        ("https://badges.example.org:443", "https://badges.example.org"),
        ("https://badges.example.org:8443", "https://badges.example.org:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_public_url_has_one_form(given: str, used: str) -> None:
    assert config.load(PRODUCTION | {"PUBLIC_URL": given}).public_url == used


@pytest.mark.parametrize(
    "url",
    [
        "badges.example.org",
        "ftp://badges.example.org",
        "https://",
        "https://badges.example.org/tool",
        "https://badges.example.org?x=1",
        "https://badges.example.org#x",
        "https://me:pass@badges.example.org",
        "https://badges.example.org:99999",
        "http://badges.example.org",
        "http://192.0.2.1",
    ],
)
def test_a_public_url_is_refused(url: str) -> None:
    assert list(refused(PUBLIC_URL=url)) == ["PUBLIC_URL"]


def test_plain_http_is_allowed_in_development(tmp_path: Path) -> None:
    settings = development(tmp_path, PUBLIC_URL="http://credlet.test:8000")
    assert settings.public_url == "http://credlet.test:8000"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "oracle://db/x", "credlet.db"])
def test_a_database_url_is_refused(url: str) -> None:
    assert list(refused(DATABASE_URL=url)) == ["DATABASE_URL"]


def test_the_short_scheme_of_postgresql_is_understood() -> None:
    settings = config.load(PRODUCTION | {"DATABASE_URL": "postgres://db/credlet"})
    assert settings.database_url == "postgresql://db/credlet"


def test_the_database_is_a_file_in_the_instance_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = config.load(PRODUCTION | {"DATABASE_URL": "", "INSTANCE_FOLDER": str(folder)})
    assert settings.database_url == f"sqlite:///{folder}/credlet.db"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_instance_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="INSTANCE_FOLDER: cannot be used"):
        development(tmp_path / "file" / "instance")


def test_several_encryption_keys_are_read_in_order() -> None:
    second = Fernet.generate_key().decode()
    settings = config.load(PRODUCTION | {"ENCRYPTION_KEYS": f"{second}, {FERNET_KEY}"})
    assert settings.encryption_keys == (second, FERNET_KEY)


def test_a_second_process_goes_with_a_worker_apart() -> None:
    assert list(refused(WEB_PROCESSES="2")) == ["EMBEDDED_WORKER"]
    settings = config.load(PRODUCTION | {"WEB_PROCESSES": "2", "EMBEDDED_WORKER": "false"})
    assert settings.web_processes == 2


def test_development_makes_secrets_once(tmp_path: Path) -> None:
    first = development(tmp_path / "instance")
    assert development(tmp_path / "instance") == first
    assert development(tmp_path / "other").secret_key != first.secret_key
    Fernet(first.encryption_keys[0])
    for name in ("secret_key", "encryption_keys"):
        file = tmp_path / "instance" / name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(list((tmp_path / "instance").iterdir())) == 2


def test_a_given_secret_is_not_made(tmp_path: Path) -> None:
    settings = development(tmp_path, SECRET_KEY=PRODUCTION["SECRET_KEY"])
    assert settings.secret_key == PRODUCTION["SECRET_KEY"]
    assert [file.name for file in tmp_path.iterdir()] == ["encryption_keys"]


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with ThreadPoolExecutor(16) as threads:
        kept = list(threads.map(lambda number: keep_once(path, f"secret {number}"), range(64)))
    assert set(kept) == {path.read_text().strip()}
    assert list(tmp_path.iterdir()) == [path]


def test_secrets_show_neither_in_the_settings_nor_in_problems() -> None:
    shown = repr(config.load(PRODUCTION)) + str(config.load(PRODUCTION))
    key = FERNET_KEY.rstrip("=")
    with pytest.raises(SettingsError) as caught:
        config.load(PRODUCTION | {"SECRET_KEY": "too-short-secret", "ENCRYPTION_KEYS": key})
    shown += str(caught.value) + repr(caught.value.__context__)
    for secret in (PRODUCTION["SECRET_KEY"], "open-sesame", "too-short-secret", key):
        assert secret not in shown


def test_settings_do_not_change() -> None:
    settings = config.load(PRODUCTION)
    with pytest.raises(ValueError, match="frozen"):
        settings.web_threads = 1


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_the_readme_shows_the_settings_as_they_are() -> None:
    environ = os.environ | {"PYTHONPATH": ""}
    printed = subprocess.run(
        [sys.executable, "-m", "config"], capture_output=True, text=True, check=True, env=environ
    )
    readme = (Path(config.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert printed.stdout.count("\n") == len(Settings.model_fields) + 2
    assert printed.stdout in readme


@pytest.mark.parametrize(
    "url",
    ["memory://", "redis://:secret@store:6379/0", "rediss://store", "redis+unix:///run/r.sock"],
)
def test_requests_can_be_counted_in_memory_or_redis(url: str) -> None:
    settings = config.load(PRODUCTION | {"RATE_LIMIT_STORAGE_URL": url})
    assert settings.rate_limit_storage_url == url
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("url", ["redis://", "memcached://store", "redis://store:99999", "here"])
def test_another_place_to_count_requests_is_refused(url: str) -> None:
    assert set(refused(RATE_LIMIT_STORAGE_URL=url)) == {"RATE_LIMIT_STORAGE_URL"}


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://h:x"])
def test_a_mail_server_that_cannot_be_is_refused(url: str) -> None:
    assert "SMTP_URL" in refused(SMTP_URL=url, SMTP_FROM="a@b.example")


def test_a_mail_server_needs_a_sender() -> None:
    assert "SMTP_FROM" in refused(SMTP_URL="smtp://mail.example")
    settings = config.load(
        PRODUCTION | {"SMTP_URL": "smtps://u:p@mail.example", "SMTP_FROM": "a@b.example"}
    )
    assert settings.smtp_from == "a@b.example"
    assert "u:p" not in repr(settings)
