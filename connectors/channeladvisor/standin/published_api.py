"""The stand-in's published dialect: OData lists of 20, nested collections cut at 20, export flag by action."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from connectors.base import Payload
from connectors.channeladvisor.standin import store
from connectors.channeladvisor.standin.odata import BadFilterError, Filter
from connectors.channeladvisor.standin.published import CENTERS, EXTERNAL, headline, published
from connectors.channeladvisor.standin.routes import ROUTES
from connectors.sandbox import Refusal, Request, Response, Row, reply

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox

NESTED = 20
NAVIGATION = ("Items", "Fulfillments", "Adjustments", "CustomFields")
WRITABLE = ("SellerOrderID", "PublicNotes", "PrivateNotes", "SpecialInstructions", "OrderTags", "FlagID", "FlagDescription")
_BRACKETS = re.compile(r"\([^()]*\)")
MISSING = "No HTTP resource was found that matches the request URI."


@ROUTES.on("GET", "/v1/Orders")
def orders(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """A page of the orders of all visible profiles; the size is the server's choice, the next link counts rows."""
    try:
        chosen = Filter(request.arg("$filter"))
        skip, size = int(request.arg("$skip", "0")), box.page_size
        found = (row for row in _rows(box, request, chosen) if _fits(box, row, request, chosen))
        page = list(islice(found, skip, skip + size + 1))
    except BadFilterError as error:
        raise Refusal(400, "invalid_request", str(error)) from None
    answer: dict[str, Any] = {"@odata.context": f"{box.url}/v1/$metadata#Orders", "value": []}
    answer["value"] = [_cut(box, _expanded(row, request.arg("$expand"))) for row in page[:size]]
    if len(page) > size:
        following = {name: values[-1] for name, values in request.query.items()} | {"$skip": str(skip + size)}
        answer["@odata.nextLink"] = f"{box.url}/v1/Orders?{urlencode(following, quote_via=quote)}"
    return reply(answer)


@ROUTES.on("GET", "/v1/Orders({number})")
def order(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """One order with all its lines."""
    return reply(_expanded(mine(box, request), request.arg("$expand")))


@ROUTES.on("GET", "/v1/Orders({number})/Items")
def lines(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """All lines of an order."""
    return reply({"value": published(mine(box, request)["Order"])["Items"][int(request.arg("$skip", "0")) :]})


@ROUTES.on("PATCH", "/v1/Orders({number})")
def patch(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Changes notes, tags or our order number; 204."""
    row, body = mine(box, request), request.json()
    unknown = [name for name in body if name not in WRITABLE] if isinstance(body, dict) else ["the body"]
    if unknown:
        raise Refusal(400, "invalid_request", f"{unknown[0]} cannot be changed.")
    if "SellerOrderID" in body and row["Order"].get("SellerOrderID") != body["SellerOrderID"]:
        row["Order"]["SellerOrderID"] = body["SellerOrderID"] or ""
        store.save(box, row)
    flag = {name: body[name] for name in ("FlagID", "FlagDescription") if name in body}
    if flag and flag != row["Order"].get("_Flag"):
        row["Order"]["_Flag"] = flag
        store.save(box, row)
    return reply(status=204)


@ROUTES.on("POST", "/v1/Orders({number})/Export")
def export(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Sets the export flag of this application; 204, also when it was set."""
    store.set_taken(box, mine(box, request), request.principal.application, taken=True)
    return reply(status=204)


@ROUTES.on("DELETE", "/v1/Orders({number})/Export")
def unexport(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Clears the export flag; 204."""
    store.set_taken(box, mine(box, request), request.principal.application, taken=False)
    return reply(status=204)


@ROUTES.on("GET", "/v1/Profiles")
def profiles(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """The profiles that the token sees."""
    return reply({"value": [{"ID": number, "AccountName": f"Profile {number}"} for number in request.principal.profiles]})


@ROUTES.on("GET", "/v1/DistributionCenters")
def centers(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Distribution centres with their codes."""
    rows = [{"ID": number, "Code": code, "Name": code.title(), "IsExternallyManaged": code in EXTERNAL} for code, number in CENTERS.items()]
    return reply({"value": rows})


def _rows(box: ChannelAdvisorSandbox, request: Request, chosen: Filter) -> Iterator[Row]:
    if chosen.ids:
        wanted = sorted(set(chosen.ids))
        return iter([row for number in wanted if (row := box.book.get(store.KIND, store.key_of(number)))])
    application = request.principal.application if request.arg("exported") == "false" else ""
    found = (row for _, row in store.by_change(box, chosen.since, untaken_by=application))
    if request.arg("$orderby", "ID").startswith("UpdatedDateUtc"):
        return found
    return iter(sorted(found, key=lambda row: int(row["Order"]["ChannelAdvisorOrderID"])))


def _fits(box: ChannelAdvisorSandbox, row: Row, request: Request, chosen: Filter) -> bool:
    if row["Order"]["ProfileID"] not in request.principal.profiles:
        return False
    if not chosen.ids and "CreatedDateUtc" not in request.arg("$filter") and store.is_hidden(box, row["Order"]):
        return False
    exported = request.arg("exported")
    if exported in ("true", "false") and (request.principal.application in row["Taken"]) != (exported == "true"):
        return False
    return chosen.test(headline(row["Order"]))


def _expanded(row: Row, expand: str) -> Payload:
    """The order with those nested collections that were asked for."""
    while _BRACKETS.search(expand):
        expand = _BRACKETS.sub("", expand)
    asked = [part.strip() for part in expand.split(",")]
    return {name: value for name, value in published(row["Order"]).items() if name not in NAVIGATION or name in asked}


def _cut(box: ChannelAdvisorSandbox, shown: Payload) -> Payload:
    """Nested collections stop at 20 in lists and say where the rest is (ChannelAdvisor API reference, B4)."""
    number = shown["ID"]
    if len(shown.get("Items", [])) > NESTED:
        shown |= {"Items": shown["Items"][:NESTED], "Items@odata.nextLink": f"{box.url}/v1/Orders({number})/Items?$skip={NESTED}"}
    for fulfillment in shown.get("Fulfillments", []):
        if len(fulfillment["Items"]) > NESTED:
            link = f"{box.url}/v1/Fulfillments({fulfillment['ID']})/Items?$skip={NESTED}"
            fulfillment |= {"Items": fulfillment["Items"][:NESTED], "Items@odata.nextLink": link}
    return shown


def mine(box: ChannelAdvisorSandbox, request: Request) -> Row:
    """The order of the address. Raises Refusal 404."""
    number = request.params["number"]
    row = box.book.get(store.KIND, store.key_of(int(number))) if number.isdigit() else None
    if row is None or row["Order"]["ProfileID"] not in request.principal.profiles:
        raise Refusal(404, "not_found", MISSING)
    return row
