"""Origins and hosts: what is ours, where we are framed, and where tokens may go."""

import uuid
from dataclasses import replace

import pytest

from lti_tool.lti.launch import origin
from lti_tool.lti.quirks import is_service_of
from lti_tool.lti.registrations import KnownRegistration


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://lms.example/auth?x=1", "https://lms.example"),
        ("https://LMS.example:443/auth", "https://lms.example"),
        ("http://127.0.0.1:9001/lms/auth", "http://127.0.0.1:9001"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
        ("https://lüneburg.example/", "https://xn--lneburg-n2a.example"),
        ("https://lms.example; script-src */", None),
        ("https://*.example/", None),
        ("https://a..b/", None),
        ("ftp://lms.example/", None),
        ("https:///path", None),
        ("https://lms.example:x/", None),
        ("", None),
    ],
)
def test_origins_as_a_browser_writes_them(url: str, expected: str | None) -> None:
    assert origin(url) == expected


MOODLE = KnownRegistration(
    id=uuid.UUID(int=1),
    issuer="https://lms.example",
    client_id="c",
    auth_login_url="https://lms.example/mod/lti/auth.php",
    auth_token_url="https://services.example/mod/lti/token.php",
    key_set_url="https://lms.example/mod/lti/certs.php",
    deployment_ids=frozenset({"1"}),
)
CANVAS = replace(
    MOODLE,
    issuer="https://canvas.instructure.com",
    auth_login_url="https://sso.canvaslms.com/api/lti/authorize_redirect",
    auth_token_url="https://sso.canvaslms.com/login/oauth2/token",
    key_set_url="https://sso.canvaslms.com/api/lti/security/jwks",
)


@pytest.mark.parametrize(
    ("known", "url", "expected"),
    [
        (MOODLE, "https://lms.example/lineitem", True),
        (MOODLE, "https://services.example/lineitem", True),
        (MOODLE, "https://LMS.example/lineitem", True),
        (MOODLE, "https://lms.example.evil.example/lineitem", False),
        (MOODLE, "https://lms.example@evil.example/lineitem", False),
        (MOODLE, "https://school.instructure.com/lineitem", False),
        (MOODLE, "/lineitem", False),
        (MOODLE, "https://[broken", False),
        (CANVAS, "https://school.instructure.com/lineitem", True),
        (CANVAS, "https://instructure.com.evil.example/lineitem", False),
        (CANVAS, "https://evilinstructure.com/lineitem", False),
    ],
)
def test_services_are_the_platforms_own(known: KnownRegistration, url: str, expected: bool) -> None:
    assert is_service_of(known, url) is expected
