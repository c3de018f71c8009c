"""Both local stand-ins in this process: their ports, their state, and the connection settings that reach them."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from connectors.amazon.sandbox import AmazonSandbox
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.sandbox import Rate
from connectors.tims.sandbox import CLIENT_ID, CLIENT_SECRET, TimsSandbox

CHANNELADVISOR_PORT = 8801
TIMS_PORT = 8802
AMAZON_PORT = 8803
PUBLISHED = Rate(600, 60)
"""Calls that TIMS allows by default (TIMS contract 1.7)."""
WEBHOOK_SECRET = "standin-webhook-secret-of-tims"  # noqa: S105 - the stand-in's own, worth nothing elsewhere


@dataclass(slots=True)
class StandIns:
    """The running stand-ins; use as a context manager."""

    channeladvisor: ChannelAdvisorSandbox
    tims: TimsSandbox

    def settings(self) -> dict[str, dict[str, str]]:
        """What a connection needs to reach each, by connector id."""
        return {"channeladvisor": self.channeladvisor.settings(), "tims": tims_settings(self.tims.url)}

    def __enter__(self) -> StandIns:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.channeladvisor.close()
        self.tims.close()


def tims_settings(url: str) -> dict[str, str]:
    """The settings of a connection to the TIMS stand-in."""
    return {
        "base_url": url,
        "auth": "oauth",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "company": "MAIN",
        "webhook_secret": WEBHOOK_SECRET,
        "page_sales_orders": f"{url}/__sandbox__/sales_orders/{{key}}",
        "page_customers": f"{url}/__sandbox__/customers/{{key}}",
    }


def open_standins(folder: Path | None, *, fixed_ports: bool = True, rate: Rate = PUBLISHED) -> StandIns:
    """Starts both. Their state lives in `folder` and survives a restart; None keeps it in memory. `rate` is the limit of TIMS."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    places = [str(folder / f"{name}.sqlite3") if folder else ":memory:" for name in ("channeladvisor", "tims")]
    tims = TimsSandbox(places[1], rate=rate, environment="production")
    opened = StandIns(ChannelAdvisorSandbox(places[0]), tims)
    opened.channeladvisor.start(free_port(CHANNELADVISOR_PORT) if fixed_ports else 0)
    opened.tims.start(free_port(TIMS_PORT) if fixed_ports else 0)
    return opened


def open_amazon(folder: Path | None) -> AmazonSandbox:
    """Starts the stand-in of Amazon; its state lives in `folder` as that of the others."""
    amazon = AmazonSandbox(folder / "amazon.sqlite3" if folder else ":memory:")
    amazon.start(free_port(AMAZON_PORT))
    return amazon


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
