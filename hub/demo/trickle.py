"""Life at the marketplaces: orders arrive one by one, some are changed or cancelled, some ship."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from connectors.base import Payload
from connectors.sandbox import Refusal
from hub.demo.inventing import invented
from hub.demo.standins import StandIns

NEW_ADDRESS = {"AddressLine1": "1420 Blake Street", "AddressLine2": "", "City": "Denver", "StateOrProvince": "CO", "PostalCode": "80202"}


class Trickle(threading.Thread):
    """Places an order every few seconds until `ended` is set. `pace`: shortest and longest pause in seconds."""

    def __init__(self, opened: StandIns, *, pace: tuple[float, float] = (2.0, 7.0)) -> None:
        super().__init__(daemon=True)
        self.opened = opened
        self.pace = pace
        self.ended = threading.Event()
        self.chance = random.Random()  # noqa: S311 - play, not secrets

    def run(self) -> None:
        while not self.ended.wait(self.chance.uniform(*self.pace)):
            self._next()

    def _next(self) -> None:
        box = self.opened.channeladvisor
        (made,) = invented(self.opened, 1, seed=self.chance.randrange(10**9), failing=0.04)
        try:
            box.place(made.order)
            roll = self.chance.random()
            if roll < 0.06:
                box.cancel(self._earlier(box.orders()))
            elif roll < 0.14:
                box.change(self._earlier(box.orders()), ShippingAddress=NEW_ADDRESS)
        except Refusal:
            return

    def _earlier(self, orders: Sequence[Payload]) -> int:
        """One of the latest orders that goes within the United States."""
        chosen = [one for one in orders[-30:] if one["Currency"] == "USD" and one["OrderStatus"] in ("New", "Acknowledged")]
        return int(self.chance.choice(chosen or orders)["ChannelAdvisorOrderID"])
