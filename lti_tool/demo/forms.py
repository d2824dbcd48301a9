"""Read links, frames and forms out of a page, with the standard library."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str | None]


@dataclass(slots=True)
class Field:
    """One control. `value` is what it sends; `is_sent`: it would be sent as the page stands."""

    name: str
    kind: str
    value: str
    is_sent: bool = True
    label: str = ""
    action: str | None = None


@dataclass(slots=True)
class Form:
    name: str
    identifier: str
    action: str
    method: str
    is_auto_submitted: bool = False
    fields: list[Field] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Anchor:
    href: str
    text: str


class PageReader(HTMLParser):
    """Feed it a page; then `title`, `text`, `forms`, `anchors` and `frames` are filled."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.forms: list[Form] = []
        self.anchors: list[Anchor] = []
        self.frames: list[str] = []
        self.has_submitting_script = False
        self._words: list[str] = []
        self._by_id: dict[str, Form] = {}
        self._strays: list[tuple[str, Field]] = []
        self._form: Form | None = None
        self._inside: list[str] = []
        self._href: str | None = None
        self._anchor_words: list[str] = []
        self._button: Field | None = None
        self._textarea: Field | None = None
        self._select: tuple[Attributes, list[Field]] | None = None
        self._option: Field | None = None

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def close(self) -> None:
        super().close()
        for owner, control in self._strays:
            if owner in self._by_id:
                self._by_id[owner].fields.append(control)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Attributes = dict(attrs)
        if tag in ("title", "script", "style"):
            self._inside.append(tag)
        opened = getattr(self, f"_open_{tag}", None)
        if opened:
            opened(given)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()
        closed = getattr(self, f"_close_{tag}", None)
        if closed:
            closed()

    def handle_data(self, data: str) -> None:
        where = self._inside[-1] if self._inside else ""
        if where == "title":
            self.title += data.strip()
        elif where == "script":
            self.has_submitting_script |= "submit(" in data
        elif not where:
            self._words.append(data)
            self._collect(data)

    def _collect(self, data: str) -> None:
        if self._href is not None:
            self._anchor_words.append(data)
        if self._button:
            self._button.label += data
        if self._textarea:
            self._textarea.value += data
        if self._option:
            self._option.label += data

    def _open_form(self, given: Attributes) -> None:
        self._form = Form(
            name=given.get("name") or "",
            identifier=given.get("id") or "",
            action=given.get("action") or "",
            method=(given.get("method") or "get").lower(),
            is_auto_submitted="data-auto-submit" in given,
        )
        self.forms.append(self._form)
        if self._form.identifier:
            self._by_id[self._form.identifier] = self._form

    def _close_form(self) -> None:
        self._form = None

    def _open_iframe(self, given: Attributes) -> None:
        self.frames.append(given.get("src") or "")

    def _open_a(self, given: Attributes) -> None:
        self._href, self._anchor_words = given.get("href"), []

    def _close_a(self) -> None:
        if self._href is not None:
            self.anchors.append(Anchor(self._href, " ".join("".join(self._anchor_words).split())))
        self._href = None

    def _open_input(self, given: Attributes) -> None:
        kind = (given.get("type") or "text").lower()
        is_choice = kind in ("checkbox", "radio")
        value = given.get("value")
        control = Field(
            name=given.get("name") or "",
            kind=kind,
            value=("on" if is_choice else "") if value is None else value,
            is_sent=("checked" in given) if is_choice else kind not in ("submit", "file"),
            label=value or "",
            action=given.get("formaction"),
        )
        self._place(control, given)

    def _open_button(self, given: Attributes) -> None:
        kind = (given.get("type") or "submit").lower()
        control = Field(
            name=given.get("name") or "",
            kind=kind,
            value=given.get("value") or "",
            is_sent=False,
            action=given.get("formaction"),
        )
        self._button = control
        self._place(control, given)

    def _close_button(self) -> None:
        if self._button:
            self._button.label = " ".join(self._button.label.split())
        self._button = None

    def _open_textarea(self, given: Attributes) -> None:
        self._textarea = Field(name=given.get("name") or "", kind="textarea", value="")
        self._place(self._textarea, given)

    def _close_textarea(self) -> None:
        if self._textarea:
            self._textarea.value = self._textarea.value.removeprefix("\n")
        self._textarea = None

    def _open_select(self, given: Attributes) -> None:
        self._select = (given, [])

    def _open_option(self, given: Attributes) -> None:
        if self._select:
            value = given.get("value")
            name = self._select[0].get("name") or ""
            self._option = Field(name, "option", value or "", "selected" in given)
            self._option.action = None if value is not None else ""
            self._select[1].append(self._option)

    def _close_option(self) -> None:
        if self._option and self._option.action == "":
            self._option.value = " ".join(self._option.label.split())
        self._option = None

    def _close_select(self) -> None:
        if self._select:
            given, options = self._select
            if options and "multiple" not in given and not any(o.is_sent for o in options):
                options[0].is_sent = True
            for option in options:
                self._place(option, given)
        self._select = None

    def _place(self, control: Field, given: Attributes) -> None:
        """Put a control into its form: the one it names, or the one around it."""
        if "disabled" in given:
            return
        owner = given.get("form")
        if owner:
            self._strays.append((owner, control))
        elif self._form:
            self._form.fields.append(control)
