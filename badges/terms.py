"""What each JSON member of a credential means: the active context of JSON-LD 1.1.

Only the features that the bundled contexts use are read (type-scoped and property-scoped contexts,
coercion, containers); a bundle that used another would be refused when it is loaded.

Spec: JSON-LD 1.1, section 4.1; JSON-LD 1.1 API, section 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from badges import contexts
from badges.errors import BadgeError

_READ = {"@id", "@type", "@container", "@context"}
# Added in place to context 3.0.3: wallets that hold its older content refuse a badge with them.
_UNSETTLED = {"endorsementJwt", "jti"}


class ConflictingTypes(BadgeError):
    """The types of a node give a term a second meaning."""


@dataclass(frozen=True, slots=True)
class Term:
    iri: str
    coercion: str | None = None  # "@id", "@vocab", "@json" or the IRI of a datatype
    container: str | None = None  # "@set", "@list", "@graph"
    scope: Mapping[str, "Term"] | None = None

    @property
    def is_supported(self) -> bool:
        """False for graphs of their own, raw JSON and classes in the place of a property."""
        is_plain = self.coercion != "@json" and self.container != "@graph"
        return is_plain and (self.scope is None or self.coercion == "@vocab")


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Terms in force for a node, before its own types add theirs."""

    terms: Mapping[str, Term]

    def for_types(self, types: tuple[str, ...]) -> "Context":
        """Return the context inside a node of these (known) types.

        Raises:
            ConflictingTypes: their scoped contexts contradict each other.
        """
        return _for_types(self, types) if types else self

    def named_values(self, name: str) -> Mapping[str, Term]:
        """Return the terms that may be given as value of the (known) term, coerced to @vocab."""
        return {**self.terms, **(self.terms[name].scope or {})}


@lru_cache(maxsize=512)
def _for_types(context: Context, types: tuple[str, ...]) -> Context:
    terms = dict(context.terms)
    added: dict[str, Term] = {}
    for name in types:
        for key, term in (context.terms[name].scope or {}).items():
            if added.setdefault(key, term) != term or context.terms.get(key, term) != term:
                raise ConflictingTypes("conflicting_types")
    return Context({**terms, **added}) if added else context


@cache
def context_of(addresses: tuple[str, ...]) -> Context:
    """Return the context that a document with these `@context` addresses starts in.

    Raises:
        KeyError: one of them is not in the bundle.
    """
    terms: dict[str, Term] = {}
    for address in addresses:
        terms.update(_definitions(contexts.load(address)))
    return Context(terms)


def _definitions(raw: Mapping[str, Any]) -> dict[str, Term]:
    terms: dict[str, Term] = {}
    for name, definition in raw.items():
        if name.startswith("@") or name in _UNSETTLED or definition in ("@id", "@type"):
            continue
        terms[name] = _term(definition, raw)
    return terms


def _term(definition: str | Mapping[str, Any], raw: Mapping[str, Any]) -> Term:
    if isinstance(definition, str):
        return Term(definition)
    if set(definition) - _READ:
        raise RuntimeError(f"a bundled context uses {sorted(set(definition) - _READ)}")
    iri = definition["@id"]
    alias = raw.get(iri)  # a term may be defined by the name of another
    scope = definition.get("@context")
    return Term(
        iri=iri if alias is None else _term(alias, raw).iri,
        coercion=definition.get("@type"),
        container=definition.get("@container"),
        scope=None if scope is None else _definitions(scope),
    )
