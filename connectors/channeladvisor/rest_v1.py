"""Orders in the published REST v1 dialect: OData lists whose page size the server decides (ChannelAdvisor API reference, B4 and B5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from connectors.base import Payload
from connectors.channeladvisor.client import rows_of, without_token
from connectors.channeladvisor.convert import to_v2
from connectors.channeladvisor.dialect import Dialect, Row, named_centers, numeric
from connectors.channeladvisor.times import from_http_date, normalised
from connectors.errors import CredentialsError, MissingError, RejectedError
from connectors.http import JsonClient

PATH = "v1/Orders"
AT_ONCE = 20
EXPAND = "Items($expand=Promotions,BundleComponents,FulfillmentItems,Adjustments),Fulfillments($expand=Items),Adjustments,CustomFields"
_centers: WeakKeyDictionary[JsonClient, list[Payload]] = WeakKeyDictionary()


def sweep(client: JsonClient, unexported: bool, since: str) -> Iterator[Row]:
    """Orders by (UpdatedDateUtc, ID), asked for anew from the last time seen after each page.

    Next links count rows from the start of the list, so an order that changes meanwhile would push another one out of sight; asking
    by time cannot lose one. A next link is followed only where a page holds a single moment; one that repeats ends the sweep.
    """
    last, as_of, link = since, "", ""
    before, links = set[str](), set[str]()
    while True:
        answer = client.call("GET", link) if link else client.call("GET", PATH, query=_query(client, unexported, last))
        rows = rows_of(answer.body, "value")
        as_of = as_of or from_http_date(answer.headers.get("Date", ""))
        for raw in rows:
            if _mark(raw) not in before:
                yield Row(raw=_whole(client, raw), as_of=as_of, exported=False if unexported else None)
        before = {_mark(raw) for raw in rows}
        following, newest = str(answer.body.get("@odata.nextLink") or ""), max(map(_updated, rows), default="")
        if not following or following in links:
            return
        links.add(following)
        link, last = ("", newest) if newest > last else (without_token(following), last)


def placed(client: JsonClient, exported: bool, since: str, until: str) -> Iterator[Row]:
    """Orders placed from `since` until before `until`, taken or untaken, by number: each page begins behind the last one's end."""
    last = 0
    while True:
        condition = f"CreatedDateUtc ge {since} and CreatedDateUtc lt {until} and ID gt {last}"
        query = {"$filter": _within_profile(client, condition), "$orderby": "ID", "exported": "true" if exported else "false"}
        rows = rows_of(client.get(PATH, **query), "value")
        for raw in rows:
            yield Row(raw=raw, as_of="", exported=exported)
        furthest = max((raw["ID"] for raw in rows if isinstance(raw, dict) and isinstance(raw.get("ID"), int)), default=0)
        if furthest <= last:
            return
        last = furthest


def one(client: JsonClient, key: str) -> Row | None:
    """The order of that number, None when this profile has none."""
    if not numeric([key]):
        return None
    profile = _profile(client)
    try:
        raw = client.get(f"{PATH}({key})", **{"$expand": EXPAND})
    except MissingError:
        return None
    foreign = isinstance(raw, dict) and raw.get("ProfileID") not in (None, profile)
    return None if foreign else Row(raw=raw, as_of="")


def many(client: JsonClient, keys: Sequence[str]) -> Iterator[Row]:
    """The orders of these numbers, 20 a call because the address may not grow longer; missing ones are left out."""
    wanted = numeric(keys)
    for start in range(0, len(wanted), AT_ONCE):
        chosen = " or ".join(f"ID eq {key}" for key in wanted[start : start + AT_ONCE])
        query, link, links = {"$filter": _within_profile(client, f"({chosen})"), "$expand": EXPAND}, "", set[str]()
        while link not in links:
            links.add(link)
            body = client.get(link) if link else client.get(PATH, **query)
            for raw in rows_of(body, "value"):
                yield Row(raw=_whole(client, raw), as_of="")
            link = without_token(str(body.get("@odata.nextLink") or ""))
            if not link:
                break


def shape(client: JsonClient, row: Row) -> Payload:
    """The order in the v2 shape. Where the API does not say whether we took it, our own order number on it does."""
    exported = bool(row.raw.get("SellerOrderID")) if row.exported is None else row.exported
    centers = {int(row["ID"]): str(row.get("Code") or "") for row in _distribution_centers(client)}
    return to_v2(row.raw, exported=exported, centers=centers, tax_sites=tax_sites(client.settings.get("tax_sites", "")))


def tax_sites(text: str) -> frozenset[tuple[int, str]]:
    """`640:US, 1:US` as pairs of site and country; what is not such a pair is left out."""
    pairs = (part.strip().partition(":") for part in text.split(","))
    return frozenset((int(site), country.strip().upper()) for site, _, country in pairs if site.strip().isdecimal())


def _query(client: JsonClient, unexported: bool, since: str) -> dict[str, str]:
    condition = _within_profile(client, f"UpdatedDateUtc ge {since}" if since else "")
    query = {"$filter": condition, "$expand": EXPAND, "$orderby": "UpdatedDateUtc,ID"}
    return {**query, **({"exported": "false"} if unexported else {})}


def _within_profile(client: JsonClient, condition: str) -> str:
    """The condition within our profile: a list holds the orders of every profile the token sees."""
    return " and ".join(part for part in (f"ProfileID eq {_profile(client)}", condition) if part)


def _profile(client: JsonClient) -> int:
    """The profile of the connection. CredentialsError without one: orders of another shop must never be read."""
    number = client.settings.get("profile_id", "").strip()
    if not (number.isascii() and number.isdigit()):
        raise CredentialsError(
            "The connection has no profile number. Open it, enter the number and press Test connection.", code="profile_required"
        )
    return int(number)


def _whole(client: JsonClient, raw: Any) -> Any:
    """The order with all its lines: a list stops nested collections at 20 and says so with a link of their own."""
    if not isinstance(raw, dict) or not _is_cut(raw):
        return raw
    found = one(client, str(raw.get("ID")))
    return raw if found is None else found.raw


def _is_cut(value: Any) -> bool:
    if isinstance(value, dict):
        return any(name.endswith("@odata.nextLink") or _is_cut(inner) for name, inner in value.items())
    return isinstance(value, list) and any(_is_cut(inner) for inner in value)


def external(client: JsonClient) -> frozenset[str]:
    """The distribution centres that ChannelAdvisor says are managed externally, and those that the connection names."""
    rows = _distribution_centers(client)
    return named_centers(client) | {str(row.get("Code") or "").upper() for row in rows if row.get("IsExternallyManaged") is True}


def center_id(client: JsonClient, code: str) -> int | None:
    """The number of the distribution centre of that code, None when there is none."""
    rows = _distribution_centers(client) if code else []
    found = [int(row["ID"]) for row in rows if str(row.get("Code") or "").upper() == code.upper()]
    return found[0] if found else None


def _distribution_centers(client: JsonClient) -> list[Payload]:
    """The distribution centres, read once per client; none when the authorisation may not see them."""
    if client not in _centers:
        try:
            rows = rows_of(client.get("v1/DistributionCenters"), "value")
        except (CredentialsError, MissingError, RejectedError):
            rows = []
        _centers[client] = [row for row in rows if isinstance(row, dict) and isinstance(row.get("ID"), int)]
    return _centers[client]


def _updated(raw: Any) -> str:
    return normalised(raw.get("UpdatedDateUtc")) if isinstance(raw, dict) else ""


def _mark(raw: Any) -> str:
    return f"{raw.get('ID')} {raw.get('UpdatedDateUtc')}" if isinstance(raw, dict) and raw.get("ID") else ""


DIALECT = Dialect(id_field="ID", sweep=sweep, one=one, many=many, shape=shape, external=external)
