"""Links to the next page, in every shape that platforms write; and containers without an end."""

import pytest

from lti_tool.lti import addresses, paging
from lti_tool.lti.errors import ServiceError
from lti_tool.outbound import Response

HERE = "https://lms.example/members?type_id=1"
NEXT = "https://lms.example/members?bookmark=AbC"


def answer(url: str, link: str = "", content: bytes = b"[]") -> Response:
    return Response(url, 200, "OK", {"Link": link} if link else {}, content)


@pytest.mark.parametrize(
    "header",
    [
        f'<{NEXT}>; rel="next"',
        f"<{NEXT}>; rel=next",
        f"<{NEXT}>;rel='next'",
        f'<{NEXT}> ; title="page 2, of <3>"; REL = "Next"',
        f'<{NEXT}>; type="a;b"; rel="last next"',
        f'<https://lms.example/first>; rel="first", <{NEXT}>; rel="next", <x>; rel="last"',
        f"<{NEXT}>; rel=“next”",
        f"<{NEXT}>; rel=“next”".encode().decode("latin-1"),  # as it comes out of http.client
        '</members?bookmark=AbC>; rel="next"',
        '<?bookmark=AbC>; rel="next"',
        '<http://lms.example:8080/members?bookmark=AbC>; rel="next"',
        '< https://lms.example/members?bookmark=AbC >; rel="next"',
    ],
)
def test_the_next_page_is_found_with_its_letters_as_they_are(header: str) -> None:
    assert paging.next_page(header, HERE) == NEXT


def test_ampersands_written_as_in_html_are_repaired_and_nothing_else() -> None:
    header = '<https://lms.example/m?a=1&amp;copy=2&lt=3>; rel="next"'
    assert paging.next_page(header, HERE) == "https://lms.example/m?a=1&copy=2&lt=3"


@pytest.mark.parametrize(
    "header",
    ["", "next", f"<{NEXT}>", f'<{NEXT}>; rel="prev"', f'<{NEXT}>; title="rel=next"; rel=first'],
)
def test_no_next_page(header: str) -> None:
    assert paging.next_page(header, HERE) is None


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/members",
        "//evil.example/m",
        "https://lms.example@evil.example/",
        "https://lms.example.evil.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://[/",
    ],
)
def test_a_link_to_another_host_is_refused(target: str) -> None:
    with pytest.raises(ServiceError) as caught:
        paging.next_page(f'<{target}>; rel="next"', HERE)
    assert caught.value.code == "next_page_foreign"


def follow(links: dict[str, str], keep: dict[str, str] | None = None) -> list[str]:
    """Return the addresses that were fetched, with these `Link` headers by address."""
    fetched = []

    def fetch(url: str) -> Response:
        fetched.append(url)
        return answer(url, links.get(url, ""))

    assert len(list(paging.pages(fetch, HERE, keep=keep))) == len(fetched)
    return fetched


def test_a_page_that_names_itself_as_the_next_is_the_last() -> None:
    assert follow({HERE: f'<{HERE}>; rel="next"'}) == [HERE]


def test_pages_in_a_circle_are_read_once() -> None:
    links = {HERE: f'<{NEXT}>; rel="next"', NEXT: f'<{HERE}>; rel="next"'}
    assert follow(links) == [HERE, NEXT]


def test_a_parameter_that_the_platform_drops_is_put_back() -> None:
    fetched = follow({HERE: f'<{NEXT}>; rel="next"'}, {"role": "Learner", "type_id": "1"})
    assert fetched == [HERE, f"{NEXT}&role=Learner&type_id=1"]


def test_a_container_without_an_end_is_given_up() -> None:
    def fetch(url: str) -> Response:
        number = int(url.rpartition("=")[2])
        return answer(url, f'<https://lms.example/m?p={number + 1}>; rel="next"')

    fetched = []
    with pytest.raises(ServiceError) as caught:
        fetched += paging.pages(fetch, "https://lms.example/m?p=1")
    assert caught.value.code == "paging_endless"


def test_a_container_that_is_too_large_is_given_up() -> None:
    def fetch(url: str) -> Response:
        number = int(url.rpartition("=")[2])
        link = f'<https://lms.example/m?p={number + 1}>; rel="next"'
        return answer(url, link, b" " * (paging.MAX_TOTAL_BYTES // 4))

    pages = paging.pages(fetch, "https://lms.example/m?p=1")
    for _ in range(5):
        next(pages)
    with pytest.raises(ServiceError) as caught:
        next(pages)
    assert caught.value.code == "paging_endless"


def test_a_container_that_trickles_in_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page comes within what one request may take, and there are many."""
    moment = 0.0
    monkeypatch.setattr("lti_tool.lti.paging.time.monotonic", lambda: moment)

    def fetch(url: str) -> Response:
        nonlocal moment
        moment += 6
        number = int(url.rpartition("=")[2])
        return answer(url, f'<https://lms.example/m?p={number + 1}>; rel="next"')

    fetched = []
    with pytest.raises(ServiceError) as caught:
        fetched += paging.pages(fetch, "https://lms.example/m?p=1")
    assert (caught.value.code, caught.value.is_transient) == ("timeout", True)
    assert moment <= paging.MAX_SECONDS + 6


def test_parameters_are_added_behind_what_is_there() -> None:
    url = "https://lms.example/m?a=1&a=2&b=&c=%7E#f"
    assert addresses.with_query(url, {"rlid": "7&8"}) == (
        "https://lms.example/m?a=1&a=2&b=&c=%7E&rlid=7%268"
    )
    assert addresses.with_missing_query("https://lms.example/m?b=", {"b": "1"}).endswith("?b=")
