"""What goes where when an LMS is connected by hand, in the words of each LMS.

The command line and the page show the same. Labels other than Moodle's are the LMS's own English
ones and are not translated; versions differ in details.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lti_tool.lti.tool_configuration import ToolAddresses
from lti_tool.web.sentences import N_

LAUNCH, LOGIN, KEYS, KEY_TEXT, CANVAS = (
    "launch",
    "login",
    "key_set",
    "public_key",
    "configuration",
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
    Lms(
        "Canvas",
        N_(
            "Admin → Developer Keys → + LTI Key, method “Enter URL”. The client id is the key's "
            "number; the deployment id is shown where the app was added."
        ),
        {"JSON URL": CANVAS, "Redirect URIs": LAUNCH},
    ),
    Lms(
        "Open edX",
        N_("Studio → the LTI Consumer block → Edit. LTI version: LTI 1.3."),
        {
            "Tool Launch URL": LAUNCH,
            "Tool Initiate Login URL": LOGIN,
            "Registered Redirect URIs": LAUNCH,
            "Tool Public Key Mode → Keyset URL": KEYS,
        },
    ),
    Lms(
        "ILIAS",
        N_("Administration → Extending ILIAS → LTI → Consumer → Add provider. LTI 1.3.0."),
        {
            "Tool URL": LAUNCH,
            "Initiate Login URL": LOGIN,
            "Redirection URI(s)": LAUNCH,
            "Public Keyset URL": KEYS,
        },
    ),
    Lms(
        "OpenOlat",
        N_("Administration → External tools → LTI 1.3 → Add tool."),
        {
            "Tool URL": LAUNCH,
            "Initiate login URL": LOGIN,
            "Redirect URI": LAUNCH,
            "Public key URL": KEYS,
        },
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
