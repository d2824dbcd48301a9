"""SVG that holds shapes and colours, and nothing that runs, moves, loads or multiplies.

What is drawn and not known here is refused by its name, so that nobody's picture changes unseen;
what draws nothing (metadata of drawing programs, comments) is left out. Left out on purpose:
`use`, `pattern`, `mask` and dashes, with which a small file costs a viewer hours.
"""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from badges.errors import BadgeError

MOST_ELEMENTS = 4000
DEEPEST = 40
LONGEST_VALUE = 100_000
"""Characters of one attribute: a path can be long."""

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_SHAPES = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
_GRADIENTS = frozenset({"linearGradient", "radialGradient"})
_ELEMENTS = _SHAPES | _GRADIENTS | {"svg", "g", "defs", "stop", "clipPath"}
_SILENT = frozenset({"metadata", "title", "desc"})
_PRESENTATION = frozenset(
    {"fill", "fill-opacity", "fill-rule", "clip-rule", "opacity", "color", "display", "visibility"}
    | {"stroke", "stroke-width", "stroke-opacity", "stroke-linecap", "stroke-linejoin"}
    | {"stroke-miterlimit", "stop-color", "stop-opacity", "clip-path", "paint-order"}
)
LOOKS = frozenset(
    {"filter", "mask", "marker", "marker-start", "marker-mid", "marker-end", "mix-blend-mode"}
    | {"stroke-dasharray", "stroke-dashoffset", "vector-effect", "transform-origin", "isolation"}
)
"""What changes how a drawing looks and is left out, as attribute or in `style`."""
_NOTHING = frozenset({"", "none", "normal", "auto", "0", "inherit"})
_ATTRIBUTES = _PRESENTATION | frozenset(
    {"id", "d", "points", "x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "fx", "fy"}
    | {"x1", "y1", "x2", "y2", "transform", "offset", "gradientUnits", "gradientTransform"}
    | {"spreadMethod", "clipPathUnits"}
)
_VALUE = re.compile(r"(?:url\(#[\w.-]{1,100}\))?(?P<rest>[\w\s#.,()%+-]*)", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,99}", re.ASCII)
_NUMBER = re.compile(
    r"([+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:[eE][+-]?\d{1,2})?)(?:px)?", re.ASCII
)
_NUMBERS = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_COLOUR = re.compile(r"#[0-9A-Fa-f]*")
_LONGEST_NUMBER = 40
_LARGEST = 1e6

ET.register_namespace("", _SVG.strip("{}"))


class PictureRefused(BadgeError, ValueError):
    """Codes: `picture_type`, `picture_too_large`, `picture_damaged`, `picture_animated`,
    `picture_not_square`, `picture_too_small`, `picture_too_many_pixels`, `picture_doctype`,
    `picture_element`, `picture_reference`, `picture_too_complex`. `detail`: an element or size."""


def clean(data: bytes) -> bytes:
    """Return an SVG made anew of the shapes and colours of another, as square as it.

    Raises:
        PictureRefused: with what is wrong with it.
    """
    root = _parsed(data)
    if root.tag != f"{_SVG}svg":
        raise PictureRefused("picture_type")
    made = ET.Element(f"{_SVG}svg", {"viewBox": _view_box(root)})
    made.attrib.update(_attributes(root))
    for name in ("x", "y", "width", "height", "transform", "id"):
        made.attrib.pop(name, None)
    _fill(root, made)
    _check_references(made)
    if not any(_name(one) in _SHAPES for one in made.iter()):
        raise PictureRefused("picture_damaged", "nothing is drawn")
    return ET.tostring(made, encoding="unicode").encode("ascii", "xmlcharrefreplace")


def lost(data: bytes) -> tuple[str, ...]:
    """Return what `clean` leaves out although it changes how the drawing looks, by its names."""
    found: set[str] = set()
    for element in _parsed(data).iter():
        if str(element.tag).startswith(_SVG):
            told = {**element.attrib, **dict(_declarations(element.get("style", "")))}
            found.update(name for name in LOOKS & told.keys() if told[name] not in _NOTHING)
    return tuple(sorted(found))


def _parsed(data: bytes) -> ET.Element:
    try:
        root: ET.Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise PictureRefused("picture_doctype") from error
    except (ET.ParseError, LookupError, ValueError) as error:
        raise PictureRefused("picture_damaged", type(error).__name__) from error
    return root


def _view_box(root: ET.Element) -> str:
    """Return the part that is shown: square, as `viewBox` or else width and height say."""
    told = root.get("viewBox")
    parts = re.split(r"[\s,]+", told.strip()[:200]) if told else ["0", "0", *map(root.get, _SIZE)]
    numbers = [_number(one or "") for one in parts]
    if len(numbers) != 4 or not all(abs(one) <= _LARGEST for one in numbers):
        raise PictureRefused("picture_damaged", "viewBox")
    x, y, width, height = numbers
    if width <= 0 or height <= 0 or not math.isclose(width, height, rel_tol=0.01):
        raise PictureRefused("picture_not_square", f"{width:g} × {height:g}")
    return f"{x:g} {y:g} {width:g} {height:g}"


_SIZE = ("width", "height")


def _number(told: str) -> float:
    told = told.strip()
    found = _NUMBER.fullmatch(told) if len(told) < _LONGEST_NUMBER else None
    return float(found[1]) if found else math.nan


def _fill(root: ET.Element, made: ET.Element) -> None:
    """Copy what is known from one tree to the other."""
    waiting, count = [(root, made, 1, False)], 0
    while waiting:
        old, new, depth, is_clip = waiting.pop()
        for child in old:
            count += 1
            if count > MOST_ELEMENTS or depth > DEEPEST:
                raise PictureRefused("picture_too_complex")
            if not _is_drawn(child):
                continue
            copy = ET.SubElement(new, child.tag, _attributes(child))
            if within := is_clip or _name(child) == "clipPath":
                copy.attrib.pop("clip-path", None)  # clips within clips multiply
            waiting.append((child, copy, depth + 1, within))


def _is_drawn(element: ET.Element) -> bool:
    """Return whether an element is copied; what draws nothing is not.

    Raises:
        PictureRefused: `picture_element`, `picture_animated`.
    """
    if not element.tag.startswith(_SVG):
        return False  # what a drawing program keeps for itself
    name = _name(element)
    if name in _SILENT or (name in ("defs", "style") and not len(element) and not element.text):
        return False
    if name in ("animate", "animateMotion", "animateTransform", "set"):
        raise PictureRefused("picture_animated", name)
    if name not in _ELEMENTS or name == "svg":
        raise PictureRefused("picture_element", name[:40])
    return True


def _attributes(element: ET.Element) -> dict[str, str]:
    """Return the known attributes of an element, those of its `style` among them."""
    told = {**element.attrib, **dict(_style(element.get("style", "")))}
    kept = {name: value for name, value in told.items() if name in _ATTRIBUTES}
    if _name(element) in _GRADIENTS and (target := told.get("href") or told.get(_XLINK)):
        kept["href"] = target
    for name, value in list(kept.items()):
        if not _is_sound(name, value):
            raise PictureRefused("picture_reference", name)
    return kept


def _style(declared: str) -> Iterator[tuple[str, str]]:
    return (one for one in _declarations(declared) if one[0] in _PRESENTATION)


def _declarations(declared: str) -> Iterator[tuple[str, str]]:
    for one in declared.split(";"):
        name, _, value = one.partition(":")
        yield name.strip(), value.replace("!important", "").strip()


def _is_sound(name: str, value: str) -> bool:
    if len(value) > LONGEST_VALUE:
        raise PictureRefused("picture_too_complex")
    if name == "href":
        return value.startswith("#") and _NAME.fullmatch(value[1:]) is not None
    if name == "id":
        return _NAME.fullmatch(value) is not None
    found = _VALUE.fullmatch(value)
    if found is None or "url" in found["rest"].lower():
        return False
    if not all(map(_is_drawable, _NUMBERS.findall(_COLOUR.sub("", found["rest"])))):
        raise PictureRefused("picture_damaged", name)
    return True


def _is_drawable(number: str) -> bool:
    return len(number) < _LONGEST_NUMBER and float(number) <= _LARGEST


def _check_references(root: ET.Element) -> None:
    """Refuse gradients that refer to each other in a circle, or to many others in a row."""
    following = {one.get("id"): one.get("href", "")[1:] for one in root.iter() if one.get("href")}
    for start in following:
        here, steps = start, 0
        while here in following:
            here, steps = following[here], steps + 1
            if steps > DEEPEST:
                raise PictureRefused("picture_too_complex")


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
