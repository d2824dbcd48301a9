"""Who issues: one profile and one did:web per awarding body.

>>> did_for("https://badges.example:8443", "dnipro-lyceum")
'did:web:badges.example%3A8443:issuers:dnipro-lyceum'

Method: did:web, with a path, so that each awarding body has a document of its own.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from badges.errors import BadgeError
from badges.text import is_safe

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+")


class InvalidIssuer(BadgeError, ValueError):
    """Codes: `did`, `name`, `url`, `country`, `public_url`, `slug`."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """`url`: a page about the issuer; `country`: ISO 3166-1 alpha-2."""

    did: str
    name: str
    url: str
    country: str | None = None

    def __post_init__(self) -> None:
        if not _DID.fullmatch(self.did):
            raise InvalidIssuer("did", self.did)
        if not self.name.strip() or not is_safe(self.name):
            raise InvalidIssuer("name")
        if not is_web_address(self.url):
            raise InvalidIssuer("url", self.url)
        if self.country is not None and not re.fullmatch(r"[A-Z]{2}", self.country):
            raise InvalidIssuer("country", self.country)

    @property
    def is_test(self) -> bool:
        """Whether this is the issuer of TEST awards only."""
        parts = self.did.split(":")
        return parts[3:4] == ["issuers"] and parts[5:] == ["test"]


def did_for(public_url: str, slug: str, test: bool = False) -> str:
    """Return the did:web that resolves at `{public_url}/issuers/{slug}[/test]/did.json`.

    Raises:
        InvalidIssuer: `public_url` has a path, user or query; `slug` is no slug.
    """
    address = urlsplit(public_url)
    if not is_web_address(public_url) or address.path not in ("", "/") or "@" in address.netloc:
        raise InvalidIssuer("public_url", public_url)
    if address.query or address.fragment or "[" in address.netloc:
        raise InvalidIssuer("public_url", public_url)
    if not _SLUG.fullmatch(slug):
        raise InvalidIssuer("slug", slug)
    host = address.netloc.lower().replace(":", "%3A")
    return f"did:web:{host}:issuers:{slug}" + (":test" if test else "")


def is_web_address(url: str) -> bool:
    """Whether `url` is absolute, http or https, ASCII, and safe inside an N-Quads IRI."""
    if not re.fullmatch(r"https?://[^\x00-\x20\x7f-\U0010ffff<>\"{}|\\^`]+", url):
        return False
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        return False
    return bool(address.hostname)
