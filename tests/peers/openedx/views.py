# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people do in the pages of an LMS: enter a tool, open a link, read the gradebook."""

import json

import course
from django.http import Http404, HttpRequest, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods
from lti_consumer.api import get_lti_1p3_launch_start_url
from lti_consumer.data import Lti1p3LaunchData
from lti_consumer.models import (
    Lti1p3Passport,
    LtiAgsScore,
    LtiConfiguration,
    LtiDlContentItem,
)
from lti_consumer.utils import (
    get_lms_lti_access_token_link,
    get_lms_lti_keyset_link,
    get_lms_lti_launch_link,
    get_lti_api_base,
)


def _passport() -> Lti1p3Passport:
    """The one registration here: client id, the platform's key, the address of the tool's keys."""
    return Lti1p3Passport.objects.get_or_create(name="tool")[0]


@require_GET
def platform(request: HttpRequest) -> JsonResponse:
    """What has to be entered on the tool's side, and who can launch."""
    passport = _passport()
    return JsonResponse(
        {
            "issuer": get_lti_api_base(),
            "client_id": passport.lti_1p3_client_id,
            "deployment_id": "1",  # fixed in lti_consumer
            "auth_url": get_lms_lti_launch_link(),
            "token_url": get_lms_lti_access_token_link(passport.passport_id),
            "jwks_url": get_lms_lti_keyset_link(passport.passport_id),
            "context_id": str(course.COURSE),
            "users": {name: user.external_id for name, user in course.USERS.items()},
        }
    )


@require_http_methods(["PUT"])
def tool(request: HttpRequest) -> JsonResponse:
    """Enter the tool and its links in the course, in the place of all entered before.

    Body: {"login_url", "launch_url", "jwks_url", "target_link_uri",
    "links": {name: {"title", "points", "custom", "ags"}}}; `ags`: declarative or programmatic.
    """
    entered = json.loads(request.body)
    passport = _passport()
    passport.lti_1p3_tool_keyset_url = entered["jwks_url"]
    passport.save()
    LtiConfiguration.objects.all().delete()
    course.BLOCKS.clear()
    for name, link in entered["links"].items():
        LtiConfiguration.objects.create(
            location=course.place(name, link["title"], link["points"], link["custom"]).location,
            version=LtiConfiguration.LTI_1P3,
            config_store=LtiConfiguration.CONFIG_ON_DB,
            lti_1p3_passport=passport,
            lti_1p3_oidc_url=entered["login_url"],
            lti_1p3_launch_url=entered["target_link_uri"],
            lti_1p3_redirect_uris=[entered["launch_url"]],
            lti_advantage_ags_mode=link["ags"],
            lti_advantage_enable_nrps=True,
            lti_advantage_deep_linking_enabled=True,
            lti_advantage_deep_linking_launch_url=entered["target_link_uri"],
        )
    return JsonResponse({"links": sorted(entered["links"])})


@require_GET
def launch(request: HttpRequest) -> HttpResponseRedirect:
    """Open a link as somebody: `?user=ana&role=student|staff|instructor&link=NAME`.

    `&select=1` asks the tool for content instead; `&item=ID` opens content that was selected.
    """
    try:
        user = course.USERS[request.GET["user"]]
        location = course.COURSE.make_usage_key("lti_consumer", request.GET["link"])
        block = course.BLOCKS[location]
    except KeyError as unknown:
        raise Http404 from unknown
    data = Lti1p3LaunchData(
        user_id=str(user.id),
        external_user_id=user.external_id,
        user_role=request.GET.get("role", "student"),
        name=user.name,
        email=user.email,
        config_id=LtiConfiguration.objects.get(location=location).config_id,
        resource_link_id=str(location),
        launch_presentation_document_target="iframe",
        context_id=str(course.COURSE),
        context_type=["course_offering"],
        context_title="Micro-credentials in practice",
        context_label=str(course.COURSE),
        custom_parameters=block.custom,
    )
    start = get_lti_1p3_launch_start_url(
        data, deep_link_launch="select" in request.GET, dl_content_id=request.GET.get("item")
    )
    return HttpResponseRedirect(start)


@require_GET
def content(request: HttpRequest) -> JsonResponse:
    """The content that was selected for each link, as it was stored: {link: {id: attributes}}."""
    stored = {location.block_id: {} for location in course.BLOCKS}
    for item in LtiDlContentItem.objects.order_by("id").select_related("lti_configuration"):
        stored[item.lti_configuration.location.block_id][str(item.id)] = item.attributes
    return JsonResponse(stored)


@require_GET
def gradebook(request: HttpRequest) -> JsonResponse:
    """Per link: the grades shown to people, and each person's last AGS score as it was stored."""
    names = {user.external_id: name for name, user in course.USERS.items()}
    book = {
        location.block_id: {"grades": block.grades, "scores": {}}
        for location, block in course.BLOCKS.items()
    }
    for score in LtiAgsScore.objects.select_related("line_item__lti_configuration"):
        link = score.line_item.lti_configuration.location.block_id
        book[link]["scores"][names.get(score.user_id, score.user_id)] = {
            "score_given": score.score_given,
            "score_maximum": score.score_maximum,
            "activity_progress": score.activity_progress,
            "grading_progress": score.grading_progress,
            "timestamp": score.timestamp.isoformat(),
        }
    return JsonResponse(book)
