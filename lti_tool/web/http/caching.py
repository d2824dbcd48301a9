"""What caches may keep of public addresses: an ETag on everything, and for how long."""

from datetime import timedelta

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

# A version changes in its wording only, its page with each release; keys and lists change rarely
# and must be seen soon.
DEFINITION = timedelta(hours=1)
CATALOGUE = timedelta(minutes=5)
ARTWORK = timedelta(days=1)
KEYS = timedelta(minutes=5)
STATUS_LIST = timedelta(minutes=1)
ASK_EACH_TIME = timedelta(0)


def cacheable(
    answer: ResponseReturnValue, lifetime: timedelta, *, varies: tuple[str, ...] = ()
) -> Response:
    """Return the answer with an ETag, or 304 where the client has it already.

    `lifetime`: zero means to be kept, but asked for each time (a badge made private disappears
    at once). `varies`: request headers that the content depends on.
    """
    response = make_response(answer)
    response.cache_control.public = True
    if lifetime:
        response.cache_control.max_age = int(lifetime.total_seconds())
    else:
        response.cache_control.no_cache = True
    for header in varies:
        response.vary.add(header)
    response.add_etag()
    response.make_conditional(request)
    return response


def readable_anywhere(response: Response) -> Response:
    """Let scripts of other sites read it: verifiers and wallets that run in a browser.

    For public data only, which is the same for whoever asks: the browser sends no cookie along.
    """
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


PAGE_VARIES = ("Accept", "Accept-Language", "Cookie")
