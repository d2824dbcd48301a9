"""Deviations of other platforms. What a row rests on stands before its group."""

from lti_tool.lti.quirks.quirk import Quirk

# Open edX: seen on lti-consumer-xblock 11.
OPEN_EDX = (
    Quirk(
        "there_is_one_deployment",
        "Open edX",
        "`deployment_id` is always 1",
        "a deployment belongs to a registration",
    ),
    Quirk(
        "stale_scores_are_bad_requests",
        "Open edX",
        "400 “Score already exists” where 409 is meant",
        "is_stale_score",
    ),
    Quirk(
        "scores_of_strangers_crash",
        "Open edX",
        "500 for a person it does not know",
        "is_stranger_crash: given up after a few tries, with the reason",
    ),
    Quirk(
        "maxima_are_whole",
        "Open edX",
        "takes integers for `scoreMaximum` only",
        "deep_linking, line items: whole numbers are sent as such",
    ),
)

# Canvas: its own documentation; instructure/canvas-lms issues 1935 (issuer) and 2201 (login).
CANVAS = (
    Quirk(
        "colleagues_are_instructors",
        "Canvas",
        "adds institution#Instructor for people who learn in a course",
        "roles: a role in the course comes first",
    ),
    Quirk(
        "each_course_is_a_deployment",
        "Canvas",
        "makes a deployment for each course or account",
        "registrations: the first launch admits it, where the operator lets it",
    ),
    Quirk(
        "all_schools_are_one_issuer",
        "Canvas",
        "`iss` is the same for every school",
        "the id of the registration stands in our addresses",
    ),
    Quirk(
        "scores_are_new_submissions",
        "Canvas",
        "counts each score as a further try of the learner",
        "score_extras: says that it is none",
    ),
    Quirk(
        "logins_call_the_deployment_otherwise",
        "Canvas",
        "says `deployment_id` for `lti_deployment_id` in logins",
        "launch: what the login lacks is compared at the launch alone",
    ),
)

# Blackboard: its own documentation of registration and of the id_token; which institution a
# deployment is: Simon-Initiative/oli-torus pull request 1979; columns: hypothesis/lms issue 5973.
BLACKBOARD = (
    Quirk(
        "services_lie_on_the_schools_host",
        "Blackboard",
        "signs in at developer.blackboard.com for all, and serves on the school's host",
        "hosts: hosted schools count; an operator allows other names",
    ),
    Quirk(
        "each_institution_is_a_deployment",
        "Blackboard",
        "tells institutions apart by their deployment alone",
        "registrations: unknown ones wait for somebody who allows them",
    ),
    Quirk(
        "selected_links_take_no_grades",
        "Blackboard",
        "makes a link without grades of an item without `lineItem`",
        "deep_linking: sent where the teacher wants a column",
    ),
)

# Brightspace: its own documentation of registrations (audience); 1EdTech/lti-1-3-php-library issue
# 34 (keys); oat-sa/lib-lti1p3-core issue 187 (one audience); hypothesis/lms pull request 4726
# (columns).
BRIGHTSPACE = (
    Quirk(
        "tokens_want_another_audience",
        "Brightspace",
        "wants an OAuth2 audience in assertions that is not the token's address",
        "platforms: stored with the registration, asked for on both ways to connect by hand",
    ),
    Quirk(
        "audiences_are_one",
        "Brightspace",
        "crashes at two audiences in an assertion",
        "service_tokens: there is one",
    ),
    Quirk(
        "keys_name_no_algorithm",
        "Brightspace",
        "publishes keys without `alg`",
        "key_sets: RS256 is what a key is used for, whatever it says",
    ),
    Quirk(
        "new_links_have_no_column",
        "Brightspace",
        "names no column for a link until somebody makes one",
        "columns: found or made for teachers who ask",
    ),
)
