"""A browser without a screen: cookies, redirects, forms and frames, but no JavaScript.

It plays people in the scripted journey and the functional tests. Forms that a page's script would
send by itself are sent when the page is opened with `launch` (`Browser.settle`).
"""

from collections.abc import Mapping, Sequence
from http.cookiejar import Cookie, DefaultCookiePolicy
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.request import Request

import requests
from requests.cookies import RequestsCookieJar, get_cookie_header

from .forms import Anchor, Field, Form, PageReader

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) DemoBrowser/1.0"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_STEPS = 20

Value = str | Sequence[str]


class BrowserError(Exception):
    """The page does not have what it was asked for, or never comes to rest."""


class _ChromiumCookies(DefaultCookiePolicy):
    """Takes and sends `Secure` cookies on http to this machine, as Chromium does."""

    def return_ok_secure(self, cookie: Cookie, request: Request) -> bool:
        return not cookie.secure or _is_trustworthy(request.get_full_url())


class _Session(requests.Session):
    """Keeps to its jar's policy; requests itself copies the cookies into a jar without one."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies = RequestsCookieJar(policy=_ChromiumCookies())

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        prepared = super().prepare_request(request)
        prepared.headers.pop("Cookie", None)
        header = get_cookie_header(self.cookies, prepared)  # type: ignore[no-untyped-call]
        if header:
            prepared.headers["Cookie"] = header
        return prepared


def _is_trustworthy(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in LOOPBACK


class Page:
    """What one address answered in the end."""

    def __init__(self, answer: requests.Response) -> None:
        self.url = answer.url
        self.status = answer.status_code
        self.headers: Mapping[str, str] = answer.headers
        self.content = answer.content
        is_text = answer.headers.get("Content-Type", "").startswith(("text/", "application/json"))
        self.html = answer.content.decode("utf-8", "replace") if is_text else ""
        reader = PageReader()
        reader.feed(self.html)
        reader.close()
        self.title: str = reader.title
        self.text: str = reader.text
        self.forms: list[Form] = reader.forms
        self.links: list[Anchor] = reader.anchors
        self.frames: list[str] = reader.frames
        self._submits = reader.has_submitting_script

    def __repr__(self) -> str:
        return f"Page({self.status} {urlsplit(self.url).path} {self.title!r})"

    def form(self, wanted: str) -> Form:
        """Return the form with this name or id, or whose action ends so (without its query)."""
        for form in self.forms:
            if wanted and wanted in (form.name, form.identifier):
                return form
        for form in self.forms:
            if urljoin(self.url, form.action or self.url).split("?")[0].endswith(wanted):
                return form
        raise BrowserError(f"no form {wanted!r} on {self!r}: {self.text[:200]}")

    @property
    def auto_submitted(self) -> Form | None:
        """The form that the page's script would send at once."""
        marked = [form for form in self.forms if form.is_auto_submitted]
        if not marked and self._submits and len(self.forms) == 1:
            marked = self.forms
        return marked[0] if marked else None


class Browser:
    """One person's browser. `page` is the last page; `lms_url` the address it starts from."""

    def __init__(
        self, lms_url: str = "", *, user_agent: str = USER_AGENT, timeout: float = 30
    ) -> None:
        self.lms_url = lms_url
        self.timeout = timeout
        self.user_id: str | None = None
        self.session = _Session()
        self.session.headers["User-Agent"] = user_agent
        self.session.headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
        self.session.headers["Accept-Language"] = "en"
        self.session.headers["Sec-Fetch-Dest"] = "document"
        self._page: Page | None = None

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.session.close()

    @property
    def page(self) -> Page:
        if self._page is None:
            raise BrowserError("nothing was opened yet")
        return self._page

    def get(self, address: str) -> Page:
        """Open an address; relative ones start at the current page or else at the LMS."""
        return self._go("GET", self._absolute(address))

    def post(self, address: str, fields: Mapping[str, Value]) -> Page:
        """Post fields of one's own choice, as a hostile page would."""
        return self._go("POST", self._absolute(address), data=_pairs(fields))

    def submit(
        self, form: str, fields: Mapping[str, Value] | None = None, *, button: str | None = None
    ) -> Page:
        """Fill in and send a form of the page.

        `form`: its name, id or end of its action. `button`: name, value or label of the one to
        press; without it the first. A field that the form lacks is a `BrowserError`.
        """
        found = self.page.form(form)
        pressed = _pressed(found, button)
        pairs = _filled(found, fields or {})
        if pressed and pressed.name:
            pairs.append((pressed.name, pressed.value))
        action = (pressed.action if pressed else None) or found.action or self.page.url
        return self._send(found.method, urljoin(self.page.url, action), pairs)

    def follow(self, wanted: str) -> Page:
        """Open the link with this text or address, or else the first whose text contains it."""
        exact = [a for a in self.page.links if wanted in (a.text, a.href)]
        found = exact or [a for a in self.page.links if wanted in a.text]
        if not found:
            raise BrowserError(f"no link {wanted!r} on {self.page!r}")
        return self.get(found[0].href)

    def settle(self) -> Page:
        """Send the forms that send themselves until a page comes to rest."""
        for _ in range(MAX_STEPS):
            form = self.page.auto_submitted
            if form is None:
                return self.page
            self._send(form.method, urljoin(self.page.url, form.action), _filled(form, {}))
        raise BrowserError(f"{self.page!r} keeps sending itself")

    def login(self, user_id: str) -> Page:
        """Sign in at the LMS as this person."""
        self.get(f"{self.lms_url}/lms/login")
        page = self.submit("login", button=user_id)
        self.user_id = user_id
        return page

    def launch(self, link_id: str, user_id: str | None = None, *, window: bool = False) -> Page:
        """Open a link of the course, in its frame or a window, up to where it comes to rest."""
        if user_id is not None and user_id != self.user_id:
            self.login(user_id)
        if window:
            self.get(f"{self.lms_url}/lms/launch/{link_id}?target=window")
            return self.settle()
        self.get(f"{self.lms_url}/lms/link/{link_id}")
        if self.page.status == requests.codes.ok and self.page.frames:
            self.get(self.page.frames[0])
        return self.settle()

    def _absolute(self, address: str) -> str:
        return urljoin(self._page.url if self._page else self.lms_url, address)

    def _send(self, method: str, url: str, pairs: list[tuple[str, str]]) -> Page:
        if method == "post":
            return self._go("POST", url, data=pairs)
        return self._go("GET", url.split("?")[0], params=pairs)

    def _go(self, method: str, url: str, **sent: Any) -> Page:
        """Send a request and follow its redirects; 307 and 308 alone keep method and body."""
        sent["headers"] = self._origin_headers(method)
        for _ in range(MAX_STEPS):
            answer = self.session.request(
                method, urldefrag(url).url, allow_redirects=False, timeout=self.timeout, **sent
            )
            if not answer.is_redirect:
                self._page = Page(answer)
                return self._page
            url = urljoin(answer.url, answer.headers["Location"])
            if answer.status_code not in (307, 308):
                method, sent = "GET", {"headers": sent["headers"] | {"Origin": None}}
            sent.pop("params", None)
        raise BrowserError(f"too many redirects at {url}")

    def _origin_headers(self, method: str) -> dict[str, str | None]:
        """Return Origin and Referer as the current page's referrer policy allows them."""
        if self._page is None:
            return {}
        parts = urlsplit(self._page.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        is_secretive = self._page.headers.get("Referrer-Policy", "") == "no-referrer"
        referer = None if is_secretive else f"{origin}/"
        if method == "GET":
            return {"Referer": referer}
        return {"Origin": "null" if is_secretive else origin, "Referer": referer}


def _pressed(form: Form, wanted: str | None) -> Field | None:
    buttons = [each for each in form.fields if each.kind in ("submit", "image")]
    if wanted is None:
        return buttons[0] if buttons else None
    for each in buttons:
        if wanted in (each.value, each.label, each.name):
            return each
    raise BrowserError(f"form {form.name!r} has no button {wanted!r}")


def _filled(form: Form, fields: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Return what the form sends when these fields are filled in."""
    for name, value in fields.items():
        _check_field(form, name, [value] if isinstance(value, str) else list(value))
    kept = [(f.name, f.value) for f in form.fields if f.is_sent and f.name and f.name not in fields]
    return kept + _pairs(fields)


def _check_field(form: Form, name: str, values: list[str]) -> None:
    controls = [each for each in form.fields if each.name == name and each.kind != "submit"]
    if not controls:
        raise BrowserError(f"form {form.name or form.action!r} has no field {name!r}")
    if all(each.kind in ("radio", "checkbox", "option") for each in controls):
        unknown = set(values) - {each.value for each in controls}
        if unknown:
            raise BrowserError(f"field {name!r} cannot be {sorted(unknown)}")


def _pairs(fields: Mapping[str, Value]) -> list[tuple[str, str]]:
    return [
        (name, each)
        for name, value in fields.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
