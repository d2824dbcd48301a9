"""A platform's configuration: fetched from the address it names, and judged.

Spec: LTI Dynamic Registration 1.0, section 3.4 (openid configuration); OpenID Connect Discovery
1.0, section 4.3: the issuer must be the place that the configuration was read from, or anybody
could register under another school's name.
"""

import re
from dataclasses import dataclass
from typing import Any

from lti_tool.lti.errors import RegistrationRefused
from lti_tool.lti.origins import origin
from lti_tool.lti.registrations import is_identifier
from lti_tool.outbound import Outbound, OutboundError, Response

MAX_BYTES = 256 * 1024
MAX_ADDRESS = 2048
MAX_LISTED = 200
LTI_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
SIGNATURE = "RS256"

_FAMILY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")
_UNFETCHED = {
    "bad_url": "configuration_address",
    "refused_address": "configuration_address",
    "redirect": "configuration_redirect",
    "too_large": "configuration_too_large",
    "timeout": "configuration_unavailable",
    "unreachable": "configuration_unavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformConfiguration:
    """What registration needs of it. `scopes`, `messages`: empty where it does not say."""

    url: str
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    key_set_url: str
    registration_endpoint: str
    product_family: str | None
    scopes: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def origins(self) -> tuple[str, ...]:
        """Where the administrator's page may lie: the platform's own origins.

        Canvas answers for all schools at one host and shows pages at the school's own, which
        stands in its registration endpoint.
        """
        found = (origin(self.issuer), origin(self.registration_endpoint))
        return tuple(dict.fromkeys(each for each in found if each))


def headers(token: str) -> dict[str, str]:
    """Return what is said with each request of a registration; a platform may give no token."""
    return {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}


def fetch(outbound: Outbound, url: str, token: str) -> PlatformConfiguration:
    """Return the configuration at `url`. Call it outside any transaction.

    `token`: the registration's, which came with `url`. Canvas shows its configuration to nobody
    without it.

    Raises:
        RegistrationRefused: configuration_missing, configuration_address,
            configuration_redirect, configuration_too_large, configuration_unavailable,
            configuration_malformed, configuration_incomplete, configuration_issuer,
            configuration_algorithm
    """
    if not url:
        raise RegistrationRefused("configuration_missing")
    if len(url) > MAX_ADDRESS:
        raise RegistrationRefused("configuration_address")
    try:
        answer = outbound.get(url, headers=headers(token))
    except OutboundError as error:
        raise RegistrationRefused(_UNFETCHED[error.code]) from error
    return read(_document(answer), url, outbound)


def _document(answer: Response) -> dict[str, Any]:
    if answer.status != 200:
        raise RegistrationRefused("configuration_unavailable")
    if len(answer.content) > MAX_BYTES:
        raise RegistrationRefused("configuration_too_large")
    try:
        document = answer.json()
    except OutboundError as error:
        raise RegistrationRefused("configuration_malformed") from error
    if not isinstance(document, dict):
        raise RegistrationRefused("configuration_malformed")
    return document


def read(document: dict[str, Any], url: str, outbound: Outbound) -> PlatformConfiguration:
    """Return what a configuration says, if it is one that can be registered with.

    Raises:
        RegistrationRefused: configuration_incomplete, configuration_issuer,
            configuration_algorithm
    """
    issuer = _address(document, "issuer", outbound)
    place = origin(url)
    if not is_identifier(issuer) or place is None or origin(issuer) != place:
        raise RegistrationRefused("configuration_issuer")
    if SIGNATURE not in _texts(document, "id_token_signing_alg_values_supported"):
        raise RegistrationRefused("configuration_algorithm")
    lti = document.get(LTI_CONFIGURATION)
    lti = lti if isinstance(lti, dict) else {}
    return PlatformConfiguration(
        url=url,
        issuer=issuer,
        authorization_endpoint=_address(document, "authorization_endpoint", outbound),
        token_endpoint=_address(document, "token_endpoint", outbound),
        key_set_url=_address(document, "jwks_uri", outbound),
        registration_endpoint=_address(document, "registration_endpoint", outbound),
        product_family=_family(lti.get("product_family_code")),
        scopes=_texts(document, "scopes_supported"),
        messages=_message_types(lti.get("messages_supported")),
    )


def _address(document: dict[str, Any], field: str, outbound: Outbound) -> str:
    value = document.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ADDRESS or "#" in value:
        raise RegistrationRefused("configuration_incomplete", field=field)
    try:
        outbound.check_address(value)
    except OutboundError as error:
        raise RegistrationRefused("configuration_incomplete", field=field) from error
    return value


def _texts(document: dict[str, Any], field: str) -> tuple[str, ...]:
    value = document.get(field)
    return _short_texts(value if isinstance(value, list) else [])


def _message_types(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    return _short_texts([each.get("type") for each in listed if isinstance(each, dict)])


def _short_texts(values: list[Any]) -> tuple[str, ...]:
    return tuple(each for each in values[:MAX_LISTED] if isinstance(each, str) and len(each) < 256)


def _family(value: object) -> str | None:
    return value if isinstance(value, str) and _FAMILY.fullmatch(value) else None
