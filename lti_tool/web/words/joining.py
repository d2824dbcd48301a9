"""What people read when what they learn at two schools cannot be joined."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_MAKE_ANEW = N_("Make a new code at your other school, and enter it here.")

JOINING: Mapping[str, Sentence] = {
    "join_code_wrong": Sentence(
        N_("This code does not count: it is mistyped, older than 15 minutes, or was used already."),
        _MAKE_ANEW,
    ),
    "join_too_often": Sentence(
        N_("You have entered too many wrong codes."),
        N_("Wait 15 minutes. Then make a new code at your other school, and enter it here."),
    ),
    "join_own_code": Sentence(
        N_("You have made this code here. It is entered at your other school."),
        N_("Open an activity there, go to this page there, and enter it."),
    ),
    "join_same_platform": Sentence(
        N_(
            "One learning platform knows the two as different people, so they cannot be joined: "
            "each platform can be joined with one account only."
        ),
        N_("If you have two accounts there, ask the people who run that learning platform."),
    ),
    "join_done": Sentence(
        N_("These two schools are joined already."), N_("You have nothing more to do.")
    ),
    "join_changed": Sentence(
        N_("Something else was joined or ended at this very moment."), N_("Try it once more.")
    ),
    "unknown_joining": Sentence(
        N_("There is no such code any more: it is too old, or one side said no."), _MAKE_ANEW
    ),
    "award_claimed_elsewhere": Sentence(
        N_("You have claimed this badge at your other school already."),
        N_("It is one badge for both. You find it there."),
    ),
}
