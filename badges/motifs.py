"""The pictures in the middle of an emblem, one for each broad field of ISCED-F 2013.

Everything is made of polygons and discs in a square of 400 by 400, in one ink on white.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SIDE = 400  # of the square that all coordinates below refer to
MIDDLE = SIDE / 2

Point = tuple[float, float]
Rgb = tuple[int, int, int]

WHITE: Rgb = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Disc:
    centre: Point
    radius: float
    fill: Rgb


@dataclass(frozen=True, slots=True)
class Polygon:
    points: tuple[Point, ...]
    fill: Rgb


Shape = Disc | Polygon


def at(radius: float, turn: float) -> Point:
    """A point at `turn` (0.0-1.0, clockwise from the top) of a circle round the middle."""
    angle = 2 * math.pi * turn
    return MIDDLE + radius * math.sin(angle), MIDDLE - radius * math.cos(angle)


def regular(radius: float, fill: Rgb, *, corners: int, turn: float = 0.0) -> Iterable[Shape]:
    yield Polygon(tuple(at(radius, turn + i / corners) for i in range(corners)), fill)


def zigzag(radius: float, fill: Rgb, *, corners: int, depth: float) -> Iterable[Shape]:
    radii = (radius, radius * depth)
    points = (at(radii[i % 2], i / (2 * corners)) for i in range(2 * corners))
    yield Polygon(tuple(points), fill)


def motif(field: str | None) -> Callable[[Rgb], Iterable[Shape]]:
    """Return what draws the motif of an ISCED-F code, also of one that ends an address."""
    found = re.search(r"(\d{2})\d{0,2}$", field or "")
    return MOTIFS.get(found[1], _star) if found else _star


def _star(ink: Rgb) -> Iterable[Shape]:
    return zigzag(84, ink, corners=5, depth=0.45)


def _book(ink: Rgb) -> Iterable[Shape]:
    for side in (-1, 1):
        yield _figure(ink, (side * 5, -38), (side * 78, -56), (side * 78, 42), (side * 5, 60))
        for y in (-26, 0, 26):
            line = ((20, y - 8), (64, y - 18), (64, y - 9), (20, y + 1))
            yield _figure(WHITE, *((side * x, height) for x, height in line))


def _brush(ink: Rgb) -> Iterable[Shape]:
    yield _disc(ink, 0, 0, 78)
    for turn in (0.0, 0.17, 0.34, 0.83):
        x, y = at(48, turn)
        yield Disc((x, y), 14, WHITE)
    yield _disc(WHITE, -28, 52, 30)


def _people(ink: Rgb) -> Iterable[Shape]:
    for x, scale in ((-50, 0.75), (50, 0.75), (0, 1.0)):
        for fill, edge in ((WHITE, 7.0), (ink, 0.0)):
            yield _disc(fill, x, 58 - 90 * scale, 25 * scale + edge)
            yield _disc(fill, x, 58 - 18 * scale, 40 * scale + edge)
            yield _box(fill, x - 40 * scale - edge, 58 - 18 * scale, x + 40 * scale + edge, 58)


def _bars(ink: Rgb) -> Iterable[Shape]:
    for x, height in ((-54, 40), (-18, 66), (18, 94), (54, 124)):
        yield _box(ink, x - 14, 58 - height, x + 14, 58)
    yield _box(ink, -76, 64, 76, 72)


def _molecule(ink: Rgb) -> Iterable[Shape]:
    yield from regular(66, ink, corners=6)
    yield from regular(54, WHITE, corners=6)
    for i in range(6):
        yield Disc(at(62, i / 6), 20 if i % 2 else 14, ink)
    yield _disc(ink, 0, 0, 18)


def _chip(ink: Rgb) -> Iterable[Shape]:
    for offset in (-36, -12, 12, 36):
        yield _box(ink, offset - 5, -80, offset + 5, 80)
        yield _box(ink, -80, offset - 5, 80, offset + 5)
    yield _box(ink, -58, -58, 58, 58)
    yield _box(WHITE, -44, -44, 44, 44)
    yield _box(ink, -28, -28, 28, 28)


def _gear(ink: Rgb) -> Iterable[Shape]:
    teeth, points = 10, []
    for i in range(teeth):
        for radius, share in ((64, -0.3), (84, -0.2), (84, 0.2), (64, 0.3)):
            points.append(at(radius, (i + share) / teeth))
    yield Polygon(tuple(points), ink)
    yield _disc(WHITE, 0, 0, 34)
    yield _disc(ink, 0, 0, 16)


def _sprout(ink: Rgb) -> Iterable[Shape]:
    yield _box(ink, -5, -24, 5, 78)
    for side, y, size in ((1, 6, 1.0), (-1, 40, 0.85)):
        leaf = []
        for step in range(9):
            along = step / 8
            leaf.append((along, 0.34 * math.sin(math.pi * along) ** 0.8))
        outline = leaf + [(along, -bulge) for along, bulge in reversed(leaf[1:-1])]
        length = 92 * size
        yield _figure(
            ink,
            *(
                (side * length * (a * 0.72 + b * 0.69), y - length * (a * 0.69 - b * 0.72))
                for a, b in outline
            ),
        )


def _cross(ink: Rgb) -> Iterable[Shape]:
    yield _box(ink, -26, -78, 26, 78)
    yield _box(ink, -78, -26, 78, 26)


def _compass(ink: Rgb) -> Iterable[Shape]:
    yield _disc(ink, 0, 0, 60)
    yield _disc(WHITE, 0, 0, 50)
    yield from zigzag(92, ink, corners=4, depth=0.26)
    yield _disc(WHITE, 0, 0, 9)


MOTIFS: dict[str, Callable[[Rgb], Iterable[Shape]]] = {
    "00": _star,
    "01": _book,
    "02": _brush,
    "03": _people,
    "04": _bars,
    "05": _molecule,
    "06": _chip,
    "07": _gear,
    "08": _sprout,
    "09": _cross,
    "10": _compass,
}


def _figure(fill: Rgb, *points: Point) -> Polygon:
    """A polygon whose points are given from the middle."""
    return Polygon(tuple((MIDDLE + x, MIDDLE + y) for x, y in points), fill)


def _box(fill: Rgb, left: float, top: float, right: float, bottom: float) -> Polygon:
    return _figure(fill, (left, top), (right, top), (right, bottom), (left, bottom))


def _disc(fill: Rgb, x: float, y: float, radius: float) -> Disc:
    return Disc((MIDDLE + x, MIDDLE + y), radius, fill)
