"""Cancelling by feed: whole lines only, nothing shipped, and the order itself has the last word."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import schema
from connectors.amazon import cancel_order, cancel_result, feeds
from connectors.amazon.client import AmazonClient
from connectors.amazon.documents import Document
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import documents as store
from connectors.amazon.standin import feeds as standin
from connectors.base import Outcome, Payload, Receipt, Reference
from connectors.errors import (
    ConnectorError,
    MissingError,
    NotNeededError,
    OutcomeUnknownError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from tests.connectors.amazon.standin import orders

REFERENCE = Reference(system="TIMS", key="SO-1", version="v1")
LATER = 1800


@pytest.fixture
def order(box: AmazonSandbox) -> Payload:
    return placed(box)


def placed(box: AmazonSandbox, *, kind: str = "plain", first: int = 1) -> Payload:
    """An order of two lines, one of them of several units."""
    (made,) = orders(1, kinds={kind: 1}, lines=(2, 2), first=first)
    made["orderItems"][0]["quantityOrdered"] = 3
    made["orderItems"][0]["fulfillment"] |= {"quantityFulfilled": 0, "quantityUnfulfilled": 3}
    box.place(made)
    return made


def wish(order: Payload, *lines: dict[str, Any], reason: str = "NoInventory") -> tuple[Payload, Reference]:
    payload = {"orderId": order["orderId"], "reason": reason, **({"lines": list(lines)} if lines else {})}
    assert not schema.validate("connectors.amazon", "cancel_order", payload)
    return payload, REFERENCE


def lines(order: Payload) -> list[str]:
    return [one["orderItemId"] for one in order["orderItems"]]


def status(box: AmazonSandbox, order: Payload) -> str:
    box.advance()
    return str(box.order(order["orderId"])["fulfillment"]["fulfillmentStatus"])


def followed(client: AmazonClient, *outcomes: Outcome) -> list[Outcome]:
    assert all(isinstance(one, Receipt) and one.ticket for one in outcomes), outcomes
    return cancel_order.follow(client, [(one.ticket, REFERENCE) for one in outcomes if isinstance(one, Receipt)])


def refused(client: AmazonClient, *parts: tuple[Payload, Reference]) -> RejectedError:
    (error,) = cancel_order.send_many(client, list(parts))
    assert isinstance(error, RejectedError), error
    return error


def test_a_part_of_a_lines_quantity_is_refused_in_words(box: AmazonSandbox, client: AmazonClient, order: Payload) -> None:
    error = refused(client, wish(order, {"orderItemId": lines(order)[0], "quantity": 1}))
    assert error.problems[0].path == "lines[0].quantity"
    assert "1 of 3 units" in error.message
    assert not box.book.count(standin.KIND)


@pytest.mark.parametrize(
    ("cancelled", "left", "sent"),
    [(1, 2, "nothing"), (2, 2, "nothing"), (2, 1, "refused"), (3, 1, "refused"), (1, None, "refused"), (3, 0, "a feed")],
)
def test_what_amazon_took_out_of_a_line_itself_is_not_cancelled_once_more(
    box: AmazonSandbox, client: AmazonClient, order: Payload, cancelled: int, left: int | None, sent: str
) -> None:
    """Of three or five units Amazon says two are ordered; TIMS has brought its own line down since."""
    row = box.order(order["orderId"])
    row["orderItems"][0]["quantityOrdered"] = 2
    box.book.put("orders", order["orderId"], row)
    (outcome,) = cancel_order.send_many(client, [wish(order, {"orderItemId": lines(order)[0], "quantity": cancelled, "left": left})])
    if sent == "refused":
        assert isinstance(outcome, RejectedError)
    else:
        assert isinstance(outcome, Receipt)
        assert bool(outcome.ticket) is (sent == "a feed")


def test_a_line_that_the_order_does_not_have_is_refused(client: AmazonClient, order: Payload) -> None:
    assert refused(client, wish(order, {"orderItemId": "99"})).problems[0].path == "lines[0].orderItemId"


def test_an_order_that_amazon_fulfils_is_refused(box: AmazonSandbox, client: AmazonClient) -> None:
    assert refused(client, wish(placed(box, kind="fba"))).code == "fulfilled_by_amazon"


def test_a_shipped_line_is_refused_as_a_return(box: AmazonSandbox, client: AmazonClient, order: Payload) -> None:
    row = box.order(order["orderId"])
    row["orderItems"][0]["fulfillment"] |= {"quantityFulfilled": 1, "quantityUnfulfilled": 2}
    box.book.put("orders", order["orderId"], row)
    error = refused(client, wish(order))
    assert error.code == "already_shipped"
    assert "return" in error.message


@pytest.mark.parametrize("payload", [{"reason": "NoInventory"}, {"orderId": None}, {"orderId": ""}])
def test_without_an_order_number_nothing_is_asked(box: AmazonSandbox, client: AmazonClient, payload: Payload) -> None:
    assert refused(client, (payload, REFERENCE)).problems[0].path == "orderId"
    assert not box.calls


def test_a_reason_that_amazon_does_not_have_is_refused(client: AmazonClient, order: Payload) -> None:
    payload = {"orderId": order["orderId"], "reason": "OutOfStock"}
    assert refused(client, (payload, REFERENCE)).problems[0].path == "reason"


def test_an_unknown_order_is_missing(client: AmazonClient) -> None:
    (error,) = cancel_order.send_many(client, [({"orderId": "999-9999999-9999999", "reason": "NoInventory"}, REFERENCE)])
    assert isinstance(error, MissingError)


def test_a_whole_order_is_cancelled_after_a_while(box: AmazonSandbox, client: AmazonClient, order: Payload) -> None:
    (sent,) = cancel_order.send_many(client, [wish(order)])
    assert isinstance(sent, Receipt)
    assert sent.key == order["orderId"]
    assert status(box, order) == "UNSHIPPED"
    assert followed(client, sent)[0].ticket == sent.ticket  # type: ignore[union-attr]
    box.clock.advance(LATER)
    (done,) = followed(client, sent)
    assert isinstance(done, Receipt)
    assert (done.key, done.outcome, done.ticket) == (order["orderId"], "cancelled", "")
    assert status(box, order) == "CANCELLED"
    item = box.order(order["orderId"])["orderItems"][0]
    assert item["cancellation"]["cancellationExecution"] == {"cancelledBy": "MERCHANT", "cancelReason": "NoInventory"}


def test_one_line_is_cancelled_and_the_other_stays(box: AmazonSandbox, client: AmazonClient, order: Payload) -> None:
    (sent,) = cancel_order.send_many(client, [wish(order, {"orderItemId": lines(order)[0], "quantity": 3}, reason="BuyerCanceled")])
    box.clock.advance(LATER)
    assert isinstance(followed(client, sent)[0], Receipt)
    assert [one["quantityOrdered"] == 0 for one in box.order(order["orderId"])["orderItems"]] == [True, False]


def test_the_document_is_a_table_of_lines(box: AmazonSandbox, client: AmazonClient, order: Payload) -> None:
    cancel_order.send_many(client, [wish(order)])
    feed = next(iter(box.book.rows(standin.KIND)))
    first, second = lines(order)
    number = order["orderId"]
    assert (store.content(box, feed["Input"]) or b"").decode() == (
        "order-id\tcancellation-reason-code\tamazon-order-item-code\n"
        f"{number}\tNoInventory\t{first}\n{number}\tNoInventory\t{second}\n"
    )  # fmt: skip


def test_what_is_cancelled_already_needs_no_feed(box: AmazonSandbox, client: AmazonClient, order: Payload) -> None:
    box.cancel(order["orderId"])
    (done,) = cancel_order.send_many(client, [wish(order)])
    assert isinstance(done, Receipt)
    assert (done.outcome, done.ticket) == ("unchanged", "")
    assert not box.book.count(standin.KIND)


@pytest.mark.parametrize("fault", ["drop_after", "truncate"])
def test_a_lost_feed_number_ends_in_one_cancellation(box: AmazonSandbox, client: AmazonClient, order: Payload, fault: str) -> None:
    assert cancel_order.CANCEL_ORDER.repeatable
    box.faults.add(fault, "*/feeds", method="POST")
    (lost,) = cancel_order.send_many(client, [wish(order)])
    assert isinstance(lost, OutcomeUnknownError)
    (again,) = cancel_order.send_many(client, [wish(order)])
    box.clock.advance(LATER)
    (done,) = followed(client, again)
    assert isinstance(done, Receipt)
    assert (done.outcome, len(done.warnings), status(box, order)) == ("cancelled", 1, "CANCELLED")


@pytest.mark.parametrize(("path", "method"), [("*/documents", "POST"), ("/document-store/*", "PUT")])
def test_a_lost_document_or_upload_is_tried_again(box: AmazonSandbox, client: AmazonClient, order: Payload, path: str, method: str) -> None:
    box.faults.add("drop_after", path, method=method)
    (error,) = cancel_order.send_many(client, [wish(order)])
    assert isinstance(error, TransientError)
    assert not isinstance(error, OutcomeUnknownError)


def test_a_line_shipped_meanwhile_is_refused_and_says_why(box: AmazonSandbox, client: AmazonClient, order: Payload) -> None:
    other = placed(box, first=2)
    sent = cancel_order.send_many(client, [wish(order), wish(other)])
    row = box.order(order["orderId"])
    row["orderItems"][0]["fulfillment"] |= {"quantityFulfilled": 3, "quantityUnfulfilled": 0}
    box.book.put("orders", order["orderId"], row)
    box.clock.advance(LATER)
    bad, good = followed(client, *sent)
    assert isinstance(bad, RejectedError)
    assert "already shipped" in bad.message
    assert isinstance(good, Receipt)
    assert status(box, other) == "CANCELLED"


def test_the_buyer_may_have_been_first(box: AmazonSandbox, client: AmazonClient, order: Payload) -> None:
    sent = cancel_order.send_many(client, [wish(order, {"orderItemId": lines(order)[0]})])
    box.cancel(order["orderId"], by="BUYER", items=lines(order)[:1])
    box.clock.advance(LATER)
    (done,) = followed(client, *sent)
    assert isinstance(done, Receipt)
    assert done.warnings


def test_many_cancellations_are_one_feed_and_bad_ones_stay_behind(box: AmazonSandbox, client: AmazonClient) -> None:
    several = [placed(box, first=number) for number in range(1, 5)]
    parts = [wish(one) for one in several]
    parts.insert(2, ({"orderId": "999-9999999-9999999", "reason": "NoInventory"}, REFERENCE))
    sent = cancel_order.send_many(client, parts)
    assert [type(one) for one in sent] == [Receipt, Receipt, MissingError, Receipt, Receipt]
    assert box.book.count(standin.KIND) == 1
    box.clock.advance(LATER)
    done = followed(client, *[one for one in sent if isinstance(one, Receipt)])
    assert [one.key for one in done if isinstance(one, Receipt)] == [one["orderId"] for one in several]


def test_what_the_rate_limit_keeps_back_waits_and_the_rest_goes(box: AmazonSandbox, client: AmazonClient) -> None:
    parts = [wish(placed(box, first=number)) for number in range(1, 4)]
    box.faults.add("429", "/orders/*", skip=1)
    assert [type(one) for one in cancel_order.send_many(client, parts)] == [Receipt, ThrottledError, ThrottledError]


def test_one_alone_raises_what_stops_it(client: AmazonClient, order: Payload) -> None:
    payload, reference = wish(order)
    assert cancel_order.CANCEL_ORDER.send(client, payload, reference).ticket
    with pytest.raises(ConnectorError):
        cancel_order.CANCEL_ORDER.send(client, {**payload, "reason": None}, reference)


SUMMARY = "Feed Processing Summary:\n\tNumber of records processed\t\t{}\n\tNumber of records successful\t\t{}\n\n"
HEADING = "original-record-number\terror-code\terror-type\terror-message\n"


@pytest.mark.parametrize("text", ["", "<html>", "All went well", "Number of records processed 2"])
def test_a_report_without_its_summary_is_no_success(text: str) -> None:
    with pytest.raises(OutcomeUnknownError):
        cancel_result.read(Document(content=text.encode()))


def test_a_report_tells_rows_warnings_and_what_concerns_all() -> None:
    table = HEADING + "1\t18028\tError\tThe order was not found\n2\t99\tWarning\tLate\n\t18000\tError\tThe file is odd\n\n"
    verdict = cancel_result.read(Document(content=(SUMMARY.format(3, 1) + table).encode()))
    assert [one.message for one in verdict.problems[1]] == ["The order was not found."]
    assert verdict.warnings == {2: ("Late.",)}
    assert [one.message for one in verdict.whole] == ["The file is odd."]


def test_a_report_that_counts_a_failure_without_naming_it_refuses_all() -> None:
    assert cancel_result.read(Document(content=SUMMARY.format(2, 1).encode())).whole
    assert not cancel_result.read(Document(content=SUMMARY.format(2, 2).encode())).whole


def test_a_report_in_the_code_page_of_windows_is_read() -> None:
    table = HEADING + "1\t18028\tError\tCommande annulée\n"
    verdict = cancel_result.read(Document(content=(SUMMARY.format(1, 0) + table).encode("cp1252")))
    assert verdict.problems[1][0].message == "Commande annulée."


def test_a_ticket_is_read_as_it_was_written() -> None:
    for text in ("50123/1/US/MUG/BLUE 1", "50123/2-4/111-1:2,3"):
        assert str(feeds.ticket(text)) == text


def test_a_cancellation_of_lines_that_amazon_does_not_know_cancels_nothing(client: AmazonClient, order: Payload) -> None:
    payload = {"orderId": order["orderId"], "reason": "NoInventory", "lines": []}
    assert not schema.validate("connectors.amazon", "cancel_order", payload)
    (outcome,) = cancel_order.send_many(client, [(payload, REFERENCE)])
    assert isinstance(outcome, NotNeededError)
