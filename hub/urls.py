"""Addresses: the admin at the root, the API, health."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from hub import web
from hub.metrics import MetricsView

urlpatterns = [
    path("healthz", web.healthz),
    path("readyz", web.readyz),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("api/", include("hub.api.urls")),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
