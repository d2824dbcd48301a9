"""What teachers read on the phone of what they ticked without network and is refused."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_IN_COURSE = N_("You can still record it in the course.")
_PAGE_AGAIN = N_("Open the course in your learning platform and take the list along again.")

TICKING: Mapping[str, Sentence] = {
    "learner_gone": Sentence(N_("This person is no learner of this course any more."), _IN_COURSE),
    "tick_too_old": Sentence(N_("It was ticked more than %(days)s days ago."), _IN_COURSE),
    "tick_in_future": Sentence(
        N_("By this phone's clock it was ticked in the future."), _IN_COURSE
    ),
    "tick_of_other_version": Sentence(
        N_(
            "The course has since begun to offer version %(version)s. Take the list along anew and "
            "look at what is confirmed now."
        ),
        _PAGE_AGAIN,
    ),
    "tick_of_changed_unit": Sentence(
        N_(
            "The course was moved to version %(version)s, and there something else is learnt or "
            "judged in this unit, so it was not recorded. Look at what is confirmed now."
        ),
        _IN_COURSE,
    ),
    "tick_key_reused": Sentence(
        N_("Something else was sent before under the same number."), _IN_COURSE
    ),
    "tick_unreadable": Sentence(N_("The server cannot read it."), _IN_COURSE),
    "completed_meanwhile": Sentence(
        N_("The unit is completed already: another sign-off would change nothing."), _IN_COURSE
    ),
    "queue_unreadable": Sentence(N_("What this page sent cannot be read."), _PAGE_AGAIN),
    "queue_too_long": Sentence(N_("That was too much to send at once."), _PAGE_AGAIN),
    "queue_of_other": Sentence(
        N_("This was ticked by another person, so nothing was recorded."), _PAGE_AGAIN
    ),
}
