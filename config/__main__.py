"""`python -m config` prints the table of all settings in Markdown, for the project's README."""

import sys
from typing import Any

from pydantic.fields import FieldInfo

from config.secrets import MAKERS
from config.settings import DEVELOPMENT, Settings


def table() -> str:
    """Return one row per setting: variable, default, unit or choices, description."""
    rows = ["| variable | default | unit | what it does |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        unit = _extra(field).get("unit") or _choices(field.annotation)
        cells = (f"`{name.upper()}`", _default(name, field), unit, field.description)
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _choices(annotation: Any) -> str:
    choices = ("true", "false") if annotation is bool else annotation.__args__
    return ", ".join(f"`{choice}`" for choice in choices)


def _default(name: str, field: FieldInfo) -> str:
    default = _extra(field).get("default", field.default)
    text = "none" if default == () else f"`{default}`"
    if isinstance(default, bool):
        text = text.lower()
    if field.is_required():
        text = "required"
    if name in DEVELOPMENT:
        text += f"; in development `{DEVELOPMENT[name]}`"
    return text + ("; made in development" if name in MAKERS else "")


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
