"""Items and reference data of the stand-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox, reply
from connectors.tims.standin import documents
from connectors.tims.standin.checks import flaw, refuse, tidy
from connectors.tims.standin.events import announce
from connectors.tims.standin.stock import find_item

ITEMS = Router()
KIND = "items"
TYPES = ("Stock", "NonStock", "Service", "Kit", "Cylinder")
STATUSES = ("Draft", "Active", "OnHold", "Discontinued")
LISTS = (
    "locations", "carriers", "shipping_methods", "payment_methods", "payment_terms", "tax_codes", "discount_codes", "price_lists",
    "salespersons", "hold_codes",
)  # fmt: skip


def declare(box: Sandbox) -> None:
    """The order of items."""
    box.book.order(KIND, lambda row: str(row["UpdatedAt"]))


@ITEMS.on("GET", "/api/v1/items")
def listed(box: Sandbox, request: Request) -> Response:
    """Delta list with filters."""
    return documents.listing(box, request, KIND, _filter)


def _filter(query: dict[str, list[str]]) -> Callable[[Row], bool]:
    skus = {one.upper() for one in query.get("sku", ())}
    plain = [(member, query[name][-1]) for name, member in (("status", "Status"), ("category", "CategoryCode")) if name in query]
    sellable, channel, barcode = (query.get(name, [""])[-1] for name in ("sellable", "channel", "barcode"))

    def keep(row: Row) -> bool:
        return (
            (not skus or str(row["SKU"]).upper() in skus)
            and all(row.get(member) == wanted for member, wanted in plain)
            and (not sellable or bool(row.get("Sellable")) == (sellable == "true"))
            and (not channel or channel in (row.get("Channels") or ()))
            and (not barcode or (row.get("Barcode") or {}).get("Value") == barcode)
        )

    return keep


@ITEMS.on("GET", "/api/v1/items/{sku}")
def read(box: Sandbox, request: Request) -> Response:
    """One item, whatever the case of its letters."""
    return documents.shown(request, find_item(box, request.params["sku"]))


@ITEMS.on("POST", "/api/v1/items")
def create(box: Sandbox, request: Request) -> Response:
    """Creates an item."""
    row = add(box, request, request.json())
    return documents.shown(request, row, 201, {"Location": f"/api/v1/items/{row['SKU']}"})


def add(box: Sandbox, request: Request, body: Any) -> Row:
    """Checks and stores a new item. Raises Refusal 422, 409 `duplicate_number`."""
    row, flaws = tidy(body)
    flaws += [
        flaw(name, "required", "A value is required.") for name in ("SKU", "Description", "ItemType", "UnitOfMeasure") if not row.get(name)
    ]
    if row.get("ItemType") not in TYPES:
        flaws.append(flaw("ItemType", "invalid_choice", "Not allowed.", row.get("ItemType")))
    if row.get("Status", "Active") not in STATUSES:
        flaws.append(flaw("Status", "invalid_choice", "Not allowed.", row.get("Status")))
    if len(str(row.get("SKU") or "")) > 50:
        flaws.append(flaw("SKU", "max_length", "At most 50 characters.", row["SKU"]))
    refuse("item", flaws)
    if box.book.has(KIND, row["SKU"].upper()):
        raise Refusal(409, "duplicate_number", f"Item {row['SKU']} already exists.", ExistingID=row["SKU"])
    row = {"Status": "Active", "Sellable": True, "PackQuantity": 1, **row}
    documents.save(box, KIND, row["SKU"].upper(), row, changed=[])
    announce(box, "item.created", ("item", row["SKU"], f"items/{row['SKU']}"), 1, {"SKU": row["SKU"]})
    return row


@ITEMS.on("PATCH", "/api/v1/items/{sku}")
def change(box: Sandbox, request: Request) -> Response:
    """Changes members; the SKU never."""
    row = find_item(box, request.params["sku"])
    documents.guard(request, row)
    body = request.json()
    refuse("item", [flaw(name, "read_only", "This member is set by TIMS.") for name in body if name in ("SKU", "Cost", "Version")])
    return documents.shown(request, edit(box, row, body))


def edit(box: Sandbox, row: Row, body: Row, by: str = "api") -> Row:
    """Changes an item and tells the subscribers."""
    ended = body.get("Status") == "Discontinued" and row["Status"] != "Discontinued"
    row = documents.save(box, KIND, row["SKU"].upper(), {**row, **body}, changed=sorted(body), by=by)
    event = "item.discontinued" if ended else "item.updated"
    announce(box, event, ("item", row["SKU"], f"items/{row['SKU']}"), row["Version"], {"SKU": row["SKU"]})
    return row


@ITEMS.on("GET", "/api/v1/reference/{name}")
def reference(box: Sandbox, request: Request) -> Response:
    """One list of reference data."""
    name = request.params["name"]
    if name not in LISTS:
        raise Refusal(404, "not_found", f"There is no list {name}.")
    rows = [{k: v for k, v in row.items() if k != "List"} for row in box.book.rows("reference") if row["List"] == name]
    return reply({"Data": rows, "Paging": {"Limit": 200, "HasMore": False, "NextCursor": None}})


@ITEMS.on("POST", "/api/v1/reference/discount_codes")
def add_discount_code(box: Sandbox, request: Request) -> Response:
    """Registers a discount code."""
    wish = request.json()
    refuse("discount code", [flaw(name, "required", "A value is required.") for name in ("Code", "Name") if not wish.get(name)])
    if box.book.has("reference", f"discount_codes/{wish['Code']}"):
        raise Refusal(409, "duplicate_number", f"Discount code {wish['Code']} already exists.", ExistingID=wish["Code"])
    row = {"Active": True, "Type": "Amount", **wish, "List": "discount_codes", "UpdatedAt": box.stamp()}
    box.book.put("reference", f"discount_codes/{wish['Code']}", row)
    return reply({k: v for k, v in row.items() if k != "List"}, 201)
