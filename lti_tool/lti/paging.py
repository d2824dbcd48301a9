"""Follow a container of a platform's services to its end, whatever its links look like.

Spec: NRPS 2.0, section 2.4.2, and AGS 2.0, sections 3.2.6 and 3.3.5: a `Link` header (RFC 8288)
with the relation `next`. Platforms write it in many ways; what cannot be followed safely is
refused, because half a roster read as a whole one would show people as gone.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urljoin, urlsplit, urlunsplit

from lti_tool.lti import addresses
from lti_tool.lti.errors import ServiceError
from lti_tool.outbound import Response

MAX_PAGES = 200
MAX_TOTAL_BYTES = 32 * 1024 * 1024
MAX_SECONDS = 60
"""A thread of the server, or the worker with everybody's scores, waits for the pages."""

_LINK = re.compile(r'<([^<>]*)>((?:"[^"]*"|[^<])*)')
# Quoted, unquoted, or in Moodle's curly quotes.
_REL = re.compile(
    r"(?:^|[;\s])rel\s*=\s*(?:[\"“”']([^\"“”']*)[\"“”']|([^\s;,\"“”']+))", re.IGNORECASE
)


def pages(
    fetch: Callable[[str], Response], url: str, *, keep: Mapping[str, str] | None = None
) -> Iterator[Response]:
    """Yield one page after the other; `keep`: parameters that each address must have.

    A link to a page that was seen already is the end. Moodle drops `role` from its next links.

    Raises:
        ServiceError: `next_page_foreign`: a link leads to another host; `paging_endless`;
            `timeout`: no page is asked for after `MAX_SECONDS`.
    """
    until = time.monotonic() + MAX_SECONDS
    seen: set[str] = set()
    read = 0
    following: str | None = url
    while following is not None and following not in seen:
        if len(seen) >= MAX_PAGES or read > MAX_TOTAL_BYTES:
            raise ServiceError("paging_endless")
        if time.monotonic() > until:
            raise ServiceError("timeout", is_transient=True)
        seen.add(following)
        page = fetch(following)
        read += len(page.content)
        yield page
        following = next_page(page.headers.get("Link", ""), following)
        if following is not None:
            following = addresses.with_missing_query(following, keep or {})


def has_next(page: Response) -> bool:
    """Return whether a page says that there is a further one, be it one that was read."""
    return next_page(page.headers.get("Link", ""), page.url) is not None


def next_page(header: str, current: str) -> str | None:
    """Return the address of the next page as the header has it, on the host of the current one.

    >>> next_page('</m?p=AbC>; title="x"; REL=Next', "https://lms.example/m")
    'https://lms.example/m?p=AbC'

    Raises:
        ServiceError: `next_page_foreign`.
    """
    for target, params in _LINK.findall(_repaired(header)):
        relations = " ".join(quoted or bare for quoted, bare in _REL.findall(params))
        if "next" in relations.lower().split():
            return _on_same_host(target.strip().replace("&amp;", "&"), current)
    return None


def _repaired(header: str) -> str:
    """Undo that headers are read as Latin-1: Moodle puts UTF-8 into one."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _on_same_host(target: str, current: str) -> str:
    """Return the absolute address, spoken to as the current one is: a platform behind a proxy may
    write `http:` or an inner port."""
    try:
        found, here = urlsplit(urljoin(current, target)), urlsplit(current)
        if found.scheme not in {"http", "https"} or found.hostname != here.hostname:
            raise ServiceError("next_page_foreign")
    except ValueError as error:
        raise ServiceError("next_page_foreign") from error
    return urlunsplit((here.scheme, here.netloc, found.path, found.query, ""))
