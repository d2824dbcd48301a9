"""What people and programs read when something of another system is refused."""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_SEND_AGAIN = N_("Correct the request and send it again. Nothing was recorded.")
_DESCRIBED = N_("The form is described at /api/v1/openapi.json. Nothing was recorded.")
_AS_LAUNCHED = N_(
    "Use what the LMS sends in its launches. The person must have opened something in the course, "
    "or be named in its roster."
)

REPORTING: Mapping[str, Sentence] = {
    "malformed_client_name": Sentence(
        N_("A name is needed: one line of at most %(maximum)s characters."),
        N_("Go back, change it and send the form again. Nothing was saved yet."),
    ),
    "unknown_client": Sentence(
        N_("There is no such system."), N_("Look at the list of systems: it may have changed.")
    ),
    "api_token_missing": Sentence(
        N_("An access token is needed."),
        N_("Get one at /oauth/token and send it in the header Authorization."),
    ),
    "api_token_invalid": Sentence(
        N_("This access token is unknown or over."), N_("Get a new one at /oauth/token.")
    ),
    "api_not_https": Sentence(
        N_("This address is asked over https only."),
        N_("Ask over https. If you do, the server does not know it: see TRUSTED_PROXIES."),
    ),
    "idempotency_key_missing": Sentence(
        N_("The header Idempotency-Key is missing."),
        N_("Make a new value for each report, and repeat it when you repeat the report."),
    ),
    "idempotency_key_malformed": Sentence(
        N_("The header Idempotency-Key holds more than 255 characters, or odd ones."),
        N_("Use letters and digits, such as a UUID. Nothing was recorded."),
    ),
    "idempotency_key_reused": Sentence(
        N_("This Idempotency-Key came before, with another report."),
        N_("Make a new value for each report. Nothing was recorded now."),
    ),
    "report_not_json": Sentence(N_("This is not JSON."), _DESCRIBED),
    "report_malformed": Sentence(
        N_("An object with the list “completions” is needed, and nothing else in it."), _DESCRIBED
    ),
    "report_too_long": Sentence(
        N_("A report holds at most %(maximum)s completions."),
        N_("Send several reports, each with an Idempotency-Key of its own. Nothing was recorded."),
    ),
    "unknown_course": Sentence(
        N_("No LMS of your school with this issuer has such a course here."),
        N_("A course is known once somebody has opened something of it. Check issuer and course."),
    ),
    "ambiguous_course": Sentence(
        N_("Two LMSs with this issuer have a course of this id."),
        N_("This cannot be told apart here: let their people open the unit instead."),
    ),
    "not_offered": Sentence(
        N_("The course does not offer this micro-credential."),
        N_("Its teacher places it in the course first."),
    ),
    "ambiguous_version": Sentence(
        N_("The course offers more than one version of it."),
        N_("Name the version: awarding-body/CODE/version."),
    ),
    "unknown_assessor": Sentence(
        N_("Nobody of this id was seen teaching in the course."), _AS_LAUNCHED
    ),
    "assessor_is_learner": Sentence(N_("Nobody judges their own work."), _SEND_AGAIN),
}
