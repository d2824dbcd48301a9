"""The RDF statements of a credential, or a refusal: nothing in it goes unsigned or unread.

JSON-LD processors drop silently what they cannot express (undefined terms, relative IRIs, nulls).
Here each JSON member yields a statement or raises `UnsafeDocument`, so two documents with the same
statements differ in nothing but the order of their sets.

Spec: JSON-LD 1.1 API, sections 5.1 (expansion) and 8.1 (deserialise to RDF), for documents whose
contexts are the bundled ones.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from badges.errors import BadgeError
from badges.strict_json import MAX_INTEGER
from badges.terms import ConflictingTypes, Context, Term

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _FIRST, _REST, _NIL = (NamedNode(_RDF + n) for n in ("type", "first", "rest", "nil"))
_XSD = "http://www.w3.org/2001/XMLSchema#"
_BOOLEAN, _INTEGER, _DOUBLE = (NamedNode(_XSD + n) for n in ("boolean", "integer", "double"))
# Canonicalisers disagree about escaping these (tab, line feed and carriage return are safe).
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TINY = 1e-6  # below, JavaScript writes another lexical form
MAX_DEPTH = 32
MAX_STATEMENTS = 4096
MAX_TYPES = 8

Subject = NamedNode | BlankNode
Object = NamedNode | BlankNode | Literal


class UnsafeDocument(BadgeError):
    """Something in the document could not be signed, or not be read alike by everybody.

    `detail` is the path of the member, e.g. `credentialSubject.result[0].value`.
    """


def statements(document: Mapping[str, Any], context: Context) -> list[Quad]:
    """Return the statements of `document`, whose root `@context` gave `context`.

    Raises:
        UnsafeDocument: see the codes in this module.
    """
    reader = _Reader()
    root = {key: value for key, value in document.items() if key != "@context"}
    reader.node(root, context, "", 0)
    return reader.quads


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands: below which term, in which node, at which depth."""

    name: str
    term: Term
    context: Context  # inside the node
    outer: Context  # outside it: contexts of its types do not reach into nodes below
    depth: int


class _Reader:
    def __init__(self) -> None:
        self.quads: list[Quad] = []
        self._blank_nodes = 0

    def node(self, node: dict[str, Any], outer: Context, path: str, depth: int) -> Subject:
        if depth > MAX_DEPTH:
            raise UnsafeDocument("too_deep", path)
        subject = _iri(node["id"], _join(path, "id")) if "id" in node else self._blank()
        context = outer
        if "type" in node:
            context = self._type(subject, node["type"], outer, _join(path, "type"))
        for name, value in node.items():
            if name not in ("id", "type"):
                inside = _join(path, name)
                place = _Place(name, _term(name, context, inside), context, outer, depth)
                self._member(subject, value, place, inside)
        return subject

    def _type(self, subject: Subject, value: Any, context: Context, path: str) -> Context:
        types = value if isinstance(value, list) else [value]
        if not 0 < len(types) <= MAX_TYPES or not all(isinstance(name, str) for name in types):
            raise UnsafeDocument("malformed_type", path)
        for name in types:
            if name not in context.terms:
                raise UnsafeDocument("undefined_type", path)
            self._add(subject, _TYPE, NamedNode(context.terms[name].iri), path)
        try:
            return context.for_types(tuple(sorted(set(types))))
        except ConflictingTypes:
            raise UnsafeDocument("conflicting_types", path) from None

    def _member(self, subject: Subject, value: Any, place: _Place, path: str) -> None:
        objects = self._objects(value, place, path)
        predicate = NamedNode(place.term.iri)
        if place.term.container == "@list":
            self._add(subject, predicate, self._list(list(objects), path), path)
            return
        for item in objects:
            self._add(subject, predicate, item, path)

    def _objects(self, value: Any, place: _Place, path: str) -> Iterator[Object]:
        if not isinstance(value, list):
            yield self._object(value, place, path)
            return
        if not value:
            raise UnsafeDocument("empty_value", path)
        for position, item in enumerate(value):
            yield self._object(item, place, f"{path}[{position}]")

    def _object(self, value: Any, place: _Place, path: str) -> Object:
        if isinstance(value, dict):
            return self.node(value, place.outer, path, place.depth + 1)
        if value is None:
            raise UnsafeDocument("empty_value", path)
        if isinstance(value, list):
            raise UnsafeDocument("nested_list", path)
        if isinstance(value, str):
            return _text(value, place, path)
        return _number(value, place.term, path)

    def _list(self, items: list[Object], path: str) -> Subject:
        head: Subject = _NIL
        for item in reversed(items):
            cell = self._blank()
            self._add(cell, _FIRST, item, path)
            self._add(cell, _REST, head, path)
            head = cell
        return head

    def _blank(self) -> BlankNode:
        self._blank_nodes += 1
        return BlankNode(f"b{self._blank_nodes}")

    def _add(self, subject: Subject, predicate: NamedNode, value: Object, path: str) -> None:
        if len(self.quads) >= MAX_STATEMENTS:
            raise UnsafeDocument("too_large", path)
        self.quads.append(Quad(subject, predicate, value))


def _term(name: object, context: Context, path: str) -> Term:
    if not isinstance(name, str) or name.startswith("@"):
        raise UnsafeDocument("keyword", path)
    term = context.terms.get(name)
    if term is None:
        raise UnsafeDocument("undefined_term", path)
    if not term.is_supported:
        raise UnsafeDocument("unsupported_term", path)
    return term


def _text(value: str, place: _Place, path: str) -> Object:
    coercion = place.term.coercion
    if coercion == "@id":
        return _iri(value, path)
    if coercion == "@vocab":
        known = place.context.named_values(place.name)
        if value not in known:
            raise UnsafeDocument("undefined_value", path)
        return NamedNode(known[value].iri)
    _check_characters(value, path)
    return Literal(value, datatype=NamedNode(coercion)) if coercion else Literal(value)


def _number(value: Any, term: Term, path: str) -> Literal:
    if term.coercion in ("@id", "@vocab"):
        raise UnsafeDocument("malformed_iri", path)
    if isinstance(value, bool):
        lexical, datatype = ("true" if value else "false"), _BOOLEAN
    elif isinstance(value, int | float):
        lexical, datatype = _lexical(value, path)
    else:
        raise UnsafeDocument("not_json", path)
    return Literal(lexical, datatype=NamedNode(term.coercion) if term.coercion else datatype)


def _lexical(value: float, path: str) -> tuple[str, NamedNode]:
    """Return the canonical lexical form (JSON-LD 1.1 API, section 8.6), if it loses nothing."""
    if not abs(value) <= MAX_INTEGER:  # so written, NaN is refused as well
        raise UnsafeDocument("inexact_number", path)
    if value == int(value):
        return str(int(value)), _INTEGER
    mantissa, exponent = f"{value:.15E}".split("E")
    digits = mantissa.rstrip("0")
    lexical = f"{digits}{'0' if digits.endswith('.') else ''}E{int(exponent)}"
    if float(lexical) != value or abs(value) < _TINY:
        raise UnsafeDocument("inexact_number", path)
    return lexical, _DOUBLE


def _iri(value: Any, path: str) -> NamedNode:
    if not isinstance(value, str):
        raise UnsafeDocument("malformed_iri", path)
    _check_characters(value, path)
    try:
        return NamedNode(value)  # checks RFC 3987, absolute IRIs only
    except ValueError:
        raise UnsafeDocument("malformed_iri", path) from None


def _check_characters(value: str, path: str) -> None:
    if _CONTROL.search(value):
        raise UnsafeDocument("control_character", path)
    if _SURROGATE.search(value):
        raise UnsafeDocument("lone_surrogate", path)


def _join(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)
