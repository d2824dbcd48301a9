"""Send a page compressed, where its length can betray nothing.

Most pages are not: see "Files are compressed here" under Decisions.
"""

import gzip

from flask import Flask, Response, g, request


def init_app(app: Flask) -> None:
    app.after_request(compress_learners_page)


def is_wanted() -> bool:
    """Return whether the page asked for here goes out compressed: a learner's, if it is shown.

    With a query or a form it does not: their words may stand in the page, beside the way back into
    the LMS, which holds the LMS's own token. Nor does a teacher's, where words of learners stand.
    """
    is_plain = request.method == "GET" and not request.query_string
    return is_plain and g.get("is_learners", False) and request.accept_encodings["gzip"] > 0


def compress_learners_page(response: Response) -> Response:
    return compress(response) if response.mimetype == "text/html" and is_wanted() else response


def compress(response: Response) -> Response:
    """Return a page compressed, if the browser asks so.

    For pages whose secrets are made for this one answer, or that hold nothing of the request:
    nobody can learn such a secret from the lengths of many answers (BREACH).
    """
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
        response.content_encoding = "gzip"
    return response
