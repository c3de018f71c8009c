"""The hub's settings for the baseline: eight task processes, which is where two cores take the most of its tasks."""

import os

from hub.settings import *  # noqa: F403
from hub.settings import INSTALLED_APPS, Q_CLUSTER

INSTALLED_APPS += ["tests.benchmarks.tasked.apps.TaskedConfig"]
ROOT_URLCONF = "tests.benchmarks.tasked.urls"
Q_CLUSTER |= {"workers": int(os.environ.get("TASKED_WORKERS", "8")), "queue_limit": 16, "bulk": 10, "recycle": 10_000, "retry": 36_000}
