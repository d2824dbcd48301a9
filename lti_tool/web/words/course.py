"""What people read where the settings of a course, or confirming awards in it, cannot go on."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_GO_BACK = N_("Go back, change it and send the form again. Nothing was saved yet.")

COURSES: Mapping[str, Sentence] = {
    "wrong_setting": Sentence(N_("Choose one of the settings that are shown."), _GO_BACK),
    "wrong_day": Sentence(N_("A day cannot be read."), _GO_BACK),
    "due_before_opening": Sentence(N_("Something would be due before it opens."), _GO_BACK),
    "unknown_teacher": Sentence(
        N_("Name at least one person who teaches this course now, or let all teachers sign off."),
        _GO_BACK,
    ),
    "not_an_assessor": Sentence(
        N_("In this course others record and confirm results. Nothing was recorded."),
        N_("Ask one of them: the settings of the course show who they are."),
    ),
    "teachers_lead": Sentence(
        N_("A teacher of this course does that. Your learning platform calls you an assistant."),
        N_("Ask a teacher to do it, or to let assistants do it in the settings of the course."),
    ),
    "not_open_yet": Sentence(
        N_("This unit is not open yet: it opens on %(day)s."),
        N_("Come back on that day. What you had confirmed before is still there."),
    ),
    "definition_asks_for_more": Sentence(
        N_("The definition asks that more people confirm each award."), _GO_BACK
    ),
    "not_elective": Sentence(
        N_("Only units that learners choose can be named or left out: all others are needed."),
        _GO_BACK,
    ),
    "needed_and_left_out": Sentence(
        N_("A unit that the course needs cannot be left out of it."), _GO_BACK
    ),
    "unknown_choice": Sentence(N_("The definition has no such choice of units."), _GO_BACK),
    "fewer_than_definition": Sentence(
        N_("The definition asks for more units of this choice."), _GO_BACK
    ),
    "too_few_offered": Sentence(
        N_("The course offers fewer units of a choice than are needed."), _GO_BACK
    ),
    "nobody_ticked": Sentence(N_("Nobody is ticked."), _GO_BACK),
    "version_outlook_changed": Sentence(
        N_(
            "Something has changed since you looked, so moving the course means something else "
            "by now. Nothing was moved."
        ),
        N_("Look once more at what it means for your learners."),
    ),
    "version_decisions_wait": Sentence(
        N_("Something of this version still waits for a decision. Nothing was moved."),
        N_("Open the page of the versions again: it says what is to be decided first."),
    ),
}
