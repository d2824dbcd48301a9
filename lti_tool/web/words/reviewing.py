"""What people read when a review, or what follows from it, is refused."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_LOOK_AGAIN = N_("Open the list of what waits for a review: it shows what is to be done now.")
_CHANGE = N_("Go back, change it and send the form again. Nothing was saved yet.")
_ASK_AUTHOR = N_("Return it to its author, and say so in the note.")

REVIEWING: Mapping[str, Sentence] = {
    "reviewers_only": Sentence(
        N_("This page is for people who review definitions."),
        N_("Ask an administrator of your school to give you that role."),
    ),
    "review_over": Sentence(
        N_("This definition does not wait for a review any more: somebody has decided about it."),
        _LOOK_AGAIN,
    ),
    "review_outdated": Sentence(
        N_("The author has changed this definition since you opened it."),
        N_("Copy what you wrote, open the definition again and read what is new."),
    ),
    "own_definition": Sentence(
        N_("You wrote or handed in this definition yourself."),
        N_("Somebody else has to review it. Ask another reviewer."),
    ),
    "independence_missing": Sentence(
        N_("Confirm first that you had no part in writing this definition."),
        N_("If you had, ask another reviewer."),
    ),
    "comment_missing": Sentence(
        N_("Say what is to be changed: in the note, or beside an element."), _CHANGE
    ),
    "comment_too_long": Sentence(
        N_("A comment is too long: at most %(maximum)s characters."), _CHANGE
    ),
    "unknown_element": Sentence(
        N_("A comment belongs to an element that this definition does not have."), _LOOK_AGAIN
    ),
    "incomplete_definition": Sentence(
        N_("Something that every definition needs is missing."), _ASK_AUTHOR
    ),
    "foreign_awarding_body": Sentence(
        N_("The awarding body of a definition is the school that it is written for: %(name)s."),
        N_("Name it with its short name, full name and country as they stand on its public page."),
    ),
    "code_taken": Sentence(
        N_("There is a published definition “%(wanted)s” already."),
        N_("Choose another code, or write the next version of that one."),
    ),
    "code_changed": Sentence(
        N_("This goes on with a published definition, so its code stays “%(wanted)s”."),
        N_("Change it back, or start a definition of its own."),
    ),
    "nothing_changed": Sentence(
        N_("This says the same as the published definition."),
        N_("Change something first, or discard the draft."),
    ),
    "reworded_meanwhile": Sentence(
        N_("Another wording was published after this one was begun, and this one would undo it."),
        N_("Give this draft up and begin again from what is published now."),
    ),
    "unknown_sample": Sentence(
        N_("There is no such result for you to look at. It may have been taken back."), _LOOK_AGAIN
    ),
    "already_moderated": Sentence(
        N_("Somebody else has just looked at this result again."), _LOOK_AGAIN
    ),
    "assessed_oneself": Sentence(
        N_("Confirm first that you had no part in this assessment."),
        N_("If you had, leave it to another reviewer."),
    ),
    "disagreement_unexplained": Sentence(N_("Say why you disagree."), _CHANGE),
    "unknown_share": Sentence(N_("Such a share cannot be chosen."), _LOOK_AGAIN),
    "more_than_wording": Sentence(
        N_("This changes more than the wording of the published definition."),
        N_(
            "Make it a new version, or undo the changes to outcomes, hours, level, assessment,"
            " rules and units. Everything you wrote is kept."
        ),
    ),
    "nothing_to_go_on_with": Sentence(
        N_("This is a definition of its own: it goes on with no published one."),
        N_("Open the draft again: the page shows what can be done with it now."),
    ),
    "nothing_assessed_left": Sentence(
        N_("Then nobody would assess anything in this micro-credential."),
        N_(
            "A tick can be the learner's own. Choose “passed” or a grade here, or let another unit"
            " be assessed."
        ),
    ),
    "already_retired": Sentence(N_("This version is retired already."), _LOOK_AGAIN),
    "closed_to_new_courses": Sentence(
        N_("No new course can begin with this version: it is retired or has to be reviewed."),
        N_("Choose another version, or ask the school that awards it."),
    ),
}
