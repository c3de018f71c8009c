"""Bad luck on the scripted day: answers lost, web pages instead of answers, refusals in a row, and its end."""

from __future__ import annotations

from collections import Counter

from connectors.amazon.standin import queue
from connectors.sandbox import Sandbox
from hub.demo.standins import StandIns


def faults(opened: StandIns) -> None:
    """All systems misbehave for a while: answers lost after acting, web pages, half bodies, events twice and in any order."""
    erp, channel, amazon = opened.tims.faults, opened.channeladvisor.faults, opened.amazon.faults
    erp.add("drop_after", "/api/v1/sales_orders*", method="POST", count=4, probability=0.4)
    erp.add("drop_after", "/api/v1/customers*", method="POST", count=12, probability=0.05)
    erp.add("truncate", "/api/v1/*", method="POST", count=4, probability=0.05)
    erp.add("html", "/api/v1/*", count=6, probability=0.05)
    channel.add("truncate", "/v2/orders*", method="GET", count=2, probability=0.2)
    channel.add("html", "/v2/orders*", count=2, probability=0.2)
    channel.add("drop_after", "/v2/orders*", method="PUT", count=3, probability=0.4)
    amazon.add("truncate", "/orders/2026-01-01/*", method="GET", count=3, probability=0.2)
    amazon.add("html", "/orders/*", count=3, probability=0.2)
    opened.channeladvisor.webhooks.mischief.twice = True
    opened.channeladvisor.webhooks.mischief.shuffle = 4
    queue.mischief(opened.amazon, twice=0.2, shuffle=True)


def faults_while_shipping(opened: StandIns) -> None:
    """Answers to what the channels are told get lost, and both refuse for a moment."""
    opened.channeladvisor.faults.add("drop_after", "/v2/shipping*", method="POST", count=2, probability=0.5)
    opened.channeladvisor.faults.add("503", "/v2/shipping*", count=2, skip=2)
    opened.amazon.faults.add("drop_after", "/orders/v0/*", method="POST", count=4, probability=0.3)
    opened.amazon.faults.add("503", "/orders/v0/*", count=3, skip=6)
    opened.amazon.faults.add("429", "/orders/v0/*", count=3, skip=12)


def burst_at(opened: StandIns, at: int, of: int, notes: Counter[str]) -> None:
    """Refusals in a row, at certain hours of the day."""
    hours: dict[int, tuple[Sandbox, str]] = {
        of // 7: (opened.tims, "503"),
        of * 2 // 7: (opened.channeladvisor, "429"),
        of * 3 // 7: (opened.amazon, "429"),
        of * 4 // 7: (opened.tims, "429"),
        of * 5 // 7: (opened.channeladvisor, "503"),
        of * 6 // 7: (opened.amazon, "503"),
    }
    if at in hours:
        box, status = hours[at]
        box.faults.add(status, count=6, retry_after=1)
        notes[f"bursts of {status}"] += 1


def calm(opened: StandIns, notes: Counter[str]) -> None:
    """The systems are well again."""
    for box in opened.all:
        for one in box.faults.listing():
            notes["calls spoiled"] += one["hits"]
            if one["kind"] == "429":
                notes[f"429 ordered from {box.label}"] += one["hits"]
        box.faults.clear()
    opened.channeladvisor.webhooks.mischief.shuffle = 0
    queue.mischief(opened.amazon, twice=0.0, lose=0.0, shuffle=False)
