"""What a file from outside really is: told by its content, cleaned, and named to be kept.

Nothing here asks what a file calls itself, and nothing of it is ever run.
"""

import hashlib
import re
import unicodedata
import zlib
from dataclasses import dataclass
from io import BytesIO
from struct import error as StructError  # noqa: N812 - the name of a class, as elsewhere
from threading import BoundedSemaphore

from PIL import Image, ImageOps

from lti_tool.errors import ToolError

PDF, PNG, JPEG, TEXT = "application/pdf", "image/png", "image/jpeg", "text/plain"
ENDINGS = {PDF: ".pdf", PNG: ".png", JPEG: ".jpg", TEXT: ".txt"}
"""Media type -> ending. A file gets the ending of what it is: a page of HTML becomes text."""
ACCEPTED = ".pdf,.png,.jpg,.jpeg,.txt,application/pdf,image/png,image/jpeg,text/plain"
"""For the `accept` of a form; phones turn their own picture formats into one of these."""
LONGEST_NAME = 120
"""UTF-8 bytes without the ending: file systems allow 255, and some programs put more in front."""
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 3000
"""Larger pictures are made smaller: enough to read a page of paper at 250 dpi."""

_AT_A_TIME = BoundedSemaphore(2)  # pictures in memory: up to 200 MB each
_UNREADABLE = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError,
    MemoryError, StructError, zlib.error,
)  # fmt: skip  # what pillow raises at broken pictures
_TOO_MANY_PIXELS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
"""What the pictures of many phones begin with (ISO/IEC 23008-12), after a length and `ftyp`."""
_CONTROLS = frozenset("\t\n\r\f")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_JOINERS = frozenset("\u200c\u200d")  # part of words in several scripts


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it may be kept. `media_type`: one of `ENDINGS`; `name`: a segment with ending."""

    name: str
    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def read(data: bytes, name: str) -> Document:
    """Return what a file is, cleaned: pictures are drawn anew, without what cameras add.

    Raises:
        ToolError: `file_empty`, `file_heic`, `file_kind_unknown`, `file_not_utf8`,
            `file_unreadable`, `file_too_many_pixels`, with the file's `name`.
    """
    try:
        media_type, data = _cleaned(data)
    except ToolError as error:
        raise ToolError(error.code, name=shown_name(name)) from error
    return Document(normal_name(name, media_type), media_type, data)


def normal_name(name: str, media_type: str) -> str:
    r"""Return a name that every file system takes, in its own script, with the ending of its type.

    >>> normal_name("C:\\temp\\Звіт  2026.PDF", PDF)
    'Звіт 2026.pdf'
    >>> normal_name("../../etc/passwd", TEXT)
    'passwd.txt'
    """
    stem, ending = shown_name(name), ENDINGS[media_type]
    known = (ending, ".jpeg") if media_type == JPEG else (ending,)
    for one in known:
        if stem.lower().endswith(one):
            stem = stem[: -len(one)].rstrip(" .")
    stem = _shortened(stem.strip(" .")) or "file"
    return ("_" if _RESERVED.fullmatch(stem) else "") + stem + ending


def shown_name(name: str) -> str:
    """Return the last segment of a path, without what is unseen or means something to systems."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", name[-2000:]))[-1]
    shown = (one if _is_shown(one) else " " for one in name)
    name = re.sub(r'[<>:"|?*;%]', "_", "".join(shown))
    return _shortened(" ".join(name.split()).strip(" ."), 200)


def _is_shown(one: str) -> bool:
    return one in _JOINERS or unicodedata.category(one)[0] not in "CZ"


def _shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """Cut a text to so many bytes, and never between a letter and its accents."""
    if len(text.encode()) <= longest:
        return text
    cut = len(text.encode()[:longest].decode(errors="ignore"))
    while cut and (unicodedata.combining(text[cut]) or text[cut] in _JOINERS):
        cut -= 1
    return text[:cut].rstrip(" .")


def _cleaned(data: bytes) -> tuple[str, bytes]:
    if not data.strip():
        raise ToolError("file_empty")
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-2048:]:
            raise ToolError("file_unreadable")
        return PDF, data
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG, _drawn_anew(data, "PNG")
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG, _drawn_anew(data, "JPEG")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        raise ToolError("file_heic")
    if _is_text(data):
        return TEXT, data
    raise ToolError("file_not_utf8" if _is_text_of_another_kind(data) else "file_kind_unknown")


def _is_text_of_another_kind(data: bytes) -> bool:
    """Whether it looks like text in an encoding that nobody can tell for sure (Windows-1252 of
    German computers, 1251 of Ukrainian ones), so that its writer is asked to save it anew."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _is_text(data, "utf-16")
    return _is_text(bytes(one for one in data if one < 0x80))


def _is_text(data: bytes, encoding: str = "utf-8-sig") -> bool:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return all(one in _CONTROLS or unicodedata.category(one) != "Cc" for one in set(text))


def _drawn_anew(data: bytes, kind: str) -> bytes:
    with _AT_A_TIME:
        try:
            with Image.open(BytesIO(data), formats=(kind,)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ToolError("file_too_many_pixels")
                return _written(_upright(image), kind)
        except _TOO_MANY_PIXELS as error:
            raise ToolError("file_too_many_pixels") from error
        except _UNREADABLE as error:
            raise ToolError("file_unreadable") from error


def _upright(image: Image.Image) -> Image.Image:
    image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # JPEG: read no more than is kept
    turned: Image.Image = ImageOps.exif_transpose(image)
    turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return turned


def _written(image: Image.Image, kind: str) -> bytes:
    out = BytesIO()
    has_holes = "A" in image.getbands() or "transparency" in image.info
    plain = image.convert("RGBA" if has_holes and kind == "PNG" else "RGB")
    plain.info = {}  # place, camera, comments, colour profile
    plain.save(out, kind, **({"quality": 85} if kind == "JPEG" else {}))
    return out.getvalue()
