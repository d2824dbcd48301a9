"""Canonical N-Quads of a credential, from the bundled contexts and within a work limit.

Spec: JSON-LD 1.1; RDF Dataset Canonicalization 1.0 (RDFC-1.0).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, cast

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, serialize

from badges.contexts import CREDENTIALS_V2, OPEN_BADGES, OPEN_BADGES_EXTENSIONS
from badges.statements import UnsafeDocument, statements
from badges.terms import context_of

OPEN_BADGE_CONTEXTS = (
    (CREDENTIALS_V2, OPEN_BADGES),
    (CREDENTIALS_V2, OPEN_BADGES, OPEN_BADGES_EXTENSIONS),
)
STATUS_LIST_CONTEXTS = ((CREDENTIALS_V2,),)
_ALLOWED = OPEN_BADGE_CONTEXTS + STATUS_LIST_CONTEXTS

MAX_ALIKE = 256  # blank nodes that only their alike neighbours tell apart
# Whole code points sort U+E000..U+FFFF before the astral ones, UTF-16 units after them.
_SORTED_APART = re.compile("[\ue000-\uffff]"), re.compile("[\U00010000-\U0010ffff]")


def canonical(document: Mapping[str, Any]) -> str:
    """Return the sorted canonical N-Quads of a document without its proof.

    Raises:
        UnsafeDocument: the document cannot be signed or read safely. Besides the codes of
            `badges.statements`: `context_not_allowed`, `too_complex`, `ambiguous_order`.
    """
    quads = statements(document, context_of(_addresses(document)))
    _refuse_hard_blank_nodes(quads)
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    lines = _lines(dataset)
    text = "".join(sorted(lines))
    if all(pattern.search(text) for pattern in _SORTED_APART):
        _refuse_ambiguous_order(lines, quads)
    return text


def _lines(dataset: Dataset) -> list[str]:
    data = serialize(dataset, format=RdfFormat.N_QUADS) or b""
    return [line + "\n" for line in data.decode("utf-8").split("\n")[:-1]]


def _addresses(document: Mapping[str, Any]) -> tuple[str, ...]:
    addresses = document.get("@context")
    for allowed in _ALLOWED:
        if addresses == list(allowed):
            return allowed
    raise UnsafeDocument("context_not_allowed", "@context")


def _refuse_hard_blank_nodes(quads: list[Quad]) -> None:
    """Bound the work of RDFC-1.0 before it starts: linear where nothing is permuted.

    Blank nodes are told apart by their own statements first (section 4.6); only those that are
    alike cost more, and permutations arise only where one of them has two neighbours, alike in
    turn, in the same role (section 4.8). Documents of that kind carry no more meaning than
    ones that name their nodes, and cost others' software factorial time.
    """
    signatures = _signatures(quads)
    frequency = Counter(signatures.values())
    alike = {node for node, signature in signatures.items() if frequency[signature] > 1}
    roles: Counter[tuple[object, ...]] = Counter()
    linked = set()
    for quad in quads:
        above, below, predicate = quad.subject, quad.object, quad.predicate.value
        if above in alike and below in alike:
            roles[above, "to", predicate, signatures[cast(BlankNode, below)]] += 1
            roles[below, "from", predicate, signatures[cast(BlankNode, above)]] += 1
            linked |= {above, below}
    if len(linked) > MAX_ALIKE or any(count > 1 for count in roles.values()):
        raise UnsafeDocument("too_complex")


def _signatures(quads: list[Quad]) -> dict[BlankNode, tuple[str, ...]]:
    """Return what section 4.6 hashes for each blank node: its statements, other ones unnamed."""
    lines: dict[BlankNode, list[str]] = defaultdict(list)
    for quad in quads:
        above, below = quad.subject, quad.object
        if isinstance(above, BlankNode):
            value = "_:z" if isinstance(below, BlankNode) else str(below)
            lines[above].append(f"_:a {quad.predicate} {value} .")
        if isinstance(below, BlankNode):
            value = "_:z" if isinstance(above, BlankNode) else str(above)
            lines[below].append(f"{value} {quad.predicate} _:a .")
    return {node: tuple(sorted(own)) for node, own in lines.items()}


def _refuse_ambiguous_order(lines: list[str], quads: list[Quad]) -> None:
    """Refuse text that JavaScript canonicalisers sort otherwise than the specification."""
    for group in (lines, *_signatures(quads).values()):
        if sorted(group) != sorted(group, key=lambda line: line.encode("utf-16-be")):
            raise UnsafeDocument("ambiguous_order")
