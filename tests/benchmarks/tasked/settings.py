"""The hub's settings for the baseline: as many task processes as the hub has senders."""

import os

from hub.settings import *  # noqa: F403
from hub.settings import INSTALLED_APPS, Q_CLUSTER

INSTALLED_APPS += ["tests.benchmarks.tasked.apps.TaskedConfig"]
ROOT_URLCONF = "tests.benchmarks.tasked.urls"
Q_CLUSTER |= {"workers": int(os.environ.get("TASKED_WORKERS", "16")), "queue_limit": 64, "recycle": 10_000, "retry": 3600}
