"""The comparison of both systems' books must see every way in which they can differ."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.amazon.standin.orders import generate as generate_amazon
from connectors.channeladvisor.customers import customer_key
from connectors.channeladvisor.standin.orders import generate
from hub.demo.books import ELSEWHERE, Comparison, Journey, compare
from hub.demo.ordered import from_amazon, from_channeladvisor
from hub.demo.twins import as_channeladvisor

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def sold(order: dict[str, Any], number: int) -> dict[str, Any]:
    """The sales order that an order should become."""
    lines = [
        {"ExternalLineID": str(one["ItemID"]), "SKU": one["SKU"], "Quantity": one["Quantity"], "Price": one["UnitPrice"]}
        for one in order["OrderItem"]
    ]
    return {
        "SalesOrderID": f"SO-{number}",
        "SourceSystem": "ChannelAdvisor",
        "ExternalOrderID": str(order["ChannelAdvisorOrderID"]),
        "MarketplaceOrderID": order["OrderID"],
        "CustomerID": f"C-{number}",
        "Currency": order["Currency"],
        "TotalAmount": order["Totals"]["Grand"],
        "OrderStatus": "Open",
        "ShippingAddress": order["ShippingAddress"],
        "LineItems": lines,
    }


class Books:
    """Two systems that agree on five orders of five buyers; tests spoil one thing."""

    def __init__(self) -> None:
        made = generate(seed=4, count=5, now=NOW, skus=["TK-1001", "TK-1002"], failing=0)
        self.orders = [one.order for one in made]
        self.sales_orders = [sold(order, number) for number, order in enumerate(self.orders)]
        self.amazon: list[dict[str, Any]] = []
        self.customers: list[dict[str, Any]] = []
        self.journeys = {}
        for number, order in enumerate(self.orders):
            order |= {"Exported": True, "SellerOrderID": f"SO-{number}"}
            self.sales_orders[number] = deepcopy(self.sales_orders[number])
            name = {"System": "ChannelAdvisor", "ID": f"{customer_key(order)}"}
            self.customers.append({"CustomerID": f"C-{number}", "ExternalIDs": [name], "Email": f"{number}@shop.example"})
            self.journeys[f"ChannelAdvisor {order['ChannelAdvisorOrderID']}"] = Journey(state="delivered")
        self.may_stop: dict[str, str] = {}
        self.aliases: dict[str, str] = {}

    @property
    def first(self) -> str:
        return f"ChannelAdvisor {self.orders[0]['ChannelAdvisorOrderID']}"

    def compared(self) -> Comparison:
        orders = [from_channeladvisor(one, self.aliases) for one in self.orders] + [from_amazon(one, {}) for one in self.amazon]
        return compare(orders, self.sales_orders, self.customers, self.journeys, may_stop=self.may_stop)


def test_equal_books_have_no_difference() -> None:
    found = Books().compared()
    assert found.differences == []
    assert found.counts == {"delivered": 5}


def double(books: Books) -> None:
    books.sales_orders.append({**books.sales_orders[0], "SalesOrderID": "SO-99"})


def lose(books: Books) -> None:
    del books.sales_orders[0]


def lose_silently(books: Books) -> None:
    del books.sales_orders[0], books.journeys[books.first]


def wrong_total(books: Books) -> None:
    books.sales_orders[0]["TotalAmount"] += Decimal("0.01")


def wrong_currency(books: Books) -> None:
    books.sales_orders[0]["Currency"] = "XXX"


def wrong_marketplace_id(books: Books) -> None:
    books.sales_orders[0]["MarketplaceOrderID"] = "112-0"


def wrong_quantity(books: Books) -> None:
    books.sales_orders[0]["LineItems"][0]["Quantity"] += 1


def wrong_price(books: Books) -> None:
    books.sales_orders[0]["LineItems"][0]["Price"] += 1


def missing_line(books: Books) -> None:
    books.sales_orders[0]["LineItems"].pop()


def wrong_address(books: Books) -> None:
    books.sales_orders[0]["ShippingAddress"]["PostalCode"] = "00000"


def stranger(books: Books) -> None:
    books.sales_orders[0]["CustomerID"] = "C-1"


def nobody(books: Books) -> None:
    books.sales_orders[0]["CustomerID"] = "C-404"


def not_acknowledged(books: Books) -> None:
    books.orders[0]["Exported"] = False


def wrong_acknowledgement(books: Books) -> None:
    books.orders[0]["SellerOrderID"] = "SO-77"


def not_cancelled(books: Books) -> None:
    books.orders[0]["OrderStatus"] = "Cancelled"


def cancelled_alone(books: Books) -> None:
    books.sales_orders[0]["OrderStatus"] = "Cancelled"


def invented(books: Books) -> None:
    books.sales_orders.append({**books.sales_orders[0], "ExternalOrderID": "4711"})


def same_customer_twice(books: Books) -> None:
    books.customers.append({**books.customers[0], "CustomerID": "C-98"})


def failed_without_cause(books: Books) -> None:
    del books.sales_orders[0]
    books.journeys[books.first] = Journey(state="failed", reason="TIMS refused it.")


def failed_without_words(books: Books) -> None:
    del books.sales_orders[0]
    books.journeys[books.first] = Journey(state="failed")
    books.may_stop[books.first] = "unknown_sku"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (double, "doubled, 2 sales orders"),
        (lose, "lost, TIMS does not have it and the hub calls it delivered"),
        (lose_silently, "the hub does not know it"),
        (wrong_total, "total differs"),
        (wrong_currency, "currency differs"),
        (wrong_marketplace_id, "marketplace order id differs"),
        (wrong_quantity, "lines differs"),
        (wrong_price, "lines differs"),
        (missing_line, "lines differs"),
        (wrong_address, "destination differs"),
        (stranger, "someone else"),
        (nobody, "customer does not exist"),
        (not_acknowledged, "not acknowledged"),
        (wrong_acknowledgement, "acknowledged as SO-77"),
        (not_cancelled, "cancelled differs"),
        (cancelled_alone, "cancelled differs"),
        (invented, "which no channel ever had"),
        (same_customer_twice, "exists 2 times"),
        (failed_without_cause, "though nothing was wrong with it"),
        (failed_without_words, "no reason given"),
    ],
)
def test_a_wrong_book_is_found(spoil: Callable[[Books], None], words: str) -> None:
    books = Books()
    spoil(books)
    differences = books.compared().differences
    assert any(words in one for one in differences), differences


@pytest.mark.parametrize("state", ["held", "failed", "skipped"])
def test_an_order_that_may_stop_is_accounted_for_by_its_reason(state: str) -> None:
    books = Books()
    del books.sales_orders[0]
    books.orders[0]["Exported"] = False
    books.journeys[books.first] = Journey(state=state, reason="SKU ZZ-1 does not exist in TIMS.")
    books.may_stop[books.first] = "unknown_sku"
    found = books.compared()
    assert found.differences == []
    assert found.verdicts[books.first] == state


def test_an_order_that_may_stop_is_still_not_allowed_twice() -> None:
    books = Books()
    double(books)
    books.journeys[books.first] = Journey(state="failed", reason="TIMS refused the change of price.")
    books.may_stop[books.first] = "price_changed"
    assert any("doubled" in one for one in books.compared().differences)


def test_an_order_cancelled_on_both_sides_agrees() -> None:
    books = Books()
    books.orders[0]["OrderStatus"] = books.sales_orders[0]["OrderStatus"] = "Cancelled"
    for line in books.sales_orders[0]["LineItems"]:
        line["QuantityCancelled"] = line["Quantity"]
    found = books.compared()
    assert found.differences == []
    assert found.verdicts[books.first] == "cancelled"


def test_an_order_cancelled_before_the_hub_took_it_needs_no_sales_order() -> None:
    books = Books()
    books.orders[0]["OrderStatus"] = "Cancelled"
    del books.sales_orders[0]
    books.journeys[books.first] = Journey(state="skipped", reason="Cancelled before it was taken.")
    found = books.compared()
    assert found.differences == []
    assert found.verdicts[books.first] == "cancelled"


def test_a_sku_with_another_name_in_tims_is_the_same_line() -> None:
    books = Books()
    books.orders[0]["OrderItem"][0]["SKU"] = "ZZ-1"
    books.aliases["ZZ-1"] = books.sales_orders[0]["LineItems"][0]["SKU"]
    assert books.compared().differences == []


class Twins(Books):
    """One marketplace order through both channels, brought to TIMS by ChannelAdvisor."""

    def __init__(self) -> None:
        super().__init__()
        (made,) = generate_amazon(seed=3, count=1, now=NOW, skus=["TK-1001"], failing=0, kinds={"plain": 1}, weights={"US": 1})
        self.amazon = [made.order]
        self.twin = {**as_channeladvisor(made.order, number=77), "Exported": True, "SellerOrderID": "SO-77"}
        self.orders.append(self.twin)
        self.sales_orders.append(deepcopy(sold(self.twin, 77)))
        self.customers.append({"CustomerID": "C-77", "ExternalIDs": [{"System": "ChannelAdvisor", "ID": customer_key(self.twin)}]})
        self.journeys["ChannelAdvisor 77"] = Journey(state="delivered")
        self.theirs = f"Amazon {made.order['orderId']}"
        self.journeys[self.theirs] = Journey(state="skipped", reason="It travels by another road.", code="owned_elsewhere")


def test_an_order_that_both_channels_bring_is_one_sales_order() -> None:
    books = Twins()
    found = books.compared()
    assert (found.differences, found.twins, found.verdicts[books.theirs]) == ([], 1, ELSEWHERE)


def test_an_order_that_both_channels_bring_must_not_become_two() -> None:
    books = Twins()
    books.sales_orders.append({**books.sales_orders[-1], "SourceSystem": "Amazon", "ExternalOrderID": books.amazon[0]["orderId"]})
    assert any("doubled, 2 sales orders" in one for one in books.compared().differences)


def test_an_order_that_neither_channel_brought_is_lost() -> None:
    books = Twins()
    books.sales_orders.pop()
    words = books.compared().differences
    assert any(one.startswith("Order ChannelAdvisor 77: lost") for one in words)
    assert any(one.startswith(f"Order {books.theirs}: ") for one in words)


@pytest.mark.parametrize(("kind", "reason"), [("non_amazon", "another channel's"), ("pending", "not paid yet")])
def test_an_amazon_order_that_is_none_of_ours_must_stay_out(kind: str, reason: str) -> None:
    (made,) = generate_amazon(seed=3, count=1, now=NOW, skus=["TK-1001"], failing=0, kinds={kind: 1}, weights={"US": 1})
    ordered = from_amazon(made.order, {})
    assert ordered.left_out == reason
    stayed = {ordered.name: Journey(state="skipped", reason="Why.")}
    assert compare([ordered], [], [], stayed, may_stop={}).differences == []
    taken = {"SourceSystem": "Amazon", "ExternalOrderID": ordered.key, "LineItems": []}
    assert any("taken over, though" in one for one in compare([ordered], [taken], [], {}, may_stop={}).differences)


def bundled(books: Books) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The first order becomes one of two bundles, in TIMS with its components."""
    order, sales_order = books.orders[0], books.sales_orders[0]
    parts = [{"SKU": "TK-1001", "Quantity": 2}, {"SKU": "TK-1002", "Quantity": 4}]
    line = order["OrderItem"][0] | {
        "SKU": "BDL-1",
        "Quantity": 2,
        "UnitPrice": Decimal("9.99"),
        "IsBundle": True,
        "BundleComponents": parts,
    }
    order["OrderItem"], name = [line], str(line["ItemID"])
    own = {"LineNumber": 1, "ExternalLineID": name, "SKU": "BDL-1", "Quantity": 2, "Price": 0, "ExtendedAmount": 0}
    first = {"ExternalLineID": f"{name}-1*1", **parts[0], "Price": Decimal("3.33"), "ExtendedAmount": Decimal("6.66")}
    second = {"ExternalLineID": f"{name}-2*2", **parts[1], "Price": Decimal("3.33"), "ExtendedAmount": Decimal("13.32")}
    sales_order["LineItems"] = [own, first | {"KitParentLineNumber": 1}, second | {"KitParentLineNumber": 1}]
    return sales_order, sales_order["LineItems"]


def test_a_bundle_with_its_components_is_the_line_that_the_channel_sold() -> None:
    books = Books()
    bundled(books)
    assert books.compared().differences == []


@pytest.mark.parametrize(("place", "name", "wrong"), [(1, "Quantity", 1), (2, "SKU", "TK-1003"), (2, "ExtendedAmount", Decimal("13.31"))])
def test_a_bundle_whose_components_differ_is_found(place: int, name: str, wrong: Any) -> None:
    books = Books()
    bundled(books)[1][place][name] = wrong
    assert any("lines differs" in one for one in books.compared().differences)


def test_an_order_that_amazon_was_to_ship_for_others_and_was_called_off_is_no_difference() -> None:
    (made,) = generate_amazon(seed=3, count=1, now=NOW, skus=["TK-1001"], failing=0, kinds={"non_amazon": 1}, weights={"US": 1})
    del made.order["proceeds"]
    made.order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    ordered = from_amazon(made.order, {})
    assert ordered.total is None
    assert compare([ordered], [], [], {ordered.name: Journey(state="skipped", reason="Why.")}, may_stop={}).differences == []
