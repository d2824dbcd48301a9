"""Send a page compressed, where its length can betray nothing.

Pages are not compressed otherwise: see "Files are compressed here" under Decisions.
"""

import gzip

from flask import Response, request


def compress(response: Response) -> Response:
    """Return a page compressed, if the browser asks so.

    For pages whose secrets are made for this one answer: nobody can learn such a secret from the
    lengths of many answers (BREACH).
    """
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
        response.content_encoding = "gzip"
    return response
