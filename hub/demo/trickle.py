"""Life at the marketplaces: orders arrive one by one at both channels, some are changed or cancelled, and the warehouse ships."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from connectors.base import Payload
from connectors.sandbox import Refusal
from hub.demo.acts import NEW_ADDRESS, is_open
from hub.demo.inventing import invented, invented_at_amazon
from hub.demo.standins import StandIns


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
        roll = self.chance.random()
        try:
            if roll < 0.3:
                self._at_amazon()
            else:
                self._at_channeladvisor()
            if roll < 0.05:
                self.opened.tims.ship_open(self.chance, self.opened.tims.now())
        except Refusal:
            return

    def _at_channeladvisor(self) -> None:
        box = self.opened.channeladvisor
        (made,) = invented(self.opened, 1, seed=self.chance.randrange(10**9), failing=0.04)
        box.place(made.order)
        roll = self.chance.random()
        if roll < 0.06:
            box.cancel(self._earlier(box.orders()))
        elif roll < 0.14:
            box.change(self._earlier(box.orders()), ShippingAddress=NEW_ADDRESS)

    def _at_amazon(self) -> None:
        """What is not paid yet is paid, and what Amazon ships leaves, by itself after a while."""
        box = self.opened.amazon
        (made,) = invented_at_amazon(self.opened, 1, seed=self.chance.randrange(10**9), failing=0.04)
        box.place_many([made.order], lives=True)
        if self.chance.random() < 0.1 and is_open(made.order):
            box.request_cancel(made.order["orderId"])

    def _earlier(self, orders: Sequence[Payload]) -> int:
        """One of the latest orders that goes within the United States."""
        chosen = [one for one in orders[-30:] if one["Currency"] == "USD" and one["OrderStatus"] in ("New", "Acknowledged")]
        return int(self.chance.choice(chosen or orders)["ChannelAdvisorOrderID"])
