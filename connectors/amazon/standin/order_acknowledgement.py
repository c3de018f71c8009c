"""A text feed by which the seller cancels order lines it cannot ship (Amazon SP-API reference, 7.2)."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from connectors.amazon.standin.asking import invalid
from connectors.base import Payload
from connectors.sandbox import Refusal, Row

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

COLUMNS = ["order-id", "cancellation-reason-code", "amazon-order-item-code"]
REASONS = (
    "NoInventory", "ShippingAddressUndeliverable", "CustomerExchange", "BuyerCanceled", "GeneralAdjustment", "CarrierCreditDecision",
    "RiskAssessmentInformationNotValid", "CarrierCoverageFailure", "CustomerReturn", "MerchandiseNotReceived",
)  # fmt: skip
HEADING = "original-record-number\torder-id\torder-item-code\terror-code\terror-type\terror-message"


def carry_out(box: AmazonSandbox, feed: Row, content: bytes) -> bytes:
    """Cancels line by line; answers the text report. Raises Refusal for a document that is no such table."""
    rows = _table(content)
    refused: list[str] = []
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    for number, row in enumerate(rows, start=1):
        fault = _fault(box, feed, row)
        if fault:
            code, words = fault
            refused.append("\t".join((str(number), row[0], row[2], code, "Error", words)))
        else:
            wanted[row[0], row[1]].append(row[2])
    for (order, reason), lines in wanted.items():
        box.cancel(order, by="MERCHANT", reason=reason, items=lines)
    summary = f"\tNumber of records processed\t\t{len(rows)}\n\tNumber of records successful\t\t{len(rows) - len(refused)}\n"
    table = "\n".join([HEADING, *refused]) + "\n" if refused else ""
    return f"Feed Processing Summary:\n{summary}\n{table}".encode()


def _table(content: bytes) -> list[list[str]]:
    try:
        lines = [line.rstrip("\r").split("\t") for line in content.decode().split("\n") if line.strip()]
    except UnicodeDecodeError:
        raise invalid("The feed is not UTF-8 text.") from None
    if not lines or lines[0] != COLUMNS or len(lines) == 1:
        raise invalid("The heading of the feed is not the one of this feed type.")
    return [[*line, "", "", ""][:3] for line in lines[1:]]


def _fault(box: AmazonSandbox, feed: Row, row: list[str]) -> tuple[str, str] | None:
    number, reason, item = row
    order: Payload | None = None
    with suppress(Refusal):
        order = box.order(number)
    if order is None or order["salesChannel"].get("marketplaceId") not in feed["marketplaceIds"]:
        return "18028", f"The order {number} was not found."
    line = next((one for one in order["orderItems"] if one["orderItemId"] == item), None)
    if line is None:
        return "18029", f"The order item code {item} does not belong to the order."
    if reason not in REASONS:
        return "18030", f"The cancellation reason {reason} is invalid."
    if order["fulfillment"]["fulfilledBy"] == "AMAZON":
        return "18031", "The order is fulfilled by Amazon."
    if (line.get("cancellation") or {}).get("cancellationExecution"):
        return "18032", "The order item is already cancelled."
    if line["fulfillment"]["quantityFulfilled"]:
        return "18033", "The order item is already shipped."
    return None
