"""The audit log in words: what was done, by whom, to what."""

from collections.abc import Mapping

from flask_babel import gettext

from lti_tool.models import AuditEntry
from lti_tool.services.audit_trail import About
from lti_tool.services.staff.accounts import Role
from lti_tool.web.words.sentences import N_

ACTS: Mapping[str, str] = {
    "account.added": N_("added an account"),
    "account.changed": N_("changed their account"),
    "account.email_changed": N_("changed the address for sign-in links"),
    "account.email_proved": N_("showed that the address for mails is theirs"),
    "account.email_unproved": N_("let an address for mails count as not shown to be theirs"),
    "account.digest_sent": N_("told by mail what waits"),
    "account.digest_on": N_("switched on mails about what waits"),
    "account.digest_off": N_("switched off mails about what waits"),
    "account.disabled": N_("switched an account off"),
    "account.enabled": N_("switched an account on"),
    "account.role_given": N_("gave a role"),
    "account.role_withdrawn": N_("took a role away"),
    "account.signed_in": N_("signed in"),
    "account.signed_out": N_("signed out"),
    "account.signed_out_elsewhere": N_("signed out in all other browsers"),
    "account.passkeys_removed": N_("removed all passkeys of an account"),
    "account.signed_out_everywhere": N_("signed out in all browsers"),
    "sign_in_link.made": N_("made a sign-in link"),
    "passkey.added": N_("added a passkey"),
    "passkey.removed": N_("removed a passkey"),
    "platform.added": N_("connected an LMS by hand"),
    "platform.disabled": N_("switched an LMS off"),
    "platform.enabled": N_("switched an LMS on"),
    "organisation.added": N_("added a school"),
    "organisation.changed": N_("changed a school"),
    "registration.disabled": N_("switched a registration off"),
    "registration.changed": N_("corrected what an LMS is registered with"),
    "registration.enabled": N_("switched a registration on"),
    "moodle.connected": N_("connected a Moodle's web services"),
    "moodle.disconnected": N_("disconnected a Moodle's web services"),
    "invitation.made": N_("made a link to connect an LMS"),
    "registration.received": N_("registered an LMS"),
    "registration.renewed": N_("renewed a registration"),
    "registration.confirmed": N_("confirmed a registration"),
    "registration.rejected": N_("rejected a registration"),
    "deployments.automatic": N_("let new deployments launch by themselves"),
    "deployments.listed": N_("let only listed deployments launch"),
    "deployment.added": N_("listed a deployment"),
    "deployment.turned_down": N_("turned a deployment down"),
    "deployment.removed": N_("took a deployment off the list"),
    "deployment.admitted": N_("admitted a new deployment"),
    "launch.refused": N_("refused launches"),
    "frame_origin.added": N_("allowed an LMS to show pages under a further address"),
    "frame_origin.removed": N_("forbade an LMS to show pages under a further address"),
    "api_client.added": N_("let another system report completions"),
    "api_client.secret_replaced": N_("gave another system a new secret"),
    "api_client.disabled": N_("switched another system off"),
    "api_client.enabled": N_("switched another system on"),
    "draft.derived": N_("began a definition with another’s"),
    "grant.made": N_("let a school award a micro-credential"),
    "grant.withdrawn": N_("no longer lets a school award a micro-credential"),
    "tool_key.rotated": N_("published a new tool key"),
    "tool_key.deleted": N_("deleted a tool key"),
    "issuer_key.made": N_("made a signing key"),
    "organisation.partners_asked": N_("chose who reviews a school's definitions"),
    "definition.approved": N_("approved and published a definition"),
    "definition.returned": N_("returned a definition to its author"),
    "micro_credential.confirmed": N_("reviewed a published micro-credential again"),
    "micro_credential.retired": N_("retired a micro-credential"),
    "micro_credential.published": N_("published a micro-credential"),
    "link.placed": N_("chose what an activity stands for"),
    "unit.activity_chosen": N_("chose an activity of the LMS for a unit"),
    "placement.version_chosen": N_("chose which version a course offers"),
    "person.joined": N_("joined what somebody learns at two schools"),
    "person.parted": N_("ended the joining of two schools"),
    "placement.version_moved": N_("moved a course and its learners to a newer version"),
    "records.brought": N_("let what was done before elsewhere count in a course that was moved"),
    "person.data_shown": N_("looked at what is kept about a person"),
    "unit.route_chosen": N_("chose how a unit is completed"),
    "deep_linking.answered": N_("selected content for a course"),
    "delivery.resent": N_("sent a score again"),
    "column.repaired": N_("found or made the gradebook column of an activity"),
    "result.settled": N_("left a result as it is, whatever the LMS says"),
    "evidence.added": N_("added files to a result"),
    "evidence.removed": N_("removed a file that was evidence"),
    "prior_learning.submitted": N_("applied for recognition of prior learning"),
    "prior_learning.withdrawn": N_("took back an application for prior learning"),
    "prior_learning.judged": N_("judged prior learning"),
    "prior_learning.corrected": N_("corrected a judgement on prior learning"),
    "prior_learning.appealed": N_("appealed against a judgement on prior learning"),
    "prior_learning.erased": N_("deleted what they had written about prior learning"),
    "mentor.asked": N_("asked a mentor at the workplace"),
    "mentor.confirmed": N_("confirmed by a mentor's link"),
    "mentor.revoked": N_("revoked a mentor's link"),
    "moderation.asked": N_("chose how many results are looked at again"),
    "moderation.agreed": N_("looked at a result again and agreed"),
    "moderation.evidence_shown": N_("looked at what a drawn result rests on"),
    "moderation.file_opened": N_("opened a file that a drawn result rests on"),
    "moderation.disagreed": N_("looked at a result again and disagreed"),
    "award.granted": N_("granted an award"),
    "award.withdrawn": N_("withdrew an award"),
    "placement.settings_changed": N_("changed the settings of a course"),
    "award.confirmed": N_("confirmed an award"),
    "award.declined": N_("did not confirm an award"),
    "award.confirmation_undone": N_("took the confirmation of an award back"),
    "award.flagged": N_("flagged an award for a decision"),
    "award.kept": N_("kept an award"),
    "credential.claimed": N_("claimed a badge"),
    "credential.published": N_("made a badge public"),
    "credential.unpublished": N_("made a badge private"),
    "credential.revoked": N_("revoked a badge"),
}

REFUSALS: Mapping[str, str] = {
    "audience": N_("the message was meant for another tool"),
    "authorised_party": N_("the message was meant for another tool"),
    "browser_unknown": N_("another browser had begun the launch"),
    "client_id_mismatch": N_("the client ID is another one"),
    "deployment_mismatch": N_("the deployment changed on the way"),
    "deployment_unknown": N_("the deployment is not on the list"),
    "expired": N_("the message was too old, or a clock is wrong"),
    "issuer_mismatch": N_("the issuer is another one"),
    "keys_slow": N_("the LMS takes too long to show its keys"),
    "keys_unavailable": N_("the keys of the LMS cannot be fetched"),
    "kid_unknown": N_("the key that signed is none of the LMS's"),
    "nonce_mismatch": N_("the message belongs to another launch"),
    "not_yet_valid": N_("the message comes from the future, so a clock is wrong"),
    "signature": N_("the signature is wrong"),
    "state_foreign": N_("the launch was begun for another LMS"),
    "state_unknown": N_("the launch was sent twice, or never begun here"),
}

ROLES: Mapping[str, str] = {
    Role.OPERATOR: N_("operator"),
    Role.ADMINISTRATOR: N_("administrator"),
    Role.REVIEWER: N_("reviewer"),
    Role.ASSESSOR: N_("assessor of prior learning"),
}

ABOUT: Mapping[About, str] = {
    About.PEOPLE: N_("People and sign-in"),
    About.PLATFORMS: N_("Schools and LMSs"),
    About.KEYS: N_("Keys"),
    About.LEARNING: N_("Courses, awards, badges"),
}


KINDS: Mapping[str, str] = {
    "account": N_("account"),
    "activity_result": N_("result of an activity"),
    "api_client": N_("other system"),
    "award": N_("award"),
    "credential": N_("badge"),
    "definition_draft": N_("draft of a definition"),
    "delivery": N_("score"),
    "completion_record": N_("result"),
    "evidence_file": N_("file that was evidence"),
    "gradebook_result": N_("result of the gradebook"),
    "invitation": N_("link"),
    "issuer_key": N_("key"),
    "launch": N_("visit"),
    "mentor_link": N_("link for a mentor"),
    "micro_credential_series": N_("micro-credential"),
    "micro_credential_version": N_("micro-credential"),
    "moderation_sample": N_("result to look at again"),
    "organisation": N_("school"),
    "person": N_("person"),
    "placement": N_("offer of a course"),
    "platform": N_("LMS"),
    "prior_learning_application": N_("application for prior learning"),
    "registration": N_("registration"),
    "resource_link": N_("activity"),
    "tool_key": N_("key"),
}


def named(words: str) -> frozenset[str]:
    """Return the acts whose words, in the language of the page, hold these."""
    wanted = words.casefold().split()
    said = {code: gettext(text).casefold() for code, text in ACTS.items()}
    return frozenset(
        code for code, text in said.items() if all(one in text or one in code for one in wanted)
    )


def act(entry: AuditEntry) -> str:
    """Return what was done; a code that has no words yet stays one."""
    words = gettext(ACTS[entry.action]) if entry.action in ACTS else entry.action
    role = ROLES.get(str(entry.details.get("role", "")))
    words = f"{words} ({gettext(role)})" if role else words
    if passkeys := str(entry.details.get("passkeys", "")):
        words += "; " + gettext("passkeys from before: %(number)s", number=passkeys)
    reason = REFUSALS.get(str(entry.details.get("reason", "")))
    if reason and entry.action == "launch.refused":
        words += ": " + gettext(reason)
        words += "; " + gettext("within an hour: %(count)s", count=entry.details["count"])
    return words


def doer(entry: AuditEntry, names: Mapping[str, str]) -> str:
    """Return who did it."""
    kind, _, identifier = entry.actor.partition(":")
    short = identifier[:4]
    if entry.actor in names:
        return names[entry.actor]
    return {
        "operator": gettext("Command line"),
        "schedule": gettext("By the clock"),
        "system": gettext("Credlet itself"),
        "person": gettext("Somebody from an LMS (%(id)s)", id=short),
        "invitation": gettext("Somebody with a link (%(id)s)", id=short),
        "account": gettext("A deleted account (%(id)s)", id=short),
    }.get(kind, kind)


def subject(entry: AuditEntry, names: Mapping[str, str]) -> str:
    """Return what it was done to; nothing where the doer is meant."""
    if entry.subject == entry.actor:
        return ""
    kind, _, identifier = entry.subject.partition(":")
    known = names.get(entry.subject)
    kind = gettext(KINDS[kind]) if kind in KINDS else kind
    return known or gettext("%(kind)s %(id)s", kind=kind, id=identifier[:8])
