"""Emblems drawn for micro-credentials: shapes only, no text, the same each time.

The awarding body picks the outline, the ISCED-F field the motif, the code the colours and the ring
of beads (24 bits). A scene of polygons and discs is drawn once and written as PNG or as SVG.
"""

import colorsys
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from io import BytesIO
from itertools import groupby

from PIL import Image, ImageDraw

from badges.motifs import (
    MIDDLE,
    SIDE,
    WHITE,
    Disc,
    Point,
    Polygon,
    Rgb,
    Shape,
    at,
    motif,
    regular,
    zigzag,
)

MIN_CONTRAST = 4.5  # WCAG 2.2 asks 3:1 of graphics; emblems are also seen small
PLATE_CONTRAST = 7.0  # dark enough for coloured accents on it
OVERSAMPLING = 3
BEADS = 24
ACCENT_HUES = (0.12, 0.55, 0.04, 0.42)  # gold, sky, coral, mint


@dataclass(frozen=True, slots=True)
class Palette:
    """Both keep `MIN_CONTRAST`: the plate to white, the accent to the plate."""

    plate: Rgb
    accent: Rgb


def emblem_png(
    mc_code: str,
    *,
    awarding_body: str = "",
    field: str | None = None,
    size: int = SIDE,
    test: bool = False,
) -> bytes:
    """Return a PNG with transparent corners.

    `awarding_body`: its slug; `field`: ISCED-F address or code; `size`: pixels, 16-1024.
    """
    if not 16 <= size <= 1024:
        raise ValueError("size: 16-1024 pixels")
    scale = size * OVERSAMPLING / SIDE
    image = Image.new("RGBA", (size * OVERSAMPLING,) * 2, (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    for shape in _scene(mc_code, awarding_body, field, test):
        if isinstance(shape, Disc):
            (x, y), radius = shape.centre, shape.radius * scale
            draw.circle((x * scale, y * scale), radius, fill=shape.fill)
        else:
            draw.polygon([(x * scale, y * scale) for x, y in shape.points], fill=shape.fill)
    out = BytesIO()
    image.reduce(OVERSAMPLING).save(out, "PNG")
    return out.getvalue()


def emblem_svg(
    mc_code: str, *, awarding_body: str = "", field: str | None = None, test: bool = False
) -> bytes:
    """Return the same emblem as SVG, without a size of its own, hidden from screen readers."""
    scene = groupby(_scene(mc_code, awarding_body, field, test), key=lambda shape: shape.fill)
    body = "".join(f'<g fill="{_hex(fill)}">{"".join(map(_svg, same))}</g>' for fill, same in scene)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}"'
        f' aria-hidden="true">{body}</svg>'
    ).encode("ascii")


def struck_png(image: bytes) -> bytes:
    """Return a PNG with the strokes of a TEST badge across it."""
    with Image.open(BytesIO(image), formats=["PNG"]) as found:
        made = found.convert("RGBA")
    draw, scale = ImageDraw.Draw(made), made.width / SIDE
    for shape in _hatching():
        draw.polygon([(x * scale, y * scale) for x, y in shape.points], fill=shape.fill)
    out = BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


def struck_svg(image: bytes) -> bytes:
    """Return an SVG (of no size of its own) with the strokes of a TEST badge across it."""
    strokes = "".join(f'<g fill="{_hex(one.fill)}">{_svg(one)}</g>' for one in _hatching())
    whole = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">'
    inner = image.replace(b"<svg", f'<svg width="{SIDE}" height="{SIDE}"'.encode(), 1)
    return whole.encode() + inner + f"{strokes}</svg>".encode()


def _svg(shape: Shape) -> str:
    if isinstance(shape, Disc):
        x, y = shape.centre
        return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{shape.radius:.0f}"/>'
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in shape.points)
    return f'<polygon points="{points}"/>'


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def contrast(one: Rgb, other: Rgb) -> float:
    """WCAG 2.2 contrast ratio, 1.0-21.0."""
    brighter, darker = sorted(map(_luminance, (one, other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _scene(code: str, awarding_body: str, field: str | None, test: bool) -> Iterable[Shape]:
    seed = sha256(f"{awarding_body}\n{code}".encode()).digest()
    colours = GREYS if test else palette(seed)
    outline = OUTLINES[sha256(awarding_body.encode()).digest()[0] % len(OUTLINES)]
    yield from outline(196, WHITE)  # keeps the plate apart from a dark page
    yield from outline(188, colours.plate)
    yield Disc((MIDDLE, MIDDLE), 158, colours.accent)
    yield Disc((MIDDLE, MIDDLE), 154, colours.plate)
    yield from _beads(seed, colours.accent)
    yield Disc((MIDDLE, MIDDLE), 116, colours.accent)
    yield Disc((MIDDLE, MIDDLE), 110, WHITE)
    yield from motif(field)(colours.plate)
    if test:
        yield from _hatching()


HATCH: Rgb = (176, 0, 32)
GREYS = Palette((95, 95, 95), (216, 216, 216))


def palette(seed: bytes) -> Palette:
    """Return the colours that the first bytes of a digest pick."""
    hue = int.from_bytes(seed[:2]) / 65536
    plate = _until(PLATE_CONTRAST, WHITE, lambda step: _hls(hue, 0.34 - step, 0.66))
    accent_hue = ACCENT_HUES[seed[2] % len(ACCENT_HUES)]
    accent = _until(MIN_CONTRAST, plate, lambda step: _hls(accent_hue, 0.62 + step, 0.8))
    return Palette(plate, accent)


def _until(ratio: float, against: Rgb, colour: Callable[[float], Rgb]) -> Rgb:
    """The first of ever darker (or lighter) colours that reaches the contrast `ratio`."""
    steps = (colour(step / 100) for step in range(60))
    return next(found for found in steps if contrast(found, against) >= ratio)


def _hls(hue: float, lightness: float, saturation: float) -> Rgb:
    red, green, blue = colorsys.hls_to_rgb(hue, min(max(lightness, 0.0), 1.0), saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _circle(radius: float, fill: Rgb) -> Iterable[Shape]:
    yield Disc((MIDDLE, MIDDLE), radius, fill)


def _scallops(radius: float, fill: Rgb, *, lobes: int) -> Iterable[Shape]:
    lobe = math.pi * radius / lobes / 1.25
    yield Disc((MIDDLE, MIDDLE), radius - lobe, fill)
    for i in range(lobes):
        yield Disc(at(radius - lobe, i / lobes), lobe, fill)


OUTLINES: tuple[Callable[[float, Rgb], Iterable[Shape]], ...] = (
    _circle,
    partial(regular, corners=12, turn=1 / 24),
    partial(regular, corners=8, turn=1 / 16),
    partial(zigzag, corners=24, depth=0.93),
    partial(_scallops, lobes=20),
)


def _beads(seed: bytes, fill: Rgb) -> Iterable[Shape]:
    bits = int.from_bytes(seed[3:6])
    for i in range(BEADS):
        yield Disc(at(135, i / BEADS), 9 if bits >> i & 1 else 4, fill)


def _hatching() -> Iterable[Polygon]:
    """Diagonal strokes across everything: chords of a circle, so that no clipping is needed."""
    for distance in range(-120, 121, 60):
        half = math.sqrt(172**2 - distance**2)
        for fill, half_width in ((WHITE, 11), (HATCH, 7)):
            sides = (distance - half_width, distance + half_width)
            corners = ((half, sides[0]), (half, sides[1]), (-half, sides[1]), (-half, sides[0]))
            yield Polygon(tuple(_diagonal(*corner) for corner in corners), fill)


def _diagonal(along: float, across: float) -> Point:
    root = math.sqrt(0.5)
    return MIDDLE + (along + across) * root, MIDDLE + (across - along) * root
