"""Checks of the addresses in the settings."""

import importlib.util
import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

BIND = re.compile(r"unix:/\S+|(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}")
DEFAULT_PORTS = {"http": 80, "https": 443}


def normalise_public_url(url: str) -> str:
    """Return scheme, lower-case host and unusual port; raise ValueError for anything more."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("must be http:// or https:// and a host")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("must not have a path, query or fragment")
    return f"{parts.scheme}://{_host(parts)}"


def _host(parts: SplitResult) -> str:
    host = str(parts.hostname)
    name = f"[{host}]" if ":" in host else host
    port = parts.port  # raises ValueError when out of range
    return name if port in {None, DEFAULT_PORTS[parts.scheme]} else f"{name}:{port}"


def is_secure(url: str) -> bool:
    """Tell whether browsers treat `url` as secure: https, or this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def normalise_database_url(url: str) -> str:
    """Return `url` in the form that SQLAlchemy takes; raise ValueError for other databases."""
    scheme, separator, rest = url.partition("://")
    if not separator or not rest:
        raise ValueError("must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
    if scheme == "postgres":  # as hosting providers write it
        scheme = "postgresql"
    if scheme not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        raise ValueError("must be a SQLite or PostgreSQL database")
    if scheme == "sqlite" and rest.lstrip("/").partition("?")[0] in {"", ":memory:"}:
        raise ValueError("must be a file: threads do not share a database in memory")
    return f"{scheme}://{rest}"


def check_bind(address: str) -> str:
    """Return `address` if a server can listen there, else raise ValueError."""
    if not BIND.fullmatch(address):
        raise ValueError("must be HOST:PORT or unix:/PATH")
    port = address.rpartition(":")[2]
    if not address.startswith("unix:") and not 0 < int(port) < 65536:
        raise ValueError("must name a port from 1 to 65535")
    return address


def check_limit_storage_url(url: str) -> str:
    """Return `url` if requests can be counted there, else raise ValueError."""
    if url == "memory://":
        return url
    parts = urlsplit(url)
    if parts.scheme == "redis+unix" and parts.path:
        return url
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise ValueError("must be memory://, redis://HOST:PORT/NUMBER or rediss://…")
    parts.port  # noqa: B018 - raises ValueError when out of range
    if importlib.util.find_spec("redis") is None:
        raise ValueError("needs the package redis: pip install 'credlet[redis]'")
    return url


def check_smtp_url(value: str) -> str:
    """Return the address of a mail server, or nothing."""
    if not value:
        return value
    parts = urlsplit(value)
    try:
        is_usable = parts.scheme in {"smtp", "smtps"} and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("must look like smtp://user:password@host:587 or smtps://…")
    return value
