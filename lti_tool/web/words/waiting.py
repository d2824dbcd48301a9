"""What waits for somebody with an account, in a few words each."""

from collections.abc import Callable, Mapping

from lti_tool.services.notices.waiting import Kind
from lti_tool.web.words.sentence import N_, Sentence

WAITING: Mapping[str, Sentence] = {
    "unknown_digest_link": Sentence(
        N_("This link switches no mails off."),
        N_("Sign in and switch them off on the page of your account."),
    ),
}


def phrase(kind: Kind, count: int, ngettext: Callable[[str, str, int], str]) -> str:
    """Return how many of a kind wait. `ngettext`: of the language that it is said in."""
    return _pattern(kind, count, ngettext).replace("%(num)d", str(count))


def _pattern(kind: Kind, count: int, ngettext: Callable[[str, str, int], str]) -> str:
    match kind:
        case Kind.REVIEWS:
            return ngettext("%(num)d definition to review", "%(num)d definitions to review", count)
        case Kind.SAMPLES:
            return ngettext(
                "%(num)d result to look at again", "%(num)d results to look at again", count
            )
        case Kind.APPLICATIONS:
            return ngettext(
                "%(num)d application for prior learning to judge",
                "%(num)d applications for prior learning to judge",
                count,
            )
        case Kind.AWARDS:
            return ngettext(
                "%(num)d award to decide about", "%(num)d awards to decide about", count
            )
        case Kind.RETURNED:
            return ngettext(
                "%(num)d definition came back to you",
                "%(num)d definitions came back to you",
                count,
            )
        case Kind.PUBLISHED:
            return ngettext(
                "%(num)d definition of yours was approved and published",
                "%(num)d definitions of yours were approved and published",
                count,
            )
        case Kind.OVERDUE:
            return ngettext(
                "%(num)d published definition closed to new courses until it is reviewed again",
                "%(num)d published definitions closed to new courses until they are reviewed again",
                count,
            )
        case Kind.DUE:
            return ngettext(
                "%(num)d published definition to be reviewed again soon",
                "%(num)d published definitions to be reviewed again soon",
                count,
            )
