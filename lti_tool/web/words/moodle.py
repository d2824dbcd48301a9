"""What people read when Moodle's own web services refuse or do not answer."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_GO_BACK = N_("Go back, change it and send the form again. Nothing was saved yet.")

MOODLE: Mapping[str, Sentence] = {
    "moodle_unreachable": Sentence(
        N_("Moodle could not be reached (%(reason)s)."),
        N_("It is tried again by itself. If it lasts, the people who run Credlet have to look."),
    ),
    "moodle_token": Sentence(
        N_("Moodle no longer accepts the token of its web service."),
        N_(
            "An administrator makes a new token in Moodle (Site administration, Server, Manage "
            "tokens) and connects it with `credlet moodle connect`."
        ),
    ),
    "moodle_access": Sentence(
        N_(
            "Moodle does not let the token use its web service: it may have expired, or lacks a "
            "function."
        ),
        N_(
            "An administrator looks in Moodle at Site administration, Server, External services "
            "(enabled, functions, authorised users), then runs `credlet moodle test`."
        ),
    ),
    "moodle_busy": Sentence(N_("Moodle is being maintained."), N_("It is tried again by itself.")),
    "moodle_answer": Sentence(
        N_("Moodle answered with something that cannot be understood (%(reason)s)."),
        N_("An administrator looks whether the REST protocol is on and nothing stands in front."),
    ),
    "moodle_course": Sentence(
        N_("The web service's user does not see this course in Moodle."),
        N_("An administrator enrols that user in the course, or lets the role see all courses."),
    ),
    "moodle_permission": Sentence(
        N_("The web service's user may not see completion and grades in this course."),
        N_(
            "An administrator allows that user's role in Moodle: report/progress:view, "
            "gradereport/user:view, moodle/grade:viewall, moodle/site:accessallgroups."
        ),
    ),
    "moodle_refused": Sentence(
        N_("Moodle refused to answer about this course (%(reason)s)."),
        N_("Give this code to the people who run Moodle."),
    ),
    "moodle_person": Sentence(
        N_("Moodle does not know this person in this course."),
        N_("They may have left the course; look in Moodle at the participants."),
    ),
    "moodle_activity": Sentence(
        N_("Moodle says nothing about the chosen activity."),
        N_(
            "It may be deleted, not graded or not tracked for completion. Or the web service's "
            "user does not see it: an administrator allows moodle/course:viewhiddenactivities and "
            "moodle/course:ignoreavailabilityrestrictions."
        ),
    ),
    "moodle_other_host": Sentence(
        N_("%(url)s is not the LMS that launches here (%(issuers)s)."),
        N_("Give the address that the LMS names as its issuer."),
    ),
    "moodle_other_site": Sentence(
        N_("The site at %(url)s says that it is %(site)s."),
        N_("Give the address exactly as Moodle's setting wwwroot has it, with --url."),
    ),
    "moodle_token_malformed": Sentence(
        N_("That is no token: letters and digits only."),
        N_("Copy it from Moodle again: Site administration, Server, Manage tokens."),
    ),
    "moodle_functions_missing": Sentence(
        N_("The service lacks functions: %(functions)s."),
        N_("Add them in Moodle: Site administration, Server, External services, Functions."),
    ),
    "moodle_functions_unneeded": Sentence(
        N_("The token may call %(count)s functions more than are needed (%(functions)s …)."),
        N_("Make a service of its own in Moodle, or add --accept-more."),
    ),
    "activity_not_listed": Sentence(
        N_("Choose one of the activities."), N_("Get the list again if yours is not in it.")
    ),
    "minimum_missing": Sentence(N_("Give a percentage above 0 and up to 100."), _GO_BACK),
    "moodle_not_connected": Sentence(
        N_("No web service of that LMS is connected."),
        N_("`credlet moodle connect PLATFORM_ID` does it."),
    ),
}
