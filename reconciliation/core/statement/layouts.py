"""Which columns a file has: known by name, in any order and spelling (settlement reference, 2)."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from reconciliation.core.statement.problems import ORIGINAL, Problem, Quarantined


class Layout(StrEnum):
    """V2: one amount per line. V1: an amount column per family. LINES: V2's lines as an ERP exports them, without a summary row."""

    V2 = "V2 flat file"
    V1 = "V1 flat file"
    LINES = "exported lines"


SPELLINGS = {
    "settlementid": "settlement_id",
    "settlementstartdate": "start",
    "settlementenddate": "end",
    "depositdate": "deposit",
    "totalamount": "total",
    "currency": "currency",
    "transactiontype": "transaction_type",
    "orderid": "order_id",
    "merchantorderid": "merchant_order_id",
    "adjustmentid": "adjustment_id",
    "shipmentid": "shipment_id",
    "marketplacename": "marketplace",
    "amounttype": "amount_type",
    "amountdescription": "amount_description",
    "amount": "amount",
    "fulfillmentid": "fulfilment",
    "posteddate": "posted_date",
    "posteddatetime": "posted_at",
    "orderitemcode": "item_code",
    "sku": "sku",
    "sellersku": "sku",
    "quantitypurchased": "quantity",
    "promotionid": "promotion_id",
    "pricetype": "price_type",
    "priceamount": "price",
    "itemrelatedfeetype": "fee_type",
    "itemrelatedfeeamount": "fee",
    "shipmentfeetype": "shipment_fee_type",
    "shipmentfeeamount": "shipment_fee",
    "orderfeetype": "order_fee_type",
    "orderfeeamount": "order_fee",
    "promotiontype": "promotion_type",
    "promotionamount": "promotion",
    "directpaymenttype": "direct_payment_type",
    "directpaymentamount": "direct_payment",
    "miscfeeamount": "misc_fee",
    "otherfeeamount": "other_fee",
    "otherfeereasondescription": "other_fee_type",
    "otheramount": "other",
}
HEAD = ("start", "end", "deposit", "total", "currency")
LINE = ("settlement_id", "transaction_type")
NEEDED = {
    Layout.V2: (*HEAD, *LINE, "amount_type", "amount_description", "amount"),
    Layout.V1: (*HEAD, *LINE, "price_type", "price", "fee_type", "fee", "other", "posted_date"),
    Layout.LINES: (*LINE, "amount_type", "amount_description", "amount"),
}
DELIMITERS = "\t;,"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How a file's lines are cut. `names` are ours where a column is known, else a placeholder, in the file's order."""

    layout: Layout
    delimiter: str
    names: tuple[str, ...]

    @property
    def quoting(self) -> bool:
        """Only files that a spreadsheet or an ERP wrote quote values; in the marketplace's own a quote is a character."""
        return self.delimiter != "\t"

    def cells(self, line: str, number: int, *, cut_off: bool = False) -> list[str]:
        """One line's values, one per column; trailing ones that an editor had trimmed are blank.

        Raises Quarantined when there are more values than columns, fewer where the file may be `cut_off`, or a quote that stays open.
        """
        if self.quoting and line.count('"') % 2:
            words = f"Line {number} holds a quote that is not closed, perhaps a line break within a value. {ORIGINAL}"
            raise Quarantined(Problem.UNREADABLE, words, line=number)
        cells, width = split(line, self.delimiter), len(self.names)
        if cut_off and len(cells) < width:
            words = f"The file breaks off in its last line {number}: it was not downloaded or saved to its end. {ORIGINAL}"
            raise Quarantined(Problem.TRUNCATED, words, line=number)
        if any(cell.strip() for cell in cells[width:]):
            words = f"Line {number} has {len(cells)} values although the first line names {width} columns. {ORIGINAL}"
            raise Quarantined(Problem.UNKNOWN_LAYOUT, words, line=number)
        return cells[:width] + [""] * (width - len(cells))


def split(line: str, delimiter: str) -> list[str]:
    """A line's values as they stand; between tabs a quote is a character like any other. One value where it cannot be split."""
    try:
        return line.split(delimiter) if delimiter == "\t" else next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def columns_of(line: str, number: int) -> Columns:
    """The columns that a file's first line names. Raises Quarantined when it is none of the layouts."""
    delimiter = max(DELIMITERS, key=lambda one: (line.count(one), one == "\t"))
    names = [SPELLINGS.get(re.sub(r"[^a-z0-9]+", "", cell.casefold()), "") for cell in split(line, delimiter)]
    twice = [name for name, times in Counter(filter(None, names)).items() if times > 1]
    for layout, needed in NEEDED.items():
        if not twice and set(needed) <= set(names) and {"posted_at", "posted_date"} & set(names):
            return Columns(layout=layout, delimiter=delimiter, names=tuple(name or f"unknown {at}" for at, name in enumerate(names)))
    reason = "names a column twice" if twice else "does not name the columns of a settlement report"
    raise Quarantined(Problem.UNKNOWN_LAYOUT, f"The first line of the file {reason}. {ORIGINAL}", line=number)
