"""The three local stand-ins in this process: their ports, their state, and the connection settings that reach them."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import queue
from connectors.channeladvisor.sandbox import PUBLISHED_RATE, ChannelAdvisorSandbox
from connectors.sandbox import Rate, Sandbox
from connectors.tims import PAGES
from connectors.tims.sandbox import CLIENT_ID, CLIENT_SECRET, USUAL_RATE, TimsSandbox

CHANNELADVISOR_PORT = 8801
TIMS_PORT = 8802
AMAZON_PORT = 8803
SCALE = 60.0
"""Amazon's hour is a minute of the demonstration: its usage plans, delays and life cycles are the real ones, faster by this factor."""
WEBHOOK_SECRET = "standin-webhook-secret-of-tims"  # noqa: S105 - the stand-in's own, worth nothing elsewhere


@dataclass(slots=True)
class StandIns:
    """The running stand-ins; use as a context manager."""

    channeladvisor: ChannelAdvisorSandbox
    amazon: AmazonSandbox
    tims: TimsSandbox

    @property
    def all(self) -> tuple[Sandbox, ...]:
        """Each of them."""
        return (self.channeladvisor, self.amazon, self.tims)

    def settings(self) -> dict[str, dict[str, str]]:
        """What a connection needs to reach each, by connector id."""
        channel, amazon = self.channeladvisor.settings(), amazon_settings(self.amazon)
        return {"channeladvisor": channel, "amazon": amazon, "tims": tims_settings(self.tims.url)}

    def __enter__(self) -> StandIns:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for box in self.all:
            box.close()


def tims_settings(url: str) -> dict[str, str]:
    """The settings of a connection to the TIMS stand-in."""
    return {
        "base_url": url,
        "auth": "oauth",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "company": "MAIN",
        "webhook_secret": WEBHOOK_SECRET,
        "external_location": "FBA-US",
        "external_method": "UPS-GND",
        "kit_mode": "explode",
        **{f"page_{kind}": f"{url}/__sandbox__/{kind}/{{key}}" for kind, *_ in PAGES},
    }


def amazon_settings(amazon: AmazonSandbox) -> dict[str, str]:
    """The settings of a connection to Amazon's stand-in; with its queue of notifications where the package that reads queues is there."""
    notified = queue.settings(amazon) if find_spec("boto3") else {}
    return {**amazon.settings(), **notified, "page_orders": f"{amazon.url}/__sandbox__/orders/{{key}}"}


def open_standins(folder: Path | None, *, fixed_ports: bool = True, rate: Rate | None = None, scale: float = 1.0) -> StandIns:
    """Starts all three. Their state lives in `folder` and survives a restart; None keeps it in memory.

    `rate`: the limit of TIMS and of ChannelAdvisor, if not the usual ones. Amazon's usage plans and life cycles are faster by `scale`.
    """
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    channeladvisor, amazon, tims = (
        str(folder / f"{name}.sqlite3") if folder else ":memory:" for name in ("channeladvisor", "amazon", "tims")
    )
    opened = StandIns(
        ChannelAdvisorSandbox(channeladvisor, rate=rate or PUBLISHED_RATE),
        AmazonSandbox(amazon, scale=scale),
        TimsSandbox(tims, rate=rate or USUAL_RATE, environment="production"),
    )
    for box, port in zip(opened.all, (CHANNELADVISOR_PORT, AMAZON_PORT, TIMS_PORT), strict=True):
        box.start(free_port(port) if fixed_ports else 0)
    return opened


def free_port(wanted: int) -> int:
    """The wanted port of this machine, or 0 (= any free one) where somebody else has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def any_port() -> int:
    """A port of this machine that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
