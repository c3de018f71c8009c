"""The address of the baseline's webhooks, and the one that tells whether the web server answers."""

from __future__ import annotations

from django.urls import path

from hub.web import healthz
from tests.benchmarks.tasked.views import webhook

urlpatterns = [path("healthz", healthz), path("webhook", webhook)]
