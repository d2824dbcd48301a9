"""What goes where when an LMS is connected by hand, in the words of each LMS.

The command line and the page show the same. Labels other than Moodle's are the LMS's own English
ones and are not translated; versions differ in details.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lti_tool.lti.tool_configuration import ToolAddresses
from lti_tool.web.words.sentences import N_

LAUNCH, LOGIN, KEYS, KEY_TEXT, CANVAS, DOMAIN = (
    "launch",
    "login",
    "key_set",
    "public_key",
    "configuration",
    "public_url",
)


@dataclass(frozen=True, slots=True)
class Lms:
    """`fields`: label there -> which of our addresses. `where`: how to get there.
    `choices`: what else is to be chosen there.
    """

    name: str
    where: str
    fields: Mapping[str, str]
    choices: tuple[str, ...] = ()


MOODLE = Lms(
    "Moodle",
    N_(
        "Site administration → Plugins → Activity modules → External tool → Manage tools → "
        "configure a tool manually. LTI version: LTI 1.3. Public key type: Keyset URL."
    ),
    {
        N_("Tool URL"): LAUNCH,
        N_("Public keyset"): KEYS,
        N_("Initiate login URL"): LOGIN,
        N_("Redirection URI(s)"): LAUNCH,
    },
    (
        N_("Supports Deep Linking: tick it, and leave the content selection URL empty."),
        N_(
            "Services: grade sync (with column management where columns may be made here), and "
            "the members' information."
        ),
        N_(
            "Tool configuration usage: show in activity chooser and as a preconfigured tool. "
            "Without it, teachers do not find it."
        ),
        N_(
            "Privacy: share the launcher's name if your school may; accept grades from the tool: "
            "delegate to teacher."
        ),
    ),
)
OTHERS = (
    # Wording of hosted Canvas, 2026 (the makers' own guide to developer keys).
    Lms(
        "Canvas",
        N_(
            "Admin → Developer Keys → + Developer Key → + LTI Key, method “Enter URL”; switch the "
            "key on. The client id is the key's number. Settings → Apps → + App, by client id: the "
            "deployment id is shown there."
        ),
        {"JSON URL": CANVAS, "Redirect URIs": LAUNCH},
    ),
    # Wording of Open edX's lti-consumer-xblock 11.
    Lms(
        "Open edX",
        N_("Studio → the LTI Consumer block → Edit. LTI Version: LTI 1.3."),
        {
            "Tool Launch URL": LAUNCH,
            "Registered Redirect URIs": LAUNCH,
            "Tool Initiate Login URL": LOGIN,
            "Tool Keyset URL": KEYS,
            "Deep Linking Launch URL": LAUNCH,
        },
        (
            N_("Tool Public Key Mode: Keyset URL. Deep linking: True. Scored: True."),
            N_(
                "LTI Assignment and Grades Service: programmatic, where columns may be made here. "
                "Enable LTI NRPS: True."
            ),
        ),
    ),
    # Wording of ILIAS' own manual for consumers of LTI 1.3, as read in 2026; it names no version.
    Lms(
        "ILIAS",
        N_(
            "Administration → Extending ILIAS → LTI → ILIAS as LTI Consumer → Add provider or tool "
            "globally for all users. LTI version: 1.3.0."
        ),
        {
            "Tool URL": LAUNCH,
            "Initiate Login URL": LOGIN,
            "Redirection URI(s)": LAUNCH,
            "Public Key Type → URL": KEYS,
            "Content URL": LAUNCH,
        },
        (N_("Support for Deep Linking: tick it."),),
    ),
    # Wording of OpenOlat since 15.5, in English (its own texts and manual for administrators).
    Lms(
        "OpenOlat",
        N_("Administration → LTI 1.3 → External tools → Add new tool."),
        {
            "Tool URL": LAUNCH,
            "Public Key Type → URL": KEYS,
            "Initiate login URL": LOGIN,
            "Redirection URI(s)": LAUNCH,
        },
        (N_("With shared deployment: switch it on, for a deployment id."),),
    ),
    # Wording of Blackboard's developer portal, 2026.
    Lms(
        "Blackboard",
        N_(
            "developer.blackboard.com → My Applications → +, “My Integration supports LTI 1.3”. "
            "The client id is the application id. In your Blackboard: Administrator → LTI Tool "
            "Providers → Register LTI 1.3/Advantage Tool; it shows the deployment id."
        ),
        {
            "Login Initiation URL": LOGIN,
            "Tool Redirect URL(s)": LAUNCH,
            "Tool JWKS URL": KEYS,
        },
        (
            N_("Signing Algorithm: RS256."),
            N_(
                "Does your Blackboard run under a name of its own, not below blackboard.com? "
                "Ask the operator of this server to allow that address too."
            ),
        ),
    ),
    # Wording of Brightspace, 2026 (the makers' own guide to registrations).
    Lms(
        "Brightspace",
        N_(
            "Admin Tools → Manage Extensibility → LTI Advantage → Register Tool → Standard. "
            "External Learning Tools → LTI Advantage → New Deployment shows the deployment id."
        ),
        {
            "Domain": DOMAIN,
            "Redirect URLs": LAUNCH,
            "OpenID Connect Login URL": LOGIN,
            "Target Link URI": LAUNCH,
            "Keyset URL": KEYS,
        },
        (
            N_(
                "Extensions: Assignment and Grade Services, Deep Linking, Names and Role "
                "Provisioning Services."
            ),
            N_("It shows an OAuth2 audience beside the addresses: type that in below as well."),
        ),
    ),
)
ALL = (MOODLE, *OTHERS)
BY_NAME: Mapping[str, Lms] = {lms.name.lower().replace(" ", "-"): lms for lms in ALL}
FURTHER: Mapping[str, str] = {
    N_("Public key as text"): KEY_TEXT,
    N_("Configuration for Canvas"): CANVAS,
}


def value(addresses: ToolAddresses, which: str) -> str:
    """Return one of our addresses."""
    return str(getattr(addresses, which))
