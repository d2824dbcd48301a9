"""Pictures that people bring for their badges: cleaned to a square PNG or SVG, or refused.

What is kept is never what was sent: a PNG is decoded and written anew, an SVG is rebuilt from the
elements that are known to be harmless (`picture_svg`) and drawn, once and within `DEADLINE`, by a
process of its own. Only pixels are shown to anybody.

>>> from badges import artwork
>>> clean(artwork.emblem_png("WELDING-1")).media_type
<MediaType.PNG: 'image/png'>
"""

import re
import struct
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from io import BytesIO

import png
from PIL import Image

from badges import picture_svg
from badges.picture_svg import PictureRefused

LARGEST_UPLOAD = 768 * 1024
"""Bytes."""
LARGEST_KEPT = 300 * 1024
SMALLEST_SIDE = 128
"""Pixels."""
LARGEST_SIDE = 2048
SIDE = 512
"""A larger one is made so small, an SVG is drawn in this size."""
SMALL_SIDE = 192
"""Of the copy for lists, which show it with at most 96."""
DEADLINE = 2.0
"""Seconds that drawing an SVG may take."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_COLOURS = 256

_DRAW = f"""
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (4, 4))
    resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
except (ImportError, OSError, ValueError):
    pass
import resvg_py
svg = sys.stdin.buffer.read().decode()
made = resvg_py.svg_to_bytes(svg_string=svg, width={SIDE}, height={SIDE}, skip_system_fonts=True)
sys.stdout.buffer.write(bytes(made))
"""
# resvg holds the interpreter's lock while it draws, and ends the process at what it did not expect.

__all__ = ["MediaType", "Picture", "PictureRefused", "clean", "framed", "small"]


class MediaType(StrEnum):
    PNG = "image/png"
    SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Picture:
    """A square picture that was cleaned; `digest`: SHA-256 hex of its bytes, which is its name.
    `png`: its pixels, which are what is shown; of a PNG, `data` itself. `lost`: what an SVG said of
    its looks and was left out, by the names of `picture_svg.LOOKS`."""

    media_type: MediaType
    data: bytes
    png: bytes
    lost: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        return sha256(self.data).hexdigest()


def clean(data: bytes) -> Picture:
    """Return what may be shown of a file that came from anywhere; takes up to `DEADLINE`.

    Raises:
        PictureRefused: with what is wrong with it.
    """
    if len(data) > LARGEST_UPLOAD:
        raise PictureRefused("picture_too_large")
    if data.startswith(_SIGNATURE):
        made = _clean_png(data)
        return Picture(MediaType.PNG, made, made)
    if re.match(rb"(\xef\xbb\xbf)?\s*<", data):
        made = picture_svg.clean(data)
        if len(made) > LARGEST_KEPT:
            raise PictureRefused("picture_too_large")
        return Picture(MediaType.SVG, made, _drawn(made), picture_svg.lost(data))
    raise PictureRefused("picture_type")


def small(png_: bytes) -> bytes:
    """Return a copy of a cleaned PNG that a list of many can show."""
    with Image.open(BytesIO(png_), formats=["PNG"]) as image:
        made = image.convert("RGBA")
    if made.width > SMALL_SIDE:
        made = made.resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    out = BytesIO()
    _reduced(made).save(out, "PNG", optimize=True)
    return out.getvalue()


def framed(png_: bytes) -> bytes:
    """Return a PNG as SVG, in which it stands as it is."""
    address = "data:image/png;base64," + b64encode(png_).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">'
        f'<image width="{SIDE}" height="{SIDE}" href="{address}"/></svg>'
    ).encode("ascii")


def _drawn(svg: bytes) -> bytes:
    """Return the pixels of a cleaned SVG.

    Raises:
        PictureRefused: `picture_too_complex`: within time and memory it cannot be drawn;
            `picture_damaged`: it cannot be drawn at all.
    """
    command = [sys.executable, "-I", "-c", _DRAW]
    try:
        done = subprocess.run(  # noqa: S603 - our own words, the drawing comes as its input
            command, input=svg, capture_output=True, timeout=DEADLINE
        )
    except subprocess.TimeoutExpired as error:
        raise PictureRefused("picture_too_complex", "time") from error
    if done.returncode < 0:  # ended by a limit
        raise PictureRefused("picture_too_complex", "memory")
    if done.returncode or not done.stdout.startswith(_SIGNATURE):
        raise PictureRefused("picture_damaged", "cannot be drawn")
    return done.stdout


def _clean_png(data: bytes) -> bytes:
    """Decode the pixels and nothing else, and write them anew."""
    bare = _bare(data)
    try:
        with Image.open(BytesIO(bare), formats=["PNG"]) as image:
            image.load()
            return _written(_eight_bits(image))
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise PictureRefused("picture_damaged", type(error).__name__) from error


def _bare(data: bytes) -> bytes:
    """Return a PNG without its metadata, and without what was hung on behind its end.

    Raises:
        PictureRefused: too many pixels, not square, animated, or damaged: nothing is decoded.
    """
    kept, kinds = [], set()
    try:
        for kind, content in png.Reader(bytes=data).chunks():  # type: ignore[no-untyped-call]
            kinds.add(kind)
            if kind in _NEEDED:
                kept.append((kind, bytes(content)))
            if kind == b"IEND":
                break
    except (png.Error, EOFError, struct.error, ValueError) as error:
        raise PictureRefused("picture_damaged", type(error).__name__) from error
    if not kept or kept[0][0] != b"IHDR" or len(kept[0][1]) != 13 or kept[-1][0] != b"IEND":
        raise PictureRefused("picture_damaged", "no IHDR or IEND")
    if kinds & _ANIMATION:
        raise PictureRefused("picture_animated")
    width, height = struct.unpack(">II", kept[0][1][:8])
    if max(width, height) > LARGEST_SIDE:
        raise PictureRefused("picture_too_many_pixels", f"{width} × {height}")
    if width != height:
        raise PictureRefused("picture_not_square", f"{width} × {height}")
    if width < SMALLEST_SIDE:
        raise PictureRefused("picture_too_small", f"{width} × {height}")
    out = BytesIO()
    png.write_chunks(out, kept)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    image = image.convert("RGBA")
    if image.width > SIDE:
        image = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def _written(image: Image.Image) -> bytes:
    """Write in full colours if that is small enough, else in fewer, else smaller too."""
    for made in (image, _reduced(image), _reduced(image.resize((SIDE // 2, SIDE // 2)))):
        out = BytesIO()
        made.save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST_KEPT:
            break
    return out.getvalue()


def _reduced(image: Image.Image) -> Image.Image:
    return image.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE)
