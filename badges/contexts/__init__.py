"""The bundled JSON-LD contexts: the only ones ever used, each pinned by its digest."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"

_FILES = {
    CREDENTIALS_V2: (
        "credentials-v2.json",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    OPEN_BADGES: (
        "ob-v3p0-context-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    OPEN_BADGES_EXTENSIONS: (
        "ob-v3p0-extensions.json",
        "87c06c81bc2317663bf288d740d94fddd2818c4342b186270ff6371dfaa63f93",
    ),
}

ADDRESSES = tuple(_FILES)


@cache
def load(address: str) -> Mapping[str, Any]:
    """Return the definitions (the value of `@context`) published at `address`.

    Raises:
        KeyError: the context is not in the bundle.
        RuntimeError: the installed file differs from the pinned digest.
    """
    name, digest = _FILES[address]
    data = (resources.files(__name__) / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise RuntimeError(f"the bundled context {name} was altered")
    definitions: Mapping[str, Any] = json.loads(data)["@context"]
    return definitions
