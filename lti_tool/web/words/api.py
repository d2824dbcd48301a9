"""What those who run another system read when something of it is refused.

Pages say the same codes in words for people who look at a page; here nobody can go back to one.
"""

from collections.abc import Mapping

from lti_tool.web.words.sentence import N_, Sentence

_AS_DEFINED = N_(
    "The definition in JSON, to which the public page of the micro-credential leads, lists its "
    "units with codes and rules. Correct the report and send it with a new Idempotency-Key."
)
_DESCRIBED = N_("The interface is described at /api/v1/openapi.json.")
_REPEAT = N_("Repeat the request later, with the same Idempotency-Key.")
_NEW_KEY = N_("Send this completion again, in a report with a new Idempotency-Key.")

API: Mapping[str, Sentence] = {
    "unknown_learner": Sentence(
        N_("Nobody with this sub was ever seen in the course."),
        N_(
            "Use the sub that the LMS sends in its launches. The learner must have opened "
            "something in the course, or be named in its roster."
        ),
    ),
    "unknown_unit": Sentence(N_("The micro-credential has no unit of this code."), _AS_DEFINED),
    "unknown_part": Sentence(
        N_("The unit is marked in parts, and none has this code."), _AS_DEFINED
    ),
    "wrong_kind": Sentence(
        N_(
            "The unit asks for something else. By its rule: “points” wants points, “parts” wants "
            "points and the code of the part, “sign_off” and “sign_offs” want "
            "signed_off."
        ),
        _AS_DEFINED,
    ),
    "points_out_of_range": Sentence(
        N_("The points do not lie between 0 and the highest mark of the unit."), _AS_DEFINED
    ),
    "assessor_missing": Sentence(
        N_("This unit is judged by a person, and the report names none."),
        N_("Send as “assessor” the sub of the teacher who judged."),
    ),
    "version_changed": Sentence(
        N_("The course has just begun to offer another version of the micro-credential."), _NEW_KEY
    ),
    "evidence_link_invalid": Sentence(
        N_("The member “evidence_link” is no absolute https address of a public host."),
        N_("Correct or leave out the link, and send the report with a new Idempotency-Key."),
    ),
    "http_400": Sentence(N_("The request cannot be read."), _DESCRIBED),
    "http_404": Sentence(N_("There is nothing at this address."), _DESCRIBED),
    "http_405": Sentence(N_("This address is not asked by this method."), _DESCRIBED),
    "http_413": Sentence(
        N_("The request is too large."),
        N_("Send fewer completions at a time, each report with an Idempotency-Key of its own."),
    ),
    "http_429": Sentence(
        N_("Too many requests came in a short time."),
        N_("Wait as long as the header Retry-After says, then repeat the request unchanged."),
    ),
    "too_often": Sentence(
        N_("Too many requests came in a short time."),
        N_("Wait as long as the header Retry-After says, then repeat the request unchanged."),
    ),
    "internal_error": Sentence(
        N_("Something failed on this server. Nothing of this request was recorded."), _REPEAT
    ),
}
