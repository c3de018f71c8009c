"""The baseline that stores nothing: reads pages of orders, maps them, posts each with `requests` from a pool of threads.

`python -m tests.benchmarks.bare_loop '<plan>'`; prints one line of JSON.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import requests

from connectors.wire import decode, encode
from tests.benchmarks.plan import SENDERS, WARM_UP, Found, Plan, books, quick
from tests.benchmarks.quick_channel import FIRST
from tests.benchmarks.shipped import shipped

PAGE = 100
_own = threading.local()


def session() -> requests.Session:
    """One per thread."""
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
    found: requests.Session = _own.session
    return found


def page(address: str, first: int, count: int) -> list[dict[str, Any]]:
    """Orders by their numbers, in one call."""
    answer = session().get(f"{address}/v2/orders", params={"channel_advisor_order_id": list(range(first, first + count))}, timeout=30)
    orders: list[dict[str, Any]] = decode(answer.content)["Data"]
    return orders


def loop(plan: Plan, tims: int, channel: int) -> None:
    """Everything once."""
    convert = shipped()
    place = f"http://127.0.0.1:{tims}/api/v1/sales_orders"

    def carry(order: dict[str, Any]) -> None:
        session().post(place, data=encode(convert(order)), timeout=30).raise_for_status()

    with ThreadPoolExecutor(SENDERS) as pool:
        for at in range(0, plan.orders, PAGE):
            list(pool.map(carry, page(f"http://127.0.0.1:{channel}", FIRST + WARM_UP + at, min(PAGE, plan.orders - at))))


def main() -> None:
    """Measures itself."""
    plan = msgspec.convert(msgspec.json.decode(sys.argv[1]), Plan)
    with quick("quick_tims") as tims, quick("quick_channel") as channel:
        loop(Plan(kind="loop", orders=0), tims, channel)
        began, before = time.monotonic(), time.process_time()
        loop(plan, tims, channel)
        found = books(tims)
        if found["sold"] != plan.orders or found["doubled"]:
            raise SystemExit(f"TIMS holds {found}.")
        print(msgspec.json.encode(Found(seconds=found["last"] - began, cpu=time.process_time() - before)).decode(), flush=True)


if __name__ == "__main__":
    main()
