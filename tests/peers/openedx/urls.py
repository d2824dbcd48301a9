# SPDX-License-Identifier: AGPL-3.0-or-later
"""The library's own addresses where the LMS has them, and the few of views.py."""

import views
from django.urls import include, path

urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls")),
    path("platform", views.platform),
    path("tool", views.tool),
    path("launch", views.launch),
    path("content", views.content),
    path("gradebook", views.gradebook),
]
