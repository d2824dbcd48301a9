"""What a country asks of a definition beside the European standard, and how it names things.

One JSON file a country in `vocabularies/national`, so that a country is added without a program.

>>> profile("DE").short, profile("UA").levels, profile("FR")
('DQR', (), None)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from badges import vocabularies
from badges.micro_credential import Concept
from badges.text import Text
from badges.vocabularies import Vocabulary

_LEVEL = " Level "


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalProfile:
    """`short`: how the levels of `framework` begin in the official list; "" for a country that is
    not in it, which has no `levels`. `register`: None where we know of none. `required`: places
    of a definition that this country asks for beside the European standard. `wording`: what is
    said beside a place. `shows_prior_learning`: badges of its awarding bodies say which units were
    recognised as prior learning, whether their holders want it or not."""

    country: str
    framework: Text
    short: str
    register: Text | None
    required: tuple[str, ...]
    wording: Mapping[str, Text]
    shows_prior_learning: bool = False

    @property
    def levels(self) -> tuple[Concept, ...]:
        return tuple(
            one
            for one in vocabularies.concepts(Vocabulary.NATIONAL_LEVELS)
            if self.short and one.label.best("en").rpartition(_LEVEL)[0] == self.short
        )


@cache
def all() -> Mapping[str, NationalProfile]:  # noqa: A001 - read as `national_profiles.all()`
    """Return the profiles of all countries that have one, by their codes."""
    folder = files("badges.vocabularies.national")
    texts = [one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".json")]
    found = [_profile(json.loads(text)) for text in texts]
    return {one.country: one for one in sorted(found, key=lambda one: one.country)}


def profile(country: str) -> NationalProfile | None:
    return all().get(country)


def _profile(data: dict[str, object]) -> NationalProfile:
    register, wording = data["register"], data["wording"]
    assert isinstance(wording, dict)
    return NationalProfile(
        country=str(data["country"]),
        framework=Text(data["framework"]),  # type: ignore[arg-type]
        short=str(data["short"]),
        register=Text(register) if isinstance(register, dict) else None,
        required=tuple(map(str, data["required"])),  # type: ignore[call-overload]
        wording={place: Text(text) for place, text in wording.items()},
        shows_prior_learning=data["shows_prior_learning"] is True,
    )
