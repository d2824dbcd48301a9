"""What people read when a school may not offer, or let others offer, a micro-credential."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

OFFERING: Mapping[str, Sentence] = {
    # what a school may award
    "not_granted": Sentence(
        N_("%(body)s does not let your school award this."),
        N_("Ask them to let your school award it, or choose another. Nothing was changed."),
    ),
    "grant_to_oneself": Sentence(
        N_("An awarding body may always award its own."), N_("Choose another school.")
    ),
    "grant_ended": Sentence(
        N_("This end lies in the past."), N_("Choose a later day, or leave it empty.")
    ),
    "already_granted": Sentence(
        N_("This school may award it already."),
        N_("To change the end, withdraw that first."),
    ),
    "malformed_day": Sentence(
        N_("This is not a day."), N_("Choose a day, such as 2027-06-30, or leave it empty.")
    ),
    "unknown_permission": Sentence(
        N_("There is no such permission."), N_("Look at the list: it may have changed.")
    ),
    # what a larger micro-credential is made of
    "unknown_stack_part": Sentence(
        N_("%(reference)s is not published on this server, so nothing can be made of it."),
        N_("Publish it first, or take it out of “stack”."),
    ),
    "stack_in_circle": Sentence(
        N_("%(reference)s would be made of itself in the end."),
        N_("Look at what its parts are made of, and take one out."),
    ),
    "stack_part_retired": Sentence(
        N_("%(reference)s is retired, so nobody can begin with it any more."),
        N_("Choose another one instead, or take it out of “stack”."),
    ),
    "stack_part_closed": Sentence(
        N_("Too much of what %(reference)s is made of is retired: nobody can earn it any more."),
        N_("Choose another one instead, or take it out of “stack”."),
    ),
    "stack_part_contained": Sentence(
        N_("%(holder)s is made of %(reference)s, and nothing counts twice: nobody reaches both."),
        N_("Take one of the two out of “stack”, or ask for fewer."),
    ),
    "stack_exceeds_parts": Sentence(
        N_("%(needed)s are asked for, and the parts give at most %(most)s together."),
        N_("Ask for less in “stack”, or add parts."),
    ),
}
