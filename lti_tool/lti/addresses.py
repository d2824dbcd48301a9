"""Addresses of a platform's services: what is there stays, letter by letter; we only add to it."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


def with_query(url: str, params: Mapping[str, str]) -> str:
    """Return `url` with `params` behind its own query, which is not taken apart.

    >>> with_query("https://lms.example/members?a=1&a=2&b=", {"rlid": "7 8"})
    'https://lms.example/members?a=1&a=2&b=&rlid=7+8'
    """
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(params))))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def with_missing_query(url: str, params: Mapping[str, str]) -> str:
    """Return `url` with those of `params` that it lacks."""
    there = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    missing = {name: value for name, value in params.items() if name not in there}
    return with_query(url, missing) if missing else url
