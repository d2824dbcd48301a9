"""What the administrator of an LMS reads when a dynamic registration is refused."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_REGISTER_AGAIN = N_("Start again in your learning platform; the link still works.")
_CHECK_PLATFORM = N_(
    "Start again in your learning platform; the link still works. If this comes back, connect it "
    "by hand: the people who run Credlet know how."
)
_NEW_LINK = N_("Ask the people who run Credlet for a new link.")

REGISTERING: Mapping[str, Sentence] = {
    # dynamic registration, read by the administrator of an LMS
    "invitation_unknown": Sentence(N_("This registration link is not one of ours."), _NEW_LINK),
    "invitation_expired": Sentence(N_("This registration link is too old."), _NEW_LINK),
    "invitation_used": Sentence(
        N_("This registration link was used: your learning platform is registered."),
        N_("Wait until the people who run Credlet have confirmed it, or ask them for a new link."),
    ),
    "registration_token": Sentence(
        N_("Your learning platform sent a registration token that cannot be one."), _CHECK_PLATFORM
    ),
    "registration_form": Sentence(
        N_("This page was sent before, or was not the last one that was opened."), _REGISTER_AGAIN
    ),
    "registration_exists": Sentence(
        N_("Your learning platform answered with a client id that is registered here already."),
        N_("Delete the tool there and add it anew; the link still works."),
    ),
    "configuration_missing": Sentence(
        N_("This link is meant for your learning platform."),
        N_(
            "Paste it there, where a tool is added by its address (in Moodle: Manage tools, "
            "“Tool URL”, “Add LTI Advantage”)."
        ),
    ),
    "configuration_address": Sentence(
        N_("Your learning platform named an address for its settings that we do not go to."),
        N_(
            "It must start with https:// and be reachable from the internet. The people who run "
            "Credlet can allow a host of their own network."
        ),
    ),
    "configuration_redirect": Sentence(
        N_("The settings of your learning platform lie elsewhere than it says (a redirect)."),
        N_("Open your learning platform at its main address and start again."),
    ),
    "configuration_unavailable": Sentence(
        N_("The settings of your learning platform could not be read."), _CHECK_PLATFORM
    ),
    "configuration_too_large": Sentence(
        N_("The settings of your learning platform are too long."), _CHECK_PLATFORM
    ),
    "configuration_malformed": Sentence(
        N_("The settings of your learning platform cannot be understood."), _CHECK_PLATFORM
    ),
    "configuration_incomplete": Sentence(
        N_("The settings of your learning platform lack “%(field)s”, or it cannot be used."),
        _CHECK_PLATFORM,
    ),
    "configuration_issuer": Sentence(
        N_("The settings name another learning platform than the one they came from."),
        N_("Open your learning platform at its main address and start again."),
    ),
    "configuration_algorithm": Sentence(
        N_("Your learning platform does not sign with RS256, which LTI asks for."), _CHECK_PLATFORM
    ),
    "platform_refused": Sentence(
        N_("Your learning platform refused the registration (%(reason)s)."), _CHECK_PLATFORM
    ),
    "platform_unavailable": Sentence(
        N_("Your learning platform did not answer to the registration."), _CHECK_PLATFORM
    ),
    "platform_answer": Sentence(
        N_("Your learning platform's answer to the registration cannot be understood."),
        _CHECK_PLATFORM,
    ),
}
