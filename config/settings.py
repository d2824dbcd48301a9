"""Every setting of the program: one frozen object, read once from environment variables.

A setting's environment variable is its name in capitals. `python -m config` prints them all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from config import addresses, commands, secrets

DEVELOPMENT = {
    "public_url": "http://localhost:8000",
    "log_format": "console",
    "outbound_private_hosts": "127.0.0.1,localhost",
}
"""Defaults that hold in development only; production needs a decision or the strict default."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one setting; never holds the value, which may be a secret."""

    variable: str
    message: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.message}"


class SettingsError(Exception):
    """The settings cannot be used; `problems` lists everything that is wrong with them."""

    code = "settings_invalid"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"The settings cannot be used:\n{lines}")
        self.problems = problems


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


Items = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Settings(BaseModel):
    """The settings of one process. Built by `load`; tests build it from explicit values."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )

    environment: Literal["production", "development"] = Field(
        default="production",
        description="`development` makes secrets and uses defaults that suit one machine; "
        "`production` refuses to start without a decision on each.",
    )
    instance_folder: Annotated[Path, AfterValidator(Path.absolute)] = Field(
        default=Path("instance"),
        description="Folder for the SQLite file and, in development, the secrets.",
        json_schema_extra={"unit": "path"},
    )
    public_url: Annotated[str, AfterValidator(addresses.normalise_public_url)] = Field(
        description="Address under which browsers, LMSs and verifiers reach the tool: scheme, "
        "host and, if unusual, port. It is part of every badge and cannot change after the first.",
        json_schema_extra={"unit": "URL"},
    )
    secret_key: str = Field(
        min_length=32,
        repr=False,
        description="Signs form tokens. Made once in development.",
        json_schema_extra={"unit": "text, 32 characters or more"},
    )
    encryption_keys: Annotated[Items, AfterValidator(secrets.check_encryption_keys)] = Field(
        min_length=1,
        repr=False,
        description="Encrypt private keys, tokens and addresses in the database. The first "
        "encrypts, all decrypt. Made once in development.",
        json_schema_extra={"unit": "Fernet keys, comma-separated"},
    )
    database_url: Annotated[str, AfterValidator(addresses.normalise_database_url)] = Field(
        default_factory=lambda data: f"sqlite:///{data['instance_folder'] / 'credlet.db'}",
        repr=False,
        description="SQLite file or PostgreSQL database (`postgresql://user:password@host/name`).",
        json_schema_extra={"unit": "URL", "default": "sqlite:///INSTANCE_FOLDER/credlet.db"},
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=5,
        description="How many reverse proxies stand in front; that many `X-Forwarded-*` values "
        "are believed.",
        json_schema_extra={"unit": "proxies"},
    )
    bind: Annotated[str, AfterValidator(addresses.check_bind)] = Field(
        default="127.0.0.1:8000",
        description="Where the web server listens.",
        json_schema_extra={"unit": "host:port, or unix:/path"},
    )
    web_processes: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes of the web server. More than one needs `EMBEDDED_WORKER=false`.",
        json_schema_extra={"unit": "processes"},
    )
    web_threads: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Requests that one process answers at a time.",
        json_schema_extra={"unit": "threads"},
    )
    embedded_worker: bool = Field(
        default=True,
        description="Send scores from a thread of the web server; `false` when `credlet worker` "
        "runs apart.",
    )
    launch_session_hours: int = Field(
        default=8,
        ge=1,
        le=72,
        description="How long a page opened from the LMS can be used.",
        json_schema_extra={"unit": "hours"},
    )
    tool_key_days: int = Field(
        default=0,
        ge=0,
        le=3650,
        description="Age at which the key that proves this tool to LMSs is replaced by itself; "
        "`0`: only by `credlet key rotate`.",
        json_schema_extra={"unit": "days"},
    )
    max_request_kib: int = Field(
        default=1024,
        ge=64,
        le=65536,
        description="Largest request that is read.",
        json_schema_extra={"unit": "KiB"},
    )
    evidence_file_mib: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Largest file that is taken as evidence of a completion.",
        json_schema_extra={"unit": "MiB"},
    )
    evidence_files: int = Field(
        default=3,
        ge=1,
        le=10,
        description="Files that come with one form.",
        json_schema_extra={"unit": "files"},
    )
    evidence_person_mib: int = Field(
        default=100,
        ge=1,
        description="Evidence of one learner that they add; as much again that others add.",
        json_schema_extra={"unit": "MiB"},
    )
    evidence_course_mib: int = Field(
        default=1024,
        ge=1,
        description="Evidence kept for one course, altogether.",
        json_schema_extra={"unit": "MiB"},
    )
    evidence_organisation_mib: int = Field(
        default=10240,
        ge=1,
        description="Evidence kept for all courses of one organisation, altogether.",
        json_schema_extra={"unit": "MiB"},
    )
    evidence_scanner: Annotated[str, AfterValidator(commands.check_command)] = Field(
        default="",
        max_length=500,
        description="Command that gets every such file on its standard input before it is kept "
        "(`clamdscan --no-summary -`): exit code 0 lets it in, everything else keeps it out.",
        json_schema_extra={"unit": "command line", "default": "none"},
    )
    rate_limit_percent: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="How often one network address may ask, of what suits a school that shares "
        "one; `500` for a large university, `0` for no limit.",
        json_schema_extra={"unit": "percent"},
    )
    rate_limit_storage_url: Annotated[str, AfterValidator(addresses.check_limit_storage_url)] = (
        Field(
            default="memory://",
            repr=False,
            description="Where requests are counted: in each process for itself, or in a Redis "
            "that all processes share (`redis://:password@host:6379/0`, `rediss://` with TLS).",
            json_schema_extra={"unit": "URL"},
        )
    )
    outbound_private_hosts: Items = Field(
        default=(),
        description="Hosts (an LMS in the same network) that may resolve to private addresses; "
        "the tool connects to no other private address.",
        json_schema_extra={"unit": "host names, comma-separated"},
    )
    smtp_url: Annotated[str, AfterValidator(addresses.check_smtp_url)] = Field(
        default="",
        repr=False,
        description="Mail server that sends sign-in links and what waits for staff: "
        "`smtp://user:password@host:587` (STARTTLS, unless it is this machine) or "
        "`smtps://user:password@host:465`. Without it operators hand links out.",
        json_schema_extra={"unit": "URL", "default": "none"},
    )
    smtp_from: str = Field(
        default="",
        max_length=254,
        description="Address that mails come from; needed with `SMTP_URL`.",
        json_schema_extra={"unit": "e-mail address", "default": "none"},
    )
    default_language: str = Field(
        default="en",
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="Language of pages where neither LMS nor browser names one that exists.",
        json_schema_extra={"unit": "BCP 47 tag"},
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="One JSON object a line, or text for people."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe event that is logged."
    )

    @field_validator("public_url")
    @classmethod
    def _secure_in_production(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("environment") == "production" and not addresses.is_secure(value):
            raise ValueError("must start with https:// in production")
        return value

    @field_validator("smtp_from")
    @classmethod
    def _sender_of_mail(cls, value: str, info: ValidationInfo) -> str:
        local, _, domain = value.rpartition("@")
        if info.data.get("smtp_url") and not (local and domain and value.isprintable()):
            raise ValueError("must be an e-mail address when SMTP_URL is set")
        return value

    @field_validator("embedded_worker")
    @classmethod
    def _one_worker_thread(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("web_processes", 1) > 1:
            raise ValueError("must be false with several WEB_PROCESSES; run `credlet worker`")
        return value


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment variables describe.

    In development, secrets that are not given are made once and kept in the instance folder.

    Raises:
        SettingsError: lists every setting that is missing or wrong.
    """
    values = _read(os.environ if environ is None else environ)
    made: dict[str, str] = {}
    if values.get("environment") == "development":
        values = DEVELOPMENT | values
        made = {name: make() for name, make in secrets.MAKERS.items() if name not in values}
    settings = _validate(values | made)
    if not made and "database_url" in values:
        return settings
    try:
        kept = _use_instance_folder(settings.instance_folder, made)
    except OSError as error:
        reason = f"cannot be used: {error.strerror}"
        raise SettingsError((Problem("INSTANCE_FOLDER", reason),)) from error
    return _validate(values | kept)


def _use_instance_folder(folder: Path, made: Mapping[str, str]) -> dict[str, str]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {name: secrets.keep_once(folder / name, secret) for name, secret in made.items()}


def _read(environ: Mapping[str, str]) -> dict[str, str]:
    """Pick the known variables; an empty one counts as not set, as in compose files."""
    named = {name: environ.get(name.upper(), "").strip() for name in Settings.model_fields}
    return {name: value for name, value in named.items() if value}


def _validate(values: Mapping[str, str]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = tuple(_problem(details) for details in error.errors(include_input=False))
    raise SettingsError(tuple(dict.fromkeys(filter(None, problems))))


def _problem(details: Any) -> Problem | None:
    if details["type"] == "default_factory_not_called":  # follows from another setting's problem
        return None
    message = details["msg"].removeprefix("Value error, ")
    if details["type"] == "missing":
        message = "is not set"
    return Problem(variable=str(details["loc"][0]).upper(), message=message)
