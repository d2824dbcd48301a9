"""What learners and assessors read when something about prior learning is refused."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_GO_BACK = N_("Go back, change it and send the form again.")
_LOOK = N_("Open the page again to see how things are now.")
_ASSESSORS = N_("Leave it to another assessor.")

PRIOR_LEARNING: Mapping[str, Sentence] = {
    "prior_learning_not_allowed": Sentence(
        N_("Prior learning cannot be recognised here."),
        N_("Complete this unit in the course, and ask your teacher if you have questions."),
    ),
    "prior_learning_not_in_unit": Sentence(
        N_("Prior learning cannot be recognised in this unit."),
        N_("“I can do this already” says why, and in which units it can."),
    ),
    "unknown_outcome": Sentence(N_("There is no such learning outcome in this unit."), _LOOK),
    "prior_answers_missing": Sentence(
        N_("Say of every learning outcome whether you can do it already."), _GO_BACK
    ),
    "prior_nothing_claimed": Sentence(
        N_("You say that you can do none of it yet."),
        N_("Then the course is the right way. What you wrote is kept."),
    ),
    "prior_evidence_missing": Sentence(
        N_(
            "Evidence is missing: a few words, a link or a file, for each outcome or for the whole "
            "unit."
        ),
        _GO_BACK,
    ),
    "prior_text_too_long": Sentence(N_("A text is longer than %(maximum)s characters."), _GO_BACK),
    "prior_learning_moved": Sentence(
        N_("This has changed meanwhile, perhaps in another window."), _LOOK
    ),
    "prior_appeal_late": Sentence(
        N_("Another assessor can be asked for within %(days)s days of the decision."),
        N_("You can apply again with other evidence, or complete the unit in the course."),
    ),
    "only_assessors_take_back": Sentence(
        N_(
            "An assessor recognised this as prior learning: only assessors can take it back, or "
            "change what it rests on."
        ),
        N_("The page of this person says whom to ask. Nothing was changed."),
    ),
    "prior_not_decided": Sentence(
        N_("Nothing can be corrected now: it waits for another assessor, or the learner has it."),
        N_("Come back once it is decided."),
    ),
    "prior_applied_again": Sentence(
        N_("Nothing can be corrected here: the learner has applied again for this unit."),
        N_("When they hand it in, it waits in the list for an assessor."),
    ),
    "prior_nothing_corrected": Sentence(
        N_("Choose what you correct."), N_("Tick it, give the reason and send the form again.")
    ),
    "prior_half_judged": Sentence(
        N_("One assessor has judged it already, so it cannot be changed before the decision."),
        N_("Nothing is lost. After the decision you can apply again with other evidence."),
    ),
    "prior_unit_complete": Sentence(
        N_("You have completed this unit already."), N_("Nothing has to be recognised any more.")
    ),
    "prior_beyond_limit": Sentence(
        N_("Prior learning can cover %(percent)s percent of the whole, and this unit is too much."),
        N_("Complete this unit in the course. What you wrote is kept."),
    ),
    "prior_learning_testers": Sentence(
        N_("You teach this course: you can look at this page, but not hand anything in."),
        N_("Open the course as a learner to try it out."),
    ),
    "unknown_application": Sentence(
        N_("There is no such application, or it is not yours to judge."),
        N_("Go back to the list of what waits for you."),
    ),
    "prior_learning_over": Sentence(
        N_("This application waits for nobody: it was judged, or its learner took it back."),
        N_("Go back to the list of what waits for you."),
    ),
    "prior_learning_changed": Sentence(
        N_("The learner has changed something since you read it."),
        N_("Read it again, then judge. Nothing was saved."),
    ),
    "prior_own_application": Sentence(
        N_("The learner has your name, and nobody judges what they can do themselves."),
        _ASSESSORS,
    ),
    "prior_own_teacher": Sentence(
        N_("A teacher of this course has your name, and nobody judges learners whom they teach."),
        _ASSESSORS,
    ),
    "prior_judged_before": Sentence(
        N_("You have judged this already; now somebody else has to."), _ASSESSORS
    ),
    "prior_independence_missing": Sentence(
        N_("Confirm that you do not teach this learner."),
        N_("If you do, leave it to another assessor."),
    ),
    "prior_verdicts_missing": Sentence(N_("Judge every learning outcome."), _GO_BACK),
    "prior_reason_missing": Sentence(
        N_("Give a reason where you do not recognise something or want more evidence."), _GO_BACK
    ),
    "assessors_only": Sentence(
        N_("This page is for assessors of prior learning."),
        N_("Ask an administrator of your school to give you this role."),
    ),
}
