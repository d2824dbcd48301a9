"""Deviations of Moodle, all seen on 4.5.6."""

from lti_tool.lti.quirks.quirk import Quirk

_MOODLE = "Moodle 4.5"

MOODLE = (
    # Launch
    Quirk(
        "forms_are_posted_again",
        _MOODLE,
        "posts a form to itself once more where its own cookie stayed behind",
        "login: a plain 302 wherever the browser is known to keep cookies",
    ),
    Quirk(
        "hints_work_once",
        _MOODLE,
        "ends a launch repeated with Back or Reload in a page that the tool never sees",
        "launch: it ends in a redirect, so what is reloaded is a page of ours",
    ),
    Quirk(
        "expired_visits_are_nobody",
        _MOODLE,
        "sends `login_hint` 0 once its own session is over, and refuses it later",
        "launch: hints go back as they came",
    ),
    Quirk(
        "tokens_live_for_a_minute",
        _MOODLE,
        "`exp` is a minute after `iat`",
        "id_token: a minute of leeway",
    ),
    Quirk(
        "names_of_types_are_short",
        _MOODLE,
        "says `CourseSection` and `Learner` for their full names",
        "claims: types are not read; roles: short names count",
    ),
    Quirk(
        "titles_lose_their_markup",
        _MOODLE,
        "strips titles of a link, and leaves the label of its column as typed",
        "columns are found by ids, never by label",
    ),
    Quirk(
        "tutors_are_listed_as_learners",
        _MOODLE,
        "calls a non-editing teacher Instructor at launch and Learner in the list",
        "arrivals: who taught once is no learner of that course",
    ),
    Quirk(
        "teachers_can_play_learners",
        _MOODLE,
        "sends a learner's role with the teacher's `sub` after “Switch role”",
        "arrivals: what they do then counts as a try-out",
    ),
    Quirk(
        "personal_numbers_come_unasked",
        _MOODLE,
        "sends `lis.person_sourcedid` also where names are not shared",
        "claims: it is not read, so it is not stored",
    ),
    Quirk(
        "return_addresses_hold_form_keys",
        _MOODLE,
        "puts the person's `sesskey` into its return addresses",
        "return_addresses: encrypted for the visit, never logged",
    ),
    Quirk(
        "outcomes_of_lti_1_come_along",
        _MOODLE,
        "adds a `basicoutcome` claim wherever grades are accepted",
        "claims: it is not read",
    ),
    Quirk(
        "rosters_come_after_the_first_activity",
        _MOODLE,
        "names no roster in the first selection of a course",
        "deep_linking: does without; the next launch of a teacher names it",
    ),
    Quirk(
        "custom_keys_come_twice",
        _MOODLE,
        "sends a key that is not lower-case a second time",
        "our keys are lower-case",
    ),
    Quirk(
        "the_sites_parameters_win",
        _MOODLE,
        "lets a parameter of the tool beat one of an activity by the same name",
        "tool_configuration: none is registered",
    ),
    Quirk(
        "unknown_variables_come_as_they_are",
        _MOODLE,
        "sends `$User.image` for what it does not know",
        "claims: a value that begins with `$` is none",
    ),
    Quirk(
        "refusals_are_posted",
        _MOODLE,
        "posts `error` and `state` to the redirect URI",
        "launch: the state is used up; the description is not shown",
    ),
    Quirk(
        "states_are_cleaned_of_tags",
        _MOODLE,
        "`a<b>c` comes back as `ac`",
        "pylti_adapter: states are URL-safe",
    ),
    Quirk(
        "reviews_name_anybody",
        _MOODLE,
        "signs any `for_user` that stands in the address",
        "launch: learners see their own only",
    ),
    Quirk(
        "copies_have_new_ids",
        _MOODLE,
        "a copied course has new ids of course, links and columns",
        "placements: custom parameters say what a link stands for",
    ),
    # Grades and roster
    Quirk(
        "media_types_are_compared_literally",
        _MOODLE,
        "answers 400 to every `Accept` but the one",
        "line_items, grades, roster: one type, as the specification writes it",
    ),
    Quirk(
        "reasons_stand_in_the_status_line",
        _MOODLE,
        "says what was wrong in the HTTP reason, with `[]` as the body",
        "answers: both are read",
    ),
    Quirk(
        "addresses_have_a_query",
        _MOODLE,
        "needs `type_id` in every address of a service",
        "grades.service_url: `/scores` comes before the query",
    ),
    Quirk(
        "anything_not_fully_graded_erases",
        _MOODLE,
        "a score in progress deletes the grade that is there",
        "grades: a grade always comes fully graded",
    ),
    Quirk(
        "scores_of_one_second_conflict",
        _MOODLE,
        "409 unless the time stamp is newer by whole seconds",
        "deliveries: one after the other, a second apart",
    ),
    Quirk(
        "results_crash_on_a_limit",
        _MOODLE,
        "404 in HTML for `results?limit=`",
        "grades: `limit` is never sent",
    ),
    Quirk(
        "grades_by_hand_win_silently",
        _MOODLE,
        "answers 200 to a score that a teacher's own grade hides",
        "results are read back; nothing is sent against them",
    ),
    Quirk(
        "locked_columns_crash",
        _MOODLE,
        "500 for a score into a locked column",
        "deliveries: tried again for three days, then shown as failed",
    ),
    Quirk(
        "changes_replace_columns",
        _MOODLE,
        "cuts a column off its activity if a change does not name it",
        "line_items.change: sends back all that was there",
    ),
    Quirk(
        "second_columns_hide_the_first",
        _MOODLE,
        "names no column in launches of a link with two",
        "arrivals: keeps the link's own",
    ),
    Quirk(
        "next_links_have_curly_quotes",
        _MOODLE,
        "writes `rel=“next”` and `&amp;` into its `Link` header",
        "paging: reads both",
    ),
    Quirk(
        "next_links_forget_the_role",
        _MOODLE,
        "drops `role` from the address of the next page",
        "roster: all are asked for, roles are read from the rows",
    ),
    Quirk(
        "suspended_people_vanish",
        _MOODLE,
        "leaves them out of the roster instead of calling them inactive",
        "memberships: they are shown as gone, their records stay",
    ),
    Quirk(
        "tokens_come_as_html",
        _MOODLE,
        "says `text/html` for the JSON of a token",
        "service_tokens: the type is not read",
    ),
    Quirk(
        "clocks_have_no_leeway",
        _MOODLE,
        "refuses an assertion from its future, however near",
        "service_tokens, deep_linking: `iat` is set back by a minute",
    ),
    Quirk(
        "scopes_are_dropped_without_a_word",
        _MOODLE,
        "gives a token with less than was asked for",
        "service_tokens: a token that lacks a scope is refused here",
    ),
    Quirk(
        "unreachable_keys_look_like_a_crash",
        _MOODLE,
        "404 in HTML about `fix_jwks_alg` where it cannot fetch our keys",
        "token_answers: the self-test says what to allow",
    ),
    # Deep linking and registration
    Quirk(
        "selections_say_little",
        _MOODLE,
        "sends neither `data` nor `accept_lineitem`",
        "deep_linking: columns are offered; no `data` goes back",
    ),
    Quirk(
        "columns_need_a_line_item",
        _MOODLE,
        "makes a column only for an item with `lineItem`",
        "deep_linking: sent where the teacher wants one, else left out",
    ),
    Quirk(
        "links_of_any_kind_become_activities",
        _MOODLE,
        "takes a `link` item for an activity",
        "deep_linking: `ltiResourceLink` only, with the registered address",
    ),
    Quirk(
        "custom_values_are_lines",
        _MOODLE,
        "splits a custom value at its line ends",
        "deep_linking: values are single lines",
    ),
    Quirk(
        "registrations_answer_200",
        _MOODLE,
        "answers 200 where 201 is meant",
        "dynamic_registration: any success counts",
    ),
    Quirk(
        "granted_scopes_are_wrong",
        _MOODLE,
        "lists `lineitem` where it is not granted",
        "dynamic_registration: not read; launches say what is granted",
    ),
    Quirk(
        "new_tools_wait_and_hide",
        _MOODLE,
        "leaves a new tool pending, and out of the activity chooser",
        "the page after a registration says the two steps",
    ),
    Quirk(
        "domains_must_match",
        _MOODLE,
        "refuses a `domain` that is not the target's host and port",
        "tool_configuration: taken from the address itself",
    ),
    Quirk(
        "known_domains_are_renewed",
        _MOODLE,
        "asks “update or new?” for a domain it knows",
        "dynamic_registration: an update keeps its addresses",
    ),
)
