"""Addresses of the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from hub.api import views
from hub.api.errors import nothing_here
from hub.api.resync import ResyncView
from hub.api.webhooks import webhook

urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/<slug:slug>/<str:token>", webhook, name="webhook"),
    path("schema", SpectacularJSONAPIView.as_view(), name="schema"),
    path("v1/deliveries", views.Deliveries.as_view(), name="api-deliveries"),
    path("v1/deliveries/<int:pk>", views.OneDelivery.as_view(), name="api-delivery"),
    path("v1/runs", views.Runs.as_view(), name="api-runs"),
    path("v1/runs/<int:pk>", views.OneRun.as_view(), name="api-run"),
    path("v1/flows", views.Flows.as_view(), name="api-flows"),
    path("v1/errors", views.Errors.as_view(), name="api-errors"),
    path("v1/resync", ResyncView.as_view(), name="api-resync"),
    re_path("", nothing_here),
]
