"""Put a credential into a PNG or SVG image, and take it out again.

Nothing is decompressed and no pixel is decoded: images come from anywhere.
Open Badges 3.0, section 5.3 (baked badges).
"""

import json
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from hashlib import sha256
from io import BytesIO

import png
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from badges.errors import BadgeError

KEYWORD = b"openbadgecredential"
MAX_IMAGE = 4 * 2**20  # bytes, with the credential in it
MAX_DOCUMENT = 2**20  # bytes
MAX_SIDE = 8192  # pixels: readers of a baked image decode it

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXT_CHUNKS = frozenset({b"iTXt", b"tEXt", b"zTXt"})
_SVG = "http://www.w3.org/2000/svg"
_BADGE = "https://purl.imsglobal.org/ob/v3p0"
_CREDENTIAL = f"{{{_BADGE}}}credential"
# What XML 1.0 cannot carry, and the carriage return, which it changes into a line feed.
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Chunk = tuple[bytes, bytes]

for _prefix, _uri in (
    ("", _SVG),
    ("openbadges", _BADGE),
    ("xlink", "http://www.w3.org/1999/xlink"),
):
    ET.register_namespace(_prefix, _uri)


class BakingError(BadgeError, ValueError):
    """An image or a document that is refused.

    Codes: `not_an_image`, `not_png`, `not_svg`, `image_too_large`, `damaged_image`,
    `no_credential`, `several_credentials`, `compressed_credential`, `bad_document`.
    """


def bake_png(image: bytes, document: bytes) -> bytes:
    """Return the PNG with `document` (UTF-8, no NUL) as its only credential."""
    text = _checked(document)
    if "\0" in text:
        raise BakingError("bad_document", "NUL")
    header, *others = _chunks(image)
    width, height = struct.unpack(">II", header[1][:8])
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise BakingError("image_too_large", f"{width} x {height} pixels")
    kept = (chunk for chunk in others if not _is_credential(chunk))
    credential = (b"iTXt", KEYWORD + b"\0\0\0\0\0" + document)
    return _written([header, credential, *kept])


def bake_svg(image: bytes, document: bytes) -> bytes:
    """Return the SVG with `document` (JSON or compact JWS) as its only credential.

    White space around it goes, and `]]>`, which would end the CDATA section, is written as
    `]]\\u003e`: the same JSON.
    """
    text = _without_cdata_end(_checked(document).strip())
    if not text or _NOT_XML.search(text):
        raise BakingError("bad_document", "empty, or characters that XML cannot carry")
    root = _svg_root(image)
    for found in root.findall(_CREDENTIAL):
        root.remove(found)
    place = sha256(document).hexdigest()
    element = ET.Element(_CREDENTIAL)
    element.text = place
    root.insert(0, element)
    before, _, after = _serialised(root).partition(f"credential>{place}<")
    baked = f"{before}credential><![CDATA[{text}]]><{after}".encode()
    return _sized(baked)


def unbake(image: bytes) -> bytes:
    """Return the credential of a PNG or SVG image.

    Raises:
        BakingError: nothing, or nothing unambiguous, to be had from it.
    """
    if image.startswith(_SIGNATURE):
        found = list(_png_credentials(_chunks(image)))
    elif re.match(rb"(\xef\xbb\xbf)?\s*<", image):
        found = [_svg_credential(element) for element in _svg_root(image).findall(_CREDENTIAL)]
    else:
        raise BakingError("not_an_image")
    if not found:
        raise BakingError("no_credential")
    if len(found) > 1:
        raise BakingError("several_credentials")
    _checked(found[0])
    return found[0]


def _checked(document: bytes) -> str:
    if not document or len(document) > MAX_DOCUMENT:
        raise BakingError("bad_document", "1 byte to 1 MiB")
    try:
        return document.decode()
    except UnicodeDecodeError:
        raise BakingError("bad_document", "not UTF-8") from None


def _sized(image: bytes) -> bytes:
    if len(image) > MAX_IMAGE:
        raise BakingError("image_too_large", f"{len(image)} bytes")
    return image


def _chunks(image: bytes) -> list[Chunk]:
    if not image.startswith(_SIGNATURE):
        raise BakingError("not_png")
    _sized(image)
    try:
        chunks = [(bytes(kind), bytes(data)) for kind, data in _read(image)]
    except (png.Error, EOFError, struct.error, ValueError) as error:
        raise BakingError("damaged_image", type(error).__name__) from error
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or len(chunks[0][1]) != 13 or kinds[-1] != b"IEND":
        raise BakingError("damaged_image", "no IHDR or IEND")
    return chunks


def _read(image: bytes) -> Iterable[Chunk]:
    chunks: Iterable[Chunk] = png.Reader(bytes=image).chunks()  # type: ignore[no-untyped-call]
    return chunks


def _is_credential(chunk: Chunk) -> bool:
    kind, data = chunk
    return kind in _TEXT_CHUNKS and data.split(b"\0", 1)[0] == KEYWORD


def _png_credentials(chunks: Iterable[Chunk]) -> Iterator[bytes]:
    for kind, data in filter(_is_credential, chunks):
        if kind != b"iTXt":
            raise BakingError("damaged_image", "the credential is not in an iTXt chunk")
        rest = data[len(KEYWORD) + 1 :]
        flags, texts = rest[:2], rest[2:].split(b"\0", 2)
        if len(flags) < 2 or len(texts) != 3:
            raise BakingError("damaged_image", "iTXt")
        if flags != b"\0\0":
            raise BakingError("compressed_credential")
        yield texts[2]


def _written(chunks: Iterable[Chunk]) -> bytes:
    out = BytesIO()
    png.write_chunks(out, chunks)  # type: ignore[no-untyped-call]
    return _sized(out.getvalue())


def _svg_root(image: bytes) -> ET.Element:
    _sized(image)
    try:
        root: ET.Element = fromstring(image)
    except (ET.ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise BakingError("damaged_image", type(error).__name__) from error
    if root.tag != f"{{{_SVG}}}svg":
        raise BakingError("not_svg")
    return root


def _svg_credential(element: ET.Element) -> bytes:
    if len(element):
        raise BakingError("damaged_image", "elements in the credential")
    body = (element.text or "").strip()
    return (body or element.get("verify", "")).encode()


def _serialised(root: ET.Element) -> str:
    try:
        return ET.tostring(root, encoding="unicode")
    except (RecursionError, ValueError, TypeError) as error:
        raise BakingError("damaged_image", type(error).__name__) from error


def _without_cdata_end(text: str) -> str:
    escaped = text.replace("]]>", "]]\\u003e")
    if escaped != text:
        try:
            is_same = json.loads(escaped) == json.loads(text)
        except (ValueError, RecursionError):
            is_same = False
        if not is_same:
            raise BakingError("bad_document", "']]>' outside a JSON string")
    return escaped
