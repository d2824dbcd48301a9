"""Statements of a document: ours are those of independent processors."""

import json
import time
from collections.abc import Callable
from typing import Any

import pyoxigraph
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyld import jsonld as pyld

from badges import contexts, jsonld, samples
from badges.statements import UnsafeDocument
from tests.factories import signing
from tests.factories.signing import Document, minimal

VOCABULARY = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"


def by_pyoxigraph(document: Document) -> str:
    """The same by a JSON-LD processor of others, which takes contexts in place of addresses."""
    inlined = {**document, "@context": [contexts.load(a) for a in document["@context"]]}
    quads = pyoxigraph.parse(json.dumps(inlined), format=pyoxigraph.RdfFormat.JSON_LD)
    dataset = pyoxigraph.Dataset(quads)
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    data = pyoxigraph.serialize(dataset, format=pyoxigraph.RdfFormat.N_QUADS) or b""
    return "".join(sorted(line + "\n" for line in data.decode().split("\n")[:-1]))


def by_pyld(document: Document) -> str:
    def load(address: str, _options: object) -> dict[str, Any]:
        context = {"@context": contexts.load(address)}
        return {"contextUrl": None, "documentUrl": address, "document": context}

    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": load,
    }
    text: str = pyld.normalize(document, options)
    return text


def refused(document: Document) -> tuple[str, str]:
    with pytest.raises(UnsafeDocument) as refusal:
        jsonld.canonical(document)
    return refusal.value.code, refusal.value.detail


def with_achievement(**members: Any) -> Document:
    document = minimal()
    document["credentialSubject"]["achievement"].update(members)
    return document


def results(*nodes: Document) -> Document:
    document = minimal()
    document["credentialSubject"]["result"] = list(nodes)
    return document


def test_the_context_of_vc_2_0_is_the_one_whose_digest_the_specification_prints() -> None:
    _, digest = contexts._FILES["https://www.w3.org/ns/credentials/v2"]
    assert digest == "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"
    assert contexts.load("https://www.w3.org/ns/credentials/v2")["@protected"] is True


def test_a_context_outside_the_bundle_is_not_looked_for() -> None:
    with pytest.raises(KeyError):
        contexts.load("https://www.w3.org/2018/credentials/v1")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("mc", samples.all(), ids=lambda mc: str(mc.code))
def test_real_badges_are_read_as_others_read_them(mc: Any, language: str) -> None:
    document = signing.built(mc, signing.today(), language)
    ours = jsonld.canonical(document)
    assert ours == by_pyoxigraph(document)
    assert ours == by_pyld(document)


def test_the_extensions_context_is_read_as_others_read_it() -> None:
    schema = {"id": "https://example.org/schema.json", "type": "1EdTechJsonSchemaValidator2019"}
    document = minimal(credentialSchema=[schema])
    document["@context"].append(contexts.OPEN_BADGES_EXTENSIONS)
    assert jsonld.canonical(document) == by_pyld(document) == by_pyoxigraph(document)
    del document["@context"][-1]
    assert refused(document)[0] == "undefined_type"


safe_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\t\n\r\x85\u2028"\\')
)
numbers = (
    st.integers(-(2**53) + 1, 2**53 - 1)
    | st.decimals(-1000, 1000, places=3).map(float)
    | st.floats(-1e9, 1e9)
)
texts = st.fixed_dictionaries({"type": st.just(["Result"])}, optional={"value": safe_text})
alignments = st.fixed_dictionaries(
    {"type": st.just(["Alignment"]), "targetName": safe_text},
    optional={"targetCode": safe_text, "id": st.sampled_from(["urn:a:1", "urn:a:2"])},
)
nested = st.fixed_dictionaries(
    {"type": st.just(["Result"])},
    optional={"alignment": st.lists(alignments, min_size=1, max_size=3), "value": safe_text},
)


@given(
    st.lists(texts | nested, min_size=1, max_size=5),
    numbers,
    safe_text,
    st.lists(safe_text, min_size=1, max_size=4),
)
def test_whatever_is_accepted_is_read_as_others_read_it(
    nodes: list[Document], number: float, text: str, levels: list[str]
) -> None:
    document = results(*nodes)
    subject = document["credentialSubject"]
    subject["achievement"] |= {"creditsAvailable": number, "description": text, "tag": levels}
    description = {"id": "urn:r:1", "type": ["ResultDescription"], "allowedValue": levels}
    subject["achievement"]["resultDescription"] = [description]
    try:
        ours = jsonld.canonical(document)
    except UnsafeDocument as refusal:
        assume(refusal.code not in ("inexact_number", "ambiguous_order", "too_complex"))
        raise
    assert ours == by_pyld(document)
    if number * 8 == int(number * 8):  # it writes the shortest fraction, JSON-LD sixteen digits
        assert ours == by_pyoxigraph(document)


def edited(edit: Callable[[Document], None]) -> Document:
    document = minimal()
    edit(document)
    return document


SUBJECT = "credentialSubject"
REFUSED: list[tuple[str, Document, str]] = [
    ("undefined_term", minimal(colour="red"), "colour"),
    ("undefined_term", minimal(**{"https://schema.org/name": "x"}), "https://schema.org/name"),
    ("undefined_term", minimal(jti="https://example.org/1"), "jti"),
    ("undefined_term", minimal(endorsementJwt=["a.b.c"]), "endorsementJwt"),
    ("undefined_term", minimal(name={"en": "Welding"}), "name.en"),
    ("keyword", minimal(name={"@value": "Welding", "@language": "en"}), "name.@value"),
    ("keyword", minimal(**{"@id": "urn:x:1"}), "@id"),
    ("keyword", minimal(**{"@included": [{"id": "urn:x:1"}]}), "@included"),
    ("keyword", with_achievement(**{"@reverse": {}}), f"{SUBJECT}.achievement.@reverse"),
    ("keyword", with_achievement(**{"@context": {}}), f"{SUBJECT}.achievement.@context"),
    ("unsupported_term", minimal(proof={"type": "DataIntegrityProof"}), "proof"),
    ("unsupported_term", minimal(_sd=["x"]), "_sd"),
    ("unsupported_term", minimal(Achievement="x"), "Achievement"),
    ("undefined_type", minimal(type=["VerifiableCredential", "Diploma"]), "type"),
    ("undefined_type", minimal(type=["https://example.org/Diploma"]), "type"),
    ("malformed_type", minimal(type=[]), "type"),
    ("malformed_type", minimal(type=[["Achievement"]]), "type"),
    ("malformed_type", minimal(type=["VerifiableCredential"] * 9), "type"),
    (
        "conflicting_types",
        results({"type": ["Result", "Achievement"]}),
        f"{SUBJECT}.result[0].type",
    ),
    ("malformed_iri", minimal(id="badges/1"), "id"),
    ("malformed_iri", minimal(id="_:b0"), "id"),
    ("malformed_iri", minimal(id="https://example.org/a b"), "id"),
    ("malformed_iri", minimal(id='https://example.org/"'), "id"),
    ("malformed_iri", minimal(id="https://example.org/<b>"), "id"),
    ("malformed_iri", minimal(id="https://example.org/{b}"), "id"),
    ("malformed_iri", minimal(id="https://example.org/%zz"), "id"),
    ("malformed_iri", minimal(id=7), "id"),
    ("malformed_iri", edited(lambda d: d.update(id=None)), "id"),
    ("malformed_iri", with_achievement(image="emblem.png"), f"{SUBJECT}.achievement.image"),
    ("malformed_iri", with_achievement(image=7), f"{SUBJECT}.achievement.image"),
    ("control_character", minimal(name="a\x00b"), "name"),
    ("control_character", minimal(name="a\x0cb"), "name"),
    ("control_character", minimal(name="a\x1fb"), "name"),
    ("control_character", minimal(name="a\x7fb"), "name"),
    ("lone_surrogate", minimal(name="a\ud800b"), "name"),
    ("lone_surrogate", minimal(id="https://example.org/\udc00"), "id"),
    ("empty_value", edited(lambda d: d.update(name=None)), "name"),
    ("empty_value", minimal(evidence=[]), "evidence"),
    ("empty_value", edited(lambda d: d.update(evidence=[None])), "evidence[0]"),
    ("nested_list", with_achievement(tag=[["a"]]), f"{SUBJECT}.achievement.tag[0]"),
    ("not_json", edited(lambda d: d.update(name=b"x")), "name"),
    ("not_json", edited(lambda d: d.update(name=("x",))), "name"),
]


@pytest.mark.parametrize(("code", "document", "path"), REFUSED)
def test_what_others_would_drop_or_read_differently_is_refused(
    code: str, document: Document, path: str
) -> None:
    assert refused(document) == (code, path)


@pytest.mark.parametrize(
    "number",
    [2**53, -(2**53), 10**30, float("inf"), float("nan"), 0.1 + 0.2, 1e-7, 1e300],
)
def test_a_number_that_readers_write_differently_is_refused(number: float) -> None:
    code, path = refused(with_achievement(creditsAvailable=number))
    assert (code, path) == ("inexact_number", f"{SUBJECT}.achievement.creditsAvailable")


@pytest.mark.parametrize(
    ("number", "lexical"),
    [
        (3, "3"),
        (3.0, "3"),
        (0.1, "1.0E-1"),
        (12.25, "1.225E1"),
        (0.07, "7.000000000000001E-2"),
        (-2.5, "-2.5E0"),
        (-0.0, "0"),
    ],
)
def test_a_number_has_its_canonical_form(number: float, lexical: str) -> None:
    assert f'"{lexical}"^^<' in jsonld.canonical(with_achievement(creditsAvailable=number))


def test_line_breaks_of_other_scripts_stay_in_one_statement() -> None:
    document = minimal(name="a\u2028b\x85c\r\nd\te")
    lines = jsonld.canonical(document).split("\n")
    assert [line for line in lines if "schema.org/name" in line and "\u2028" in line] == [
        f'<{document["id"]}> <https://schema.org/name> "a\u2028b\x85c\\r\\nd\\te" .'
    ]


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        "https://www.w3.org/ns/credentials/v2",
        [contexts.OPEN_BADGES, contexts.CREDENTIALS_V2],
        [contexts.CREDENTIALS_V2, contexts.OPEN_BADGES, {"name": "https://example.org/name"}],
        [contexts.CREDENTIALS_V2, "https://purl.imsglobal.org/spec/ob/v3p0/context.json"],
        [contexts.CREDENTIALS_V2, contexts.OPEN_BADGES, "https://example.org/more"],
        [contexts.CREDENTIALS_V2, contexts.OPEN_BADGES, contexts.OPEN_BADGES_EXTENSIONS] * 2,
    ],
)
def test_other_context_lists_are_refused(addresses: object) -> None:
    assert refused(minimal(**{"@context": addresses})) == ("context_not_allowed", "@context")


def test_text_that_javascript_sorts_otherwise_is_refused() -> None:
    """UTF-16 units put an emoji before the ligature, code points after it."""
    document = with_achievement(tag=["\ufb01nance", "\U0001f600fun"])
    assert refused(document) == ("ambiguous_order", "")
    assert jsonld.canonical(with_achievement(tag=["\ufb01nance"], name="\U0001f600fun"))


def test_the_order_inside_a_blank_node_counts_as_well() -> None:
    """Both texts stand in one unnamed node, the values of one term."""
    document = results({"type": ["Result"], "value": ["\ufb01", "\U0001f600"]})
    assert refused(document) == ("ambiguous_order", "")


def poison(width: int) -> Document:
    """Unnamed nodes that are alike, each above unnamed nodes that are alike."""
    leaf = {"type": ["Alignment"], "targetName": "same"}
    return results(*[{"type": ["Result"], "alignment": [leaf] * width}] * 2)


@pytest.mark.parametrize("width", [2, 8, 200])
def test_blank_nodes_that_need_permutations_are_refused(width: int) -> None:
    assert refused(poison(width)) == ("too_complex", "")


def test_many_results_that_are_alike_are_no_hard_case() -> None:
    document = results(*[{"type": ["Result"], "status": "Completed", "value": "80"}] * 40)
    assert jsonld.canonical(document) == by_pyld(document)


def test_equal_lists_of_levels_are_no_hard_case() -> None:
    document = with_achievement(
        resultDescription=[
            {"id": f"urn:r:{n}", "type": ["ResultDescription"], "allowedValue": list("ABCDEF")}
            for n in range(10)
        ]
    )
    assert jsonld.canonical(document) == by_pyld(document)


def test_the_largest_accepted_work_stays_far_below_a_second() -> None:
    alignments = [
        {"type": ["Alignment"], "targetName": str(number), "targetUrl": f"urn:t:{number}"}
        for number in range(10)
    ]
    document = results(*[{"type": ["Result"], "alignment": alignments}] * 23)
    start = time.process_time()
    jsonld.canonical(document)
    assert time.process_time() - start < 1.0


def test_a_document_without_end_is_refused() -> None:
    document = minimal()
    document["issuer"]["parentOrg"] = document["issuer"]
    assert refused(document)[0] == "too_deep"


def test_too_many_statements_are_refused() -> None:
    document = with_achievement(tag=[str(number) for number in range(5000)])
    assert refused(document)[0] == "too_large"
