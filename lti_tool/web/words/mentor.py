"""What mentors, and teachers who ask them, read when something is refused."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_GO_BACK = N_("Go back, change it and send the form again. Nothing was saved yet.")
_ASK_ANEW = N_("Ask the teacher who gave it to you for a new one.")

MENTORS: Mapping[str, Sentence] = {
    "mentor_units_missing": Sentence(N_("Tick at least one thing that is confirmed."), _GO_BACK),
    "mentor_name_missing": Sentence(N_("A name is needed."), _GO_BACK),
    "mentor_links_too_many": Sentence(
        N_("Too many links for this learner are open."),
        N_("Revoke those that nobody needs any more, then make a new one."),
    ),
    "mentor_link_unknown": Sentence(
        N_("There is no such link."),
        N_("Check that all of it was copied, or ask the teacher who gave it to you."),
    ),
    "mentor_link_used": Sentence(N_("This link was used: what it asked is confirmed."), _ASK_ANEW),
    "mentor_link_revoked": Sentence(N_("The teacher has revoked this link."), _ASK_ANEW),
    "mentor_link_ownerless": Sentence(
        N_("The teacher who gave this link away is no longer in the course."),
        N_("Ask the learner who teaches there now: another teacher can make a new link."),
    ),
    "mentor_link_expired": Sentence(N_("This link is too old."), _ASK_ANEW),
}
