"""What the self-test found, in words: what is wrong, and what to change where.

Where LMSs call things by other names, there is a line for each family that is known.
"""

from collections.abc import Mapping

from lti_tool.services.self_test import Finding
from lti_tool.web.words.sentences import N_, Sentence

CHECKS: Mapping[str, str] = {
    "settings": N_("Settings"),
    "database": N_("Database"),
    "storage": N_("Storage"),
    "limits": N_("Rate limits"),
    "worker": N_("Worker"),
    "outbox": N_("Scores on their way"),
    "public_address": N_("Public address"),
    "tool_keys": N_("Keys of this tool"),
    "key_as_text": N_("Keys given as text"),
    "registration": N_("Registration"),
    "launches": N_("Launches"),
    "cookies": N_("Cookies"),
    "key_set": N_("Keys of the LMS"),
    "clock": N_("Clock"),
    "token": N_("Access to services"),
    "grades": N_("Gradebook"),
    "roster": N_("List of participants"),
}

VERDICTS: Mapping[str, str] = {
    "ok": N_("in order"),
    "warning": N_("look at this"),
    "failed": N_("does not work"),
    "not_tried": N_("not tried"),
}

_NOTHING = ""
_RUN_WORKER = N_(
    "Start `credlet worker`, or set EMBEDDED_WORKER=true and restart the server. "
    "Then look at the log."
)
_OPEN_FIREWALL = N_(
    "See whether the LMS is up, and whether a firewall keeps this server from it. If it lies in "
    "the same private network, name its host in OUTBOUND_PRIVATE_HOSTS."
)
_CORRECT_ADDRESS = N_(
    "Compare the address with what the LMS shows; `credlet platform list` shows what is stored "
    "here."
)

REASONS: Mapping[str, Sentence] = {
    "ok": Sentence(N_("Everything is as it should be."), _NOTHING),
    "broke": Sentence(
        N_("The test itself failed (%(error)s)."), N_("Look into the log, and report this.")
    ),
    # this server
    "development": Sentence(
        N_("ENVIRONMENT is development."),
        N_("For real learners set ENVIRONMENT=production and decide on each setting."),
    ),
    "not_https": Sentence(
        N_("PUBLIC_URL does not start with https://."),
        N_("LMSs and browsers need https: put a proxy that terminates TLS in front."),
    ),
    "no_trusted_proxy": Sentence(
        N_("PUBLIC_URL is https, so a proxy stands in front, but TRUSTED_PROXIES is 0."),
        N_("Set it to the number of proxies. Until then everybody seems to have one address."),
    ),
    "limits_apart": Sentence(
        N_("Several processes run, and each counts requests for itself."),
        N_(
            "Name a Redis in RATE_LIMIT_STORAGE_URL if the rate limits are to hold for all "
            "together."
        ),
    ),
    "schema_old": Sentence(
        N_("The database has another schema (%(current)s) than this program (%(head)s)."),
        N_("Run `credlet db upgrade`; if the database is the newer one, update the program."),
    ),
    "database_unusable": Sentence(
        N_("%(message)s"),
        N_("Check DATABASE_URL, and whether the database runs."),
    ),
    "wrong_setting": Sentence(N_("%(message)s"), N_("Correct the setting and start again.")),
    "database_server": Sentence(
        N_("The database has a server of its own, which looks after its disk."), _NOTHING
    ),
    "cannot_write": Sentence(
        N_("The folder %(folder)s cannot be written."),
        N_("Let the user that runs Credlet write there, and look for a full disk."),
    ),
    "disk_full": Sentence(
        N_("Only %(free)s are free for %(folder)s."), N_("Make room before anything gets lost.")
    ),
    "disk_nearly_full": Sentence(
        N_("Only %(free)s are free for %(folder)s."), N_("Make room soon.")
    ),
    "no_limits": Sentence(N_("RATE_LIMIT_PERCENT is 0: nobody is ever refused."), _NOTHING),
    "store_silent": Sentence(
        N_("The store named in RATE_LIMIT_STORAGE_URL does not answer."),
        N_(
            "Start the Redis, or correct its address and password, or set memory://. Until then "
            "each process counts for itself; nobody is kept out."
        ),
    ),
    "never_ran": Sentence(
        N_("No worker has ever run: scores reach no gradebook."),
        N_(
            "Before the first `credlet serve` this is normal. After it start `credlet worker`, or "
            "set EMBEDDED_WORKER=true and restart the server. Then look at the log."
        ),
    ),
    "silent": Sentence(
        N_("No worker has run since %(since)s: scores reach no gradebook."), _RUN_WORKER
    ),
    "job_failed": Sentence(
        N_("The job %(job)s failed when it ran last (%(error)s)."),
        N_("It is tried again by itself. If this stays, look into the log."),
    ),
    "stuck": Sentence(
        N_("%(count)s scores have been waiting since %(since)s and were not tried."), _RUN_WORKER
    ),
    "scores_refused": Sentence(
        N_("%(count)s scores were refused by an LMS for good."),
        N_("`credlet score failed` says why; `credlet score resend` tries one again."),
    ),
    "own_unreachable": Sentence(
        N_("%(url)s cannot be reached from this server (%(code)s)."),
        N_(
            "Open it from outside. If it works there, only this server cannot reach its own public "
            "address, which may be meant so. If not: check DNS, proxy, certificate and firewall."
        ),
    ),
    "own_redirect": Sentence(
        N_("%(url)s leads somewhere else (a redirect)."),
        N_("Set PUBLIC_URL to the address it leads to, or let the proxy pass requests through."),
    ),
    "somebody_else": Sentence(
        N_("Something else than this program answers at %(url)s (status %(status)s)."),
        N_("Let the proxy forward to BIND, all paths and unchanged."),
    ),
    "keys_differ": Sentence(
        N_("The keys shown at %(url)s are not those of this database."),
        N_("Another copy of the program or a cache answers there: let all use one database."),
    ),
    "old_key_as_text": Sentence(
        N_("%(platform)s was given the key as text, and it changes or has changed."),
        N_("When the new key signs, its administrator pastes again what %(url)s shows."),
    ),
    # one LMS
    "registration_pending": Sentence(
        N_("This registration is not confirmed yet."),
        N_("`credlet platform confirm` shows it and asks."),
    ),
    "platform_disabled": Sentence(
        N_("This LMS is switched off here."), N_("`credlet platform enable` switches it on.")
    ),
    "registration_unknown": Sentence(N_("There is no such registration."), _NOTHING),
    "no_launch_yet": Sentence(
        N_("Nobody has come from this LMS lately."),
        N_("Open an activity of this tool there once, as a teacher."),
    ),
    "last_launch": Sentence(N_("Somebody came last on %(moment)s."), _NOTHING),
    "cookies_kept": Sentence(
        N_(
            "Of %(count)s recent visits %(kept)s came with a cookie. The others work by a script; "
            "only without JavaScript they would not."
        ),
        _NOTHING,
    ),
    "platform_unreachable": Sentence(
        N_("%(url)s cannot be reached from here (%(code)s)."), _OPEN_FIREWALL
    ),
    "private_address": Sentence(
        N_("%(host)s leads to a private address, where this server does not go."),
        N_("If the LMS lies in your own network, name the host in OUTBOUND_PRIVATE_HOSTS."),
    ),
    "platform_redirect": Sentence(
        N_("%(url)s leads somewhere else (a redirect), which is not followed."), _CORRECT_ADDRESS
    ),
    "platform_status": Sentence(N_("%(url)s answers with status %(status)s."), _CORRECT_ADDRESS),
    "key_set_unusable": Sentence(
        N_("%(url)s holds no key that can be used (RSA of 2048 bits or more, for RS256)."),
        _CORRECT_ADDRESS,
    ),
    "no_date": Sentence(N_("The LMS does not say what time it is."), _NOTHING),
    "platform_ahead": Sentence(
        N_("The clock of the LMS is %(seconds)s seconds ahead of this server's."),
        N_("Let both set their clocks by the network (NTP). From a minute on, launches fail."),
    ),
    "platform_behind": Sentence(
        N_("The clock of the LMS is %(seconds)s seconds behind this server's."),
        N_("Let both set their clocks by the network (NTP). From a minute on, scores are refused."),
    ),
    "token_key_set_unreachable": Sentence(
        N_("The LMS cannot fetch this tool's keys from %(key_set)s."),
        N_(
            "Launches work, but no score and no list gets through. Let the LMS's server reach that "
            "address (firewall, DNS, certificate), or paste what %(key_text)s shows as its key."
        ),
    ),
    "token_no_scope": Sentence(
        N_("The LMS allows this tool no service at all."),
        N_(
            "In the LMS's settings of this tool, allow grade services and the list of participants."
        ),
    ),
    "token_clock": Sentence(
        N_("The LMS says that the request was made at the wrong time."),
        N_("Let both servers set their clocks by the network (NTP)."),
    ),
    "token_key_unknown": Sentence(
        N_("The LMS does not know the key that this tool signs with."),
        N_(
            "It keeps an old copy, or has another address for the keys than %(key_set)s. If it was "
            "given the key as text, paste again what %(key_text)s shows."
        ),
    ),
    "token_signature": Sentence(
        N_("The LMS could not verify this tool's signature."),
        N_(
            "The key there is not the one at %(key_set)s. If it was given as text, paste again "
            "what %(key_text)s shows."
        ),
    ),
    "token_client_unknown": Sentence(
        N_("The LMS does not know this tool by the client id that is stored here, or refused it."),
        N_(
            "Compare the client id; see whether the tool is switched on there. Some LMSs (Open "
            "edX) answer so too where they cannot fetch %(key_set)s."
        ),
    ),
    "token_wrong_address": Sentence(
        N_("There is no token service at %(url)s (status %(status)s)."), _CORRECT_ADDRESS
    ),
    "token_platform_error": Sentence(
        N_("The LMS had an error when asked for access (status %(status)s)."),
        N_("Try again later. If it stays, its administrator finds the reason in its log."),
    ),
    "token_refused": Sentence(
        N_("The LMS refused access (status %(status)s)."),
        N_("Its administrator finds the reason in its log."),
    ),
    "token_malformed": Sentence(N_("What the LMS answered is no access token."), _CORRECT_ADDRESS),
    "after_token": Sentence(N_("First access to services has to work."), _NOTHING),
    "scores_not_allowed": Sentence(
        N_("The LMS does not let this tool send scores."),
        N_("Allow grade services in the LMS's settings of this tool, if scores are wanted."),
    ),
    "scores_only": Sentence(
        N_("Scores can be sent. The LMS does not let this tool look at its columns."), _NOTHING
    ),
    "no_column_yet": Sentence(
        N_("Scores may be sent; no activity with a column has been opened yet."), _NOTHING
    ),
    "service_elsewhere": Sentence(
        N_("This service lies on %(host)s, which is not among the hosts of this LMS."),
        N_("Register the LMS anew under the address that it has today."),
    ),
    "service_gone": Sentence(
        N_("What the activity that was opened last had there is gone (%(url)s)."),
        N_("Open an activity again and test once more; if it was deleted on purpose, all is well."),
    ),
    "authorization_dropped": Sentence(
        N_("The LMS gave a token and then did not accept it (401)."),
        N_("Its web server must pass the header Authorization on to the LMS."),
    ),
    "service_refused": Sentence(
        N_("%(url)s answers with status %(status)s."),
        N_("Its administrator finds the reason in its log."),
    ),
    "no_roster_yet": Sentence(
        N_("It may be read; no course that was opened has said yet where."),
        N_("Let a teacher open an activity of this tool."),
    ),
    "roster_not_allowed": Sentence(
        N_("The LMS does not let this tool read who is in a course."),
        N_("Allow it in the LMS's settings of this tool, if the list is wanted."),
    ),
}

_MOODLE_SERVICES = N_(
    "In Moodle: Site administration → Plugins → Activity modules → External tool → Manage tools → "
    "the tool's settings → Services."
)

BY_FAMILY: Mapping[tuple[str, str], str] = {
    ("moodle", "token_key_set_unreachable"): N_(
        "Launches work, but no score and no list gets through. In Moodle: Site administration → "
        "Security → HTTP security: take this server out of the blocked hosts "
        "(curlsecurityblockedhosts) and add its port to the allowed ones "
        "(curlsecurityallowedport). Where that cannot be, choose “RSA key” in the tool's settings "
        "and paste what %(key_text)s shows."
    ),
    ("moodle", "token_no_scope"): _MOODLE_SERVICES,
    ("moodle", "scores_not_allowed"): _MOODLE_SERVICES,
    ("moodle", "roster_not_allowed"): _MOODLE_SERVICES,
    ("moodle", "authorization_dropped"): N_(
        "The web server in front of Moodle must pass the header Authorization on. Apache: "
        "CGIPassAuth On; nginx: fastcgi_param HTTP_AUTHORIZATION $http_authorization."
    ),
    ("moodle", "token_client_unknown"): N_(
        "In Moodle: Manage tools → the tool's “View configuration details” shows the client id; "
        "the card must say Active."
    ),
    ("canvas", "token_no_scope"): N_(
        "In Canvas: Admin → Developer Keys → the key → LTI Advantage Services; and switch the "
        "key on."
    ),
    ("canvas", "scores_not_allowed"): N_(
        "In Canvas: Admin → Developer Keys → the key → LTI Advantage Services."
    ),
    ("canvas", "roster_not_allowed"): N_(
        "In Canvas: Admin → Developer Keys → the key → LTI Advantage Services."
    ),
    ("canvas", "token_client_unknown"): N_(
        "In Canvas: Admin → Developer Keys: the client id is the key's number, and its state "
        "must be On."
    ),
}


def words_for(finding: Finding, family: str = "") -> Sentence:
    """Return what was found and what to do, not translated and not filled in."""
    found = REASONS[finding.reason]
    advice = BY_FAMILY.get((family, finding.reason))
    return Sentence(found.title, advice) if advice else found
