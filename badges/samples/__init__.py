"""Ten micro-credentials to try things with: the demo's catalogue.

Content and awarding bodies are invented; addresses of vocabulary terms and ESCO skills are real
(see `vocabularies/ORIGIN.md`).

>>> welding().unit("BEM-S-WLD1-U2").allows_participation
True
"""

from functools import cache
from importlib.resources import files

from badges import definition
from badges.micro_credential import MicroCredential

_NAMES = ("wld1", "pv1", "bk1", "care1", "cnc1", "hosp1", "food1", "log1", "it1", "agr1")


@cache
def all() -> tuple[MicroCredential, ...]:  # noqa: A001 - read as `samples.all()`
    return tuple(definition.loads(source(name)) for name in _NAMES)


def source(name: str) -> bytes:
    """Return the JSON file of one sample (`wld1`), as somebody would import it."""
    return files(__name__).joinpath(f"bem-s-{name}.json").read_bytes()


def welding() -> MicroCredential:
    """Return the sample whose texts are complete in German and English."""
    return all()[0]
