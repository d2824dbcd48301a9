"""The one table from what went wrong to what people read: what happened, and what to do next."""

from collections.abc import Mapping

from lti_tool.web.words.course import COURSES
from lti_tool.web.words.evidence import EVIDENCE
from lti_tool.web.words.joining import JOINING
from lti_tool.web.words.mentor import MENTORS
from lti_tool.web.words.moodle import MOODLE
from lti_tool.web.words.offering import OFFERING
from lti_tool.web.words.prior_learning import PRIOR_LEARNING
from lti_tool.web.words.registering import REGISTERING
from lti_tool.web.words.reporting import REPORTING
from lti_tool.web.words.reviewing import REVIEWING
from lti_tool.web.words.sentence import N_, Sentence
from lti_tool.web.words.table import TABLES
from lti_tool.web.words.ticking import TICKING
from lti_tool.web.words.waiting import WAITING
from lti_tool.web.words.writing import WRITING

__all__ = ["N_", "SENTENCES", "Sentence", "sentence"]


_OPEN_AGAIN = N_("Open the unit again from your course. Nothing was lost.")
_ASK_TEACHER = N_("Open the unit again from your course. If that does not help, tell your teacher.")
_ASK_ADMIN = N_("This is for the people who run your learning platform: give them the code below.")
_GO_BACK = N_("Go back, change it and send the form again. Nothing was saved yet.")
_TRY_LATER = N_("Wait a moment and try again. What you had saved before is still there.")
_CHECK_ADDRESS = N_("Check the address, or ask the person who gave it to you.")
_ASK_OPERATOR = N_("Ask an operator of this server.")
_NEW_SIGN_IN_LINK = N_("Ask an operator of this server for a new link (credlet account link).")
_LIST_SHOWS = N_("`credlet platform list` shows all.")
_LOOK_AGAIN = N_("Go back and look at the page again: it may have changed meanwhile.")

SENTENCES: Mapping[str, Sentence] = {
    # launch session
    "session_missing": Sentence(N_("We do not know who you are on this page."), _OPEN_AGAIN),
    "session_expired": Sentence(N_("You have been away for a while."), _OPEN_AGAIN),
    "form_token": Sentence(
        N_("This form was not sent from your own page, so nothing was changed."), _OPEN_AGAIN
    ),
    "platform_disabled": Sentence(
        N_("This server no longer accepts visits from your learning platform."), _ASK_ADMIN
    ),
    "teachers_only": Sentence(
        N_("This page is for teachers of the course."),
        N_("If you teach this course, open the unit again in your teacher's role."),
    ),
    "other_launch": Sentence(N_("This page belongs to another kind of visit."), _OPEN_AGAIN),
    # looking at a grade
    "for_user_foreign": Sentence(
        N_("You can look at your own results only."),
        N_("Open the unit from your course: there you see what is recorded for you."),
    ),
    "data_of_others": Sentence(
        N_("What is kept about somebody is shown to them, and to who runs the learning platform."),
        N_("Ask for your own data, or ask the people who run your learning platform."),
    ),
    "unknown_activity": Sentence(
        N_("This grade belongs to an activity that nobody has opened here yet."),
        N_("Open the activity from your course first."),
    ),
    # choosing activities for a course
    "deep_linking_answered": Sentence(
        N_("Your choice was sent back to your course already."),
        N_("Look there. To choose again, begin in the course once more."),
    ),
    "deep_linking_single": Sentence(
        N_("Your learning platform takes one activity at a time."),
        N_("Go back and choose one. Nothing was added yet."),
    ),
    "nothing_chosen": Sentence(
        N_("Nothing was chosen."), N_("Go back and choose at least one. Nothing was added yet.")
    ),
    "deep_linking_types_unsupported": Sentence(
        N_("Your course asks for something else than activities, and there is nothing else here."),
        N_("Add an activity (in Moodle: an external tool) and choose its content from there."),
    ),
    # placing and routes
    "link_not_placed": Sentence(
        N_("Your teacher has not chosen yet what this activity stands for."),
        N_("Come back later, or tell your teacher."),
    ),
    "link_placed_by_platform": Sentence(
        N_("What this activity stands for is set in your learning platform."),
        N_("Change it there, in the settings of the activity (custom parameters mc and unit)."),
    ),
    "unknown_micro_credential": Sentence(
        N_("There is no micro-credential at this address."), _CHECK_ADDRESS
    ),
    "malformed_cursor": Sentence(
        N_("No page of the catalogue begins at this cursor."),
        N_("Take the address of the next page as the page before gives it, or begin anew."),
    ),
    "malformed_moment": Sentence(
        N_("“modifiedSince” is no date or time."),
        N_("Write it as in 2026-03-01 or 2026-03-01T12:00:00Z."),
    ),
    "malformed_language": Sentence(
        N_("“language” is no language tag."), N_("Write it as in en, de or sr-Latn.")
    ),
    "ambiguous_micro_credential": Sentence(
        N_("Several awarding bodies offer a micro-credential of that code."), _CHECK_ADDRESS
    ),
    "unknown_unit": Sentence(N_("There is no such unit in this micro-credential."), _LOOK_AGAIN),
    "version_changed": Sentence(
        N_(
            "The teacher has just chosen another version of this micro-credential. Nothing was "
            "recorded."
        ),
        N_("Open the activity again from your course."),
    ),
    "version_in_use": Sentence(
        N_("Learners have begun with the version that your course offers, so it stays."),
        N_(
            "The page of the versions shows what moving them to a newer one means. A new course "
            "can begin with any version."
        ),
    ),
    "unknown_placement": Sentence(
        N_("This course does not offer that micro-credential."), _LOOK_AGAIN
    ),
    "participation_not_allowed": Sentence(
        N_("Taking part is not enough to complete this unit: it must be assessed."), _GO_BACK
    ),
    "basis_missing": Sentence(
        N_("Say what has to be done in the learning platform before this unit opens."), _GO_BACK
    ),
    "basis_too_long": Sentence(
        N_("That text is too long: at most %(maximum)s characters."), _GO_BACK
    ),
    # records
    "unknown_learner": Sentence(N_("That person was never seen in this course."), _LOOK_AGAIN),
    "unknown_record": Sentence(N_("There is no such record."), _LOOK_AGAIN),
    "other_course": Sentence(
        N_("That record was made in another course."),
        N_("Only the teachers of that course can take it back."),
    ),
    "reason_missing": Sentence(N_("Give a reason."), _GO_BACK),
    "evidence_too_long": Sentence(
        N_("That text is too long: at most %(maximum)s characters."), _GO_BACK
    ),
    "points_out_of_range": Sentence(N_("The points must lie between 0 and the maximum."), _GO_BACK),
    "not_a_number": Sentence(N_("“%(value)s” is not a number of points."), _GO_BACK),
    "unknown_part": Sentence(N_("This unit has no such part."), _LOOK_AGAIN),
    "wrong_kind": Sentence(
        N_("This unit is completed in another way than was entered."), _LOOK_AGAIN
    ),
    "retracts_retraction": Sentence(N_("An undo cannot be undone."), _LOOK_AGAIN),
    # awards and credentials
    "award_withdrawn": Sentence(
        N_("This award was withdrawn."), N_("Ask your teacher why, and what is missing now.")
    ),
    "award_flagged": Sentence(
        N_("A teacher has to look at this award first."),
        N_("Come back later, or ask your teacher."),
    ),
    "not_confirmed": Sentence(
        N_("This cannot be undone, so it has to be confirmed."),
        N_("Go back and tick that you are sure. Nothing was changed."),
    ),
    "award_not_flagged": Sentence(
        N_("Somebody has already decided about this award."), _LOOK_AGAIN
    ),
    "credential_revoked": Sentence(N_("This badge was revoked before."), _LOOK_AGAIN),
    "reason_too_long": Sentence(
        N_("That text is too long: at most %(maximum)s characters."), _GO_BACK
    ),
    "unknown_link": Sentence(N_("There is no such activity."), _LOOK_AGAIN),
    "unknown_result": Sentence(N_("There is no such grade."), _LOOK_AGAIN),
    "unknown_delivery": Sentence(N_("There is no such score."), _LOOK_AGAIN),
    "delivery_not_failed": Sentence(N_("This score is already being sent again."), _LOOK_AGAIN),
    "delivery_outdated": Sentence(
        N_("A newer score for this learner is already on its way."), _LOOK_AGAIN
    ),
    "unknown_organisation": Sentence(
        N_("There is no awarding body at this address."), _CHECK_ADDRESS
    ),
    "unknown_award": Sentence(N_("There is no such award."), _LOOK_AGAIN),
    "own_award": Sentence(
        N_("Nobody confirms an award of their own, and this learner has your name."),
        N_("Ask another administrator of your school."),
    ),
    "teachers_confirm_rest": Sentence(
        N_("As many administrators as the course lacks teachers have confirmed this."),
        N_("It waits for a teacher of the course now."),
    ),
    "not_confirmed_by_you": Sentence(
        N_("You have not confirmed this award, or have taken that back."), _LOOK_AGAIN
    ),
    "confirmation_not_asked": Sentence(
        N_(
            "Somebody ticked would get the award again at once, as no confirmation is asked for it "
            "any more. To take the award away, withdraw it on the learner's page."
        ),
        _LOOK_AGAIN,
    ),
    "unknown_credential": Sentence(N_("There is no badge at this address."), _CHECK_ADDRESS),
    "unknown_status_list": Sentence(N_("There is no status list at this address."), _CHECK_ADDRESS),
    "not_awarded": Sentence(
        N_("The award is not there yet, or no longer."),
        N_("Go back to your units: they say what is missing."),
    ),
    # people who sign in
    "own_form_token": Sentence(
        N_("This form was not sent from a page of yours, so nothing was changed."),
        N_("Go back, load the page again and repeat it. Your browser must keep cookies here."),
    ),
    "signed_out": Sentence(
        N_("You are not signed in any more, so nothing was changed."),
        N_("Sign in again, then repeat it."),
    ),
    "sign_in_again": Sentence(
        N_("This cannot be undone, and you signed in a while ago. Nothing was changed."),
        N_("Sign in once more, then repeat it."),
    ),
    "operators_only": Sentence(N_("This page is for operators of this server."), _ASK_OPERATOR),
    "administrators_only": Sentence(
        N_("This page is for administrators of a school."), _ASK_OPERATOR
    ),
    "link_unknown": Sentence(N_("This sign-in link is not one of ours."), _NEW_SIGN_IN_LINK),
    "link_used": Sentence(N_("This sign-in link was used before."), _NEW_SIGN_IN_LINK),
    "link_expired": Sentence(N_("This sign-in link is too old."), _NEW_SIGN_IN_LINK),
    "no_address": Sentence(
        N_("This account has no e-mail address."), N_("Save an address in the account first.")
    ),
    "proof_just_asked": Sentence(
        N_("You asked for a link less than %(minutes)s minutes ago."),
        N_("Look into your mail, also where it keeps unwanted mail, or try again in a moment."),
    ),
    "too_many_proofs": Sentence(
        N_("You asked for a link %(most)s times within a day."),
        N_("Try again tomorrow, or ask an operator of this server."),
    ),
    "unknown_proof": Sentence(
        N_("This link for your address counts no more: it was used, or another was sent since."),
        N_(
            "See the page of your account: if the address is not shown to be yours, ask for a link."
        ),
    ),
    "proof_expired": Sentence(
        N_("This link for your address is too old."),
        N_("Ask for a new one on the page of your account."),
    ),
    "no_mail": Sentence(N_("This server sends no mail."), _NEW_SIGN_IN_LINK),
    "passkey_refused": Sentence(
        N_("What your browser sent is no proof by a passkey of yours."),
        N_("Go back, load the page again and try once more, or use a sign-in link."),
    ),
    "passkey_expired": Sentence(
        N_("The page was open for too long."), N_("Go back, load it again and try once more.")
    ),
    "passkey_unknown": Sentence(
        N_("This passkey does not open this server any more."),
        N_("Use another one, or ask an operator of this server for a sign-in link."),
    ),
    "passkey_known": Sentence(N_("This passkey is registered here already."), _LOOK_AGAIN),
    "too_many_passkeys": Sentence(
        N_("An account has at most %(maximum)s passkeys."), N_("Remove one that you do not use.")
    ),
    "passkey_not_here": Sentence(N_("You have no such passkey."), _LOOK_AGAIN),
    "operators_rename": Sentence(
        N_("The name stands on every badge, so only an operator changes it."), _ASK_OPERATOR
    ),
    "held_off": Sentence(
        N_("An operator switched this off, so only an operator switches it on again."),
        _ASK_OPERATOR,
    ),
    "account_disabled": Sentence(N_("This account is switched off."), _ASK_OPERATOR),
    "unknown_account": Sentence(N_("There is no such account."), _LOOK_AGAIN),
    "several_accounts": Sentence(
        N_("Several people have that name."), N_("Name the account by its id.")
    ),
    "malformed_account_name": Sentence(
        N_("The name is empty, too long, or has characters that cannot be printed."), _GO_BACK
    ),
    "malformed_email": Sentence(N_("This does not look like an e-mail address."), _GO_BACK),
    "unknown_time_zone": Sentence(N_("There is no such time zone."), _GO_BACK),
    "organisation_needed": Sentence(N_("This role belongs to a school: say which."), _GO_BACK),
    "organisation_not_needed": Sentence(
        N_("Operators run the whole server, not one school."), _GO_BACK
    ),
    "unknown_role": Sentence(N_("There is no such role."), _LOOK_AGAIN),
    "organisation_exists": Sentence(
        N_("“%(slug)s” is taken by another school."), N_("Choose another short name.")
    ),
    "malformed_country": Sentence(
        N_("There is no such country: two letters of ISO 3166-1 are needed, such as UA."), _GO_BACK
    ),
    "unknown_grant": Sentence(N_("This person does not have that role."), _LOOK_AGAIN),
    "last_operator": Sentence(
        N_("This is the last operator: nobody could run this server any more."),
        N_("Make somebody else an operator first."),
    ),
    # what only operators meet
    "platform_exists": Sentence(
        N_("This school is already connected to that LMS."),
        N_("`credlet platform list` shows it; `credlet platform enable` switches it on again."),
    ),
    "unknown_platform": Sentence(N_("There is no such LMS."), _LIST_SHOWS),
    "unknown_registration": Sentence(N_("There is no such registration."), _LIST_SHOWS),
    "several_registrations": Sentence(
        N_("That LMS has several registrations."),
        N_("Name the registration: the id in the addresses that `credlet platform list` shows."),
    ),
    "registration_confirmed": Sentence(
        N_("This registration is confirmed already."),
        N_("`credlet platform disable` switches its LMS off."),
    ),
    "other_organisation": Sentence(
        N_("That LMS belongs to another school, so its people are others."), _LIST_SHOWS
    ),
    "other_issuer": Sentence(
        N_("That LMS is known as %(known)s, this registration is of %(issuer)s."),
        N_("Add --moved if it is the same site, with the same people, at a new address."),
    ),
    "unknown_deployment": Sentence(
        N_("“%(deployment)s” is not among the deployments of this registration."), _LIST_SHOWS
    ),
    "unknown_origin": Sentence(
        N_("“%(origin)s” is not among the allowed addresses of this registration."),
        N_("`credlet platform frames` with its id alone shows them."),
    ),
    "deployment_exists": Sentence(
        N_("“%(deployment)s” is among the deployments already."), _LIST_SHOWS
    ),
    "rotation_under_way": Sentence(
        N_("The next key is published already and signs from %(signs_from)s."),
        N_("Wait for it, or let it sign at once with --now."),
    ),
    "malformed_url": Sentence(
        N_("“%(value)s” is not an address that can be used for %(field)s."),
        N_("Give it in full, starting with https://."),
    ),
    "malformed_identifier": Sentence(
        N_("%(field)s is empty, too long, or has characters that cannot be printed."),
        N_("Copy it from the LMS again."),
    ),
    "malformed_slug": Sentence(
        N_("“%(slug)s” cannot be a short name."),
        N_("Use a-z, 0-9 and hyphens, at most 63 characters."),
    ),
    "deployment_missing": Sentence(
        N_("A deployment id is needed."), N_("The LMS shows it beside the client id.")
    ),
    "version_exists": Sentence(
        N_("%(reference)s was published with another content, and a version never changes."),
        N_("Give the changed definition a new version."),
    ),
    "unsignable_definition": Sentence(
        N_("A badge of this definition could not be signed: %(reason)s"),
        N_("Change the text that is named there."),
    ),
    "wrong_public_url": Sentence(
        N_("Badges were signed under %(stored)s, so PUBLIC_URL cannot be %(configured)s."),
        N_("Set PUBLIC_URL to the address that the badges name."),
    ),
    "encryption_key_missing": Sentence(
        N_("A stored secret was encrypted under a key that ENCRYPTION_KEYS no longer holds."),
        N_("Add the old key behind the new one."),
    ),
    # anything else, by HTTP status
    "http_400": Sentence(N_("The browser sent something that this page cannot read."), _LOOK_AGAIN),
    "http_403": Sentence(N_("You cannot do this here."), _OPEN_AGAIN),
    "http_404": Sentence(N_("There is nothing at this address."), _CHECK_ADDRESS),
    "http_405": Sentence(
        N_("This address cannot be used in that way."),
        N_("Go back and follow the links on the page."),
    ),
    "http_409": Sentence(N_("Somebody changed this in the meantime."), _LOOK_AGAIN),
    "http_413": Sentence(
        N_("That was too much to send at once."), N_("Go back and send a shorter text.")
    ),
    "http_429": Sentence(N_("That was too often in a short time."), _TRY_LATER),
    "too_often": Sentence(
        N_("That was too often in a short time. Try again in %(wait)s."),
        N_(
            "Wait that long, then load this page again: what you sent goes along. Nothing was lost."
        ),
    ),
    "http_500": Sentence(N_("Something went wrong on our side."), _TRY_LATER),
    "http_502": Sentence(N_("Another server did not answer as it should."), _TRY_LATER),
    "http_503": Sentence(N_("This server is busy or being updated."), _TRY_LATER),
    **OFFERING,
    **REGISTERING,
    **REPORTING,
    **REVIEWING,
    **WAITING,
    **WRITING,
    **TABLES,
    **COURSES,
    **MENTORS,
    **MOODLE,
    **EVIDENCE,
    **JOINING,
    **PRIOR_LEARNING,
    **TICKING,
    # launches that are refused; the others by `launch_refused`
    "registration_pending": Sentence(
        N_("Your learning platform is registered here, but not confirmed yet."),
        N_("Come back later. The people who run Credlet have to confirm it first."),
    ),
    **dict.fromkeys(
        ("state_missing", "state_unknown", "state_expired", "state_foreign", "expired", "too_old"),
        Sentence(N_("This way in was already used, or it took too long."), _OPEN_AGAIN),
    ),
    "browser_unknown": Sentence(
        N_("Your browser did not keep what it needs to let you in."),
        N_(
            "Allow cookies for this address in your browser's settings, or use another browser. "
            "Then open the unit from your course again."
        ),
    ),
    "sub_missing": Sentence(
        N_("Your learning platform does not say who you are."),
        N_(
            "A unit can be completed only by somebody. Sign in to your learning platform and open "
            "the unit again. If you are signed in, the people who run it have to let it tell "
            "Credlet a number for each person (the claim “sub”, switched off by anonymous "
            "launches); names and addresses are not needed."
        ),
    ),
    "platform_error": Sentence(
        N_("Your learning platform did not let you in (%(error)s)."), _ASK_TEACHER
    ),
    "deployment_unknown": Sentence(
        N_("Nobody has allowed yet that Credlet is used in this place of your learning platform."),
        N_("Come back later. The people who run Credlet see that you asked and can allow it."),
    ),
    "registration_id_taken": Sentence(
        N_("These addresses belong to another registration."),
        N_("Begin again: the page shows new ones."),
    ),
    "keys_slow": Sentence(
        N_("Your learning platform takes long to say whether this visit is genuine."),
        N_("Wait half a minute, then open the activity again."),
    ),
    "keys_unavailable": Sentence(
        N_("Your learning platform could not be asked whether this visit is genuine."), _TRY_LATER
    ),
    "registration_unknown": Sentence(
        N_("This server does not know your learning platform."), _ASK_ADMIN
    ),
    "launch_refused": Sentence(
        N_("What your learning platform sent cannot be accepted."), _ASK_ADMIN
    ),
}


def sentence(code: str, status: int, otherwise: str = "") -> Sentence:
    """Return what people read for a code.

    For one without a row of its own that of the code `otherwise`, else what fits `status`.
    """
    for key in (code, otherwise, f"http_{status}"):
        if key in SENTENCES:
            return SENTENCES[key]
    return SENTENCES["http_500" if status >= 500 else "http_400"]
