"""The baseline, prepared for measuring."""

from __future__ import annotations

import os

from django.core.management import call_command
from django.db import connection

from tests.benchmarks.hub_road import SECRET
from tests.benchmarks.plan import Plan
from tests.benchmarks.tasked.models import Order


def prepare(plan: Plan, tims: int, channel: int) -> tuple[str, str]:
    """Tables, and both systems' addresses for its processes; answers path and secret of the webhooks."""
    call_command("migrate", verbosity=0, interactive=False)
    with connection.schema_editor() as editor:
        editor.create_model(Order)
    os.environ |= {"BENCH_TIMS": f"http://127.0.0.1:{tims}", "BENCH_CHANNEL": f"http://127.0.0.1:{channel}"}
    return "/webhook", SECRET


def settled() -> bool:
    """Every order is delivered."""
    return not Order.objects.exclude(state="delivered").exists()
