"""A program that takes calls from a shared rate limit for a while and prints how many it got: `python -m tests.hub.takers <seconds>`."""

from __future__ import annotations

import sys
import time

import django


def main() -> None:
    django.setup()
    from hub import throttle
    from hub.models import RateLimit

    limit = RateLimit.objects.get()
    got, end = 0, time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        got += throttle.take(limit.connection_id, limit.name, 1)
    sys.stdout.write(str(got))


if __name__ == "__main__":
    main()
