"""Countries and territories by their ISO 3166-1 alpha-2 codes, as CLDR lists them.

>>> is_country("UA"), is_country("ZZ"), is_country("ua")
(True, False, False)
"""

import re
from functools import cache

from babel import Locale

# Groups of countries, parts of others that ISO 3166-1 only reserves, and codes for tests.
_NO_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)


@cache
def codes() -> frozenset[str]:
    """Return all codes; Kosovo's, which is no ISO code yet, is among them."""
    known = {str(code) for code in Locale("en").territories}
    return frozenset(code for code in known if re.fullmatch("[A-Z]{2}", code)) - _NO_COUNTRIES


def is_country(code: str) -> bool:
    return code in codes()
