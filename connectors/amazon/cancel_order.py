"""Cancels lines of merchant-fulfilled orders by feed, the only way there is (Amazon SP-API reference, 7.2, entity map 10.3).

Every order is read before: whole lines only, nothing that is shipped, and what is cancelled already is left alone, so that sending twice
has the same effect as once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.amazon import cancel_result, feeds
from connectors.amazon.feeds import Ticket, Verdict
from connectors.amazon.offers import refused
from connectors.base import Operation, Outcome, Payload, Receipt, Reference
from connectors.bulk import alone
from connectors.errors import ConnectorError, MissingError, NotNeededError, RejectedError, ThrottledError
from connectors.http import JsonClient

KIND = "POST_FLAT_FILE_ORDER_ACKNOWLEDGEMENT_DATA"
CONTENT_TYPE = "text/tab-separated-values; charset=UTF-8"
COLUMNS = ("order-id", "cancellation-reason-code", "amazon-order-item-code")
REASONS = ("NoInventory", "BuyerCanceled", "ShippingAddressUndeliverable", "GeneralAdjustment")
MOST = 20
"""Orders in one feed: each is read before, at two seconds a call once the burst is spent."""
_RETURN = "What was shipped comes back as a return."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The lines of one order that are still to be cancelled; `whole`: then nothing of the order is left."""

    order: str
    marketplace: str
    reason: str
    lines: tuple[str, ...]
    whole: bool

    @property
    def key(self) -> str:
        """The order, and behind a colon its lines where others stay."""
        return self.order if self.whole else f"{self.order}:{','.join(self.lines)}"


def send_many(client: JsonClient, parts: Sequence[tuple[Payload, Reference]]) -> list[Outcome]:
    """One feed for each marketplace; Receipts with a ticket, or at once where nothing is left to cancel. Never raises ConnectorError."""
    outcomes: dict[int, Outcome] = {}
    wishes: dict[str, dict[int, Wish]] = {}
    for at, (payload, _) in enumerate(parts):
        try:
            wish = _wish(payload, _order(client, payload))
        except ThrottledError as error:
            outcomes.update(dict.fromkeys(range(at, len(parts)), error))
            break
        except ConnectorError as error:
            outcomes[at] = error
            continue
        if wish.lines:
            wishes.setdefault(wish.marketplace, {})[at] = wish
        else:
            outcomes[at] = _cancelled(wish.order, "unchanged")
    for marketplace, group in wishes.items():
        outcomes.update(_sent(client, marketplace, group))
    return [outcomes[at] for at in range(len(parts))]


def follow(client: JsonClient, pending: Sequence[tuple[str, Reference]]) -> list[Outcome]:
    """What became of cancellations; see `feeds.follow`."""
    return feeds.follow(client, pending, read=cancel_result.read, decide=_decided, named=lambda one: one.key.partition(":")[0])


def _order(client: JsonClient, payload: Payload) -> Payload:
    number = payload.get("orderId")
    if not isinstance(number, str) or not number:
        raise refused("orderId", "required", "The Amazon order number is missing.")
    return _read(client, number)


def _read(client: JsonClient, number: str) -> Payload:
    path = f"orders/2026-01-01/orders/{quote(number, safe='')}"
    query = {"includedData": "FULFILLMENT,CANCELLATION"}
    body = client.call("GET", path, query=query, limit="getOrder").body
    order = body.get("order") if isinstance(body, dict) else None
    if not isinstance(order, dict) or not isinstance(order.get("orderItems"), list):
        raise MissingError(f"Amazon did not answer with order {number}.", code="unknown_order")
    return order


def _wish(payload: Payload, order: Payload) -> Wish:
    """What is to be cancelled of an order as it is now. Raises RejectedError in words, NotNeededError where no line is named."""
    number, reason = str(payload["orderId"]), payload.get("reason")
    if reason not in REASONS:
        raise refused("reason", "invalid_choice", f"Amazon takes one of these reasons for a cancellation: {', '.join(REASONS)}.")
    if (order.get("fulfillment") or {}).get("fulfilledBy") == "AMAZON":
        words = f"Order {number} is fulfilled by Amazon; only Amazon can cancel it. Do it in Seller Central."
        raise refused("orderId", "fulfilled_by_amazon", words)
    held = {str(one.get("orderItemId")): one for one in order["orderItems"]}
    named = [{"orderItemId": line} for line in held] if payload.get("lines") is None else payload["lines"]
    if not named:
        raise NotNeededError(f"Nothing of order {number} is cancelled that Amazon knows.", code="nothing_cancelled")
    for at, line in enumerate(named):
        _check(number, at, line, held.get(str(line.get("orderItemId") or "")), order)
    open_lines = [str(line["orderItemId"]) for line in named if not _agrees(order, held[str(line["orderItemId"])], line)]
    left = [line for line, one in held.items() if line not in open_lines and not _is_cancelled(order, one)]
    place = str((order.get("salesChannel") or {}).get("marketplaceId") or "")
    return Wish(order=number, marketplace=place, reason=str(reason), lines=tuple(dict.fromkeys(open_lines)), whole=not left)


def _check(number: str, at: int, line: Payload, held: Payload | None, order: Payload) -> None:
    path = f"lines[{at}]"
    if held is None:
        words = f"Order {number} has no line {line.get('orderItemId')} at Amazon; correct the line number."
        raise refused(f"{path}.orderItemId", "not_found", words)
    if _agrees(order, held, line):
        return
    ordered, left = int(held.get("quantityOrdered") or 0), line.get("left")
    wanted = line.get("quantity") if left is None else ordered - int(left)
    if wanted is not None and wanted != ordered:
        raise refused(
            f"{path}.quantity",
            "partial_quantity",
            f"Amazon cancels a line only as a whole: {wanted} of {ordered} units of line {line['orderItemId']} of order {number} cannot be "
            "cancelled. Ship the line in part and refund the rest in Seller Central, or cancel the whole line.",
        )
    shipped = int((held.get("fulfillment") or {}).get("quantityFulfilled") or 0)
    if shipped:
        words = f"{shipped} units of line {line['orderItemId']} of order {number} are shipped; Amazon no longer cancels it. {_RETURN}"
        raise refused(f"{path}.orderItemId", "already_shipped", words)


def _agrees(order: Payload, held: Payload, line: Payload) -> bool:
    """Nothing is to be cancelled: the line is gone, or Amazon itself has brought it down to the units that are still wanted."""
    return _is_cancelled(order, held) or int(held.get("quantityOrdered") or 0) <= int(line.get("left") or 0)


def _is_cancelled(order: Payload, line: Payload) -> bool:
    if (order.get("fulfillment") or {}).get("fulfillmentStatus") == "CANCELLED" or line.get("quantityOrdered") == 0:
        return True
    return bool((line.get("cancellation") or {}).get("cancellationExecution"))


def _sent(client: JsonClient, marketplace: str, group: dict[int, Wish]) -> dict[int, Outcome]:
    rows: list[tuple[str, ...]] = [COLUMNS]
    tickets: dict[int, Ticket] = {}
    for at, wish in group.items():
        first = len(rows)
        rows += [(wish.order, wish.reason, line) for line in wish.lines]
        tickets[at] = Ticket(feed="", first=first, last=len(rows) - 1, key=wish.key)
    content = "".join("\t".join(row) + "\n" for row in rows).encode()
    try:
        feed = feeds.submit(client, KIND, [marketplace], content, content_type=CONTENT_TYPE)
    except ConnectorError as error:
        return dict.fromkeys(group, error)
    return {at: _waiting(group[at].order, feed, one) for at, one in tickets.items()}


def _waiting(order: str, feed: str, one: Ticket) -> Receipt:
    made = Ticket(feed=feed, first=one.first, last=one.last, key=one.key)
    return Receipt(key=order, outcome="cancelled", answer={"feedId": feed}, ticket=str(made))


def _decided(client: JsonClient, one: Ticket, verdict: Verdict) -> Outcome:
    """A refused row counts only while the line is not cancelled: the buyer or an earlier feed of ours may have been first."""
    order, _, lines = one.key.partition(":")
    problems = feeds.problems_of(one, verdict) or verdict.whole
    if not problems:
        return _cancelled(order, "cancelled", feeds.warnings_of(one, verdict))
    try:
        held = _read(client, order)
    except ConnectorError as error:
        return Receipt(key=order, outcome="cancelled", ticket=str(one)) if error.retryable else error
    wanted = [item for item in held["orderItems"] if not lines or str(item.get("orderItemId")) in lines.split(",")]
    if wanted and all(_is_cancelled(held, item) for item in wanted):
        return _cancelled(order, "cancelled", ("Amazon refused this cancellation, but the lines are cancelled already.",))
    told = " ".join(dict.fromkeys(problem.message for problem in problems))
    return RejectedError(f"Amazon refused to cancel order {order}: {told}", code="cancel_refused", problems=tuple(problems))


def _cancelled(order: str, outcome: str, warnings: Sequence[str] = ()) -> Receipt:
    answer: dict[str, Any] = {"orderId": order}
    return Receipt(key=order, outcome=outcome, answer=answer, warnings=tuple(warnings))


CANCEL_ORDER = Operation(
    id="cancel_order",
    label="Cancel order lines",
    schema="cancel_order",
    send=alone(send_many),
    send_many=send_many,
    batch=MOST,
    repeatable=True,
    follow=follow,
    follow_after=feeds.FOLLOW_AFTER,
    limit="createFeed",
)
