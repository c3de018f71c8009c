"""A JSON listings feed is carried out message by message (Amazon SP-API reference, 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.amazon.standin import listings
from connectors.amazon.standin.asking import invalid
from connectors.amazon.standin.listing_checks import REQUIREMENTS
from connectors.sandbox import Row
from connectors.wire import decode, encode

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

MOST, HIGHEST = 25_000, 2_147_483_647
NEEDED = {"UPDATE": ("productType", "attributes"), "PARTIAL_UPDATE": ("productType", "attributes"), "PATCH": ("productType", "patches"),
          "DELETE": ()}  # fmt: skip
FOREIGN = {"UPDATE": ("patches",), "PARTIAL_UPDATE": ("patches", "requirements"), "PATCH": ("attributes", "requirements"),
           "DELETE": ("productType", "attributes", "patches", "requirements")}  # fmt: skip


def carry_out(box: AmazonSandbox, feed: Row, content: bytes) -> bytes:
    """The processing report. Raises Refusal for a document that is no such feed."""
    document = _opened(feed, content)
    issues: list[Row] = []
    refused: set[int] = set()
    seen: set[Any] = set()
    for place, message in enumerate(document["messages"]):
        wrong = _form(message, seen)
        found = [wrong] if wrong else _submitted(box, feed, message)
        if found:
            refused.add(place)
        issues += [_told(message, one) for one in found]
    count = len(document["messages"])
    summary = {
        "errors": len(issues), "warnings": 0, "messagesProcessed": count, "messagesAccepted": count - len(refused),
        "messagesInvalid": len(refused),
    }  # fmt: skip
    header = {"sellerId": feed["Seller"], "version": "2.0", "feedId": feed["feedId"]}
    return encode({"header": header, "issues": issues, "summary": summary})


def _opened(feed: Row, content: bytes) -> Row:
    try:
        document = decode(content)
    except ValueError:
        raise invalid("The feed is not JSON.") from None
    header = document.get("header") if isinstance(document, dict) else None
    if not isinstance(header, dict) or header.get("sellerId") != feed["Seller"] or header.get("version") != "2.0":
        raise invalid("The header of the feed is invalid.")
    messages = document.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= MOST:
        raise invalid(f"A feed has 1 to {MOST} messages.")
    found: Row = document
    return found


def _form(message: Any, seen: set[Any]) -> Row | None:
    """What is wrong with a message before its listing is looked at."""
    if not isinstance(message, dict):
        return _issue("The message is not an object.")
    number, kind = message.get("messageId"), message.get("operationType")
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= HIGHEST or number in seen:
        return _issue("'messageId' must be unique and between 1 and 2147483647.")
    seen.add(number)
    if not message.get("sku") or kind not in NEEDED:
        return _issue("'sku' and a known 'operationType' are required.")
    if any(not message.get(name) for name in NEEDED[kind]) or any(name in message for name in FOREIGN[kind]):
        return _issue(f"The message does not have the form of '{kind}'.")
    if message.get("requirements", "LISTING") not in REQUIREMENTS:
        return _issue("'requirements' is invalid.")
    return None


def _issue(words: str) -> Row:
    return {"code": "4000000", "severity": "ERROR", "message": words}


def _submitted(box: AmazonSandbox, feed: Row, message: Row) -> list[Row]:
    for marketplace in feed["marketplaceIds"]:
        found = listings.submit(box, marketplace, message)
        if found:
            return found
    return []


def _told(message: Any, issue: Row) -> Row:
    about = {name: message[name] for name in ("messageId", "sku") if isinstance(message, dict) and name in message}
    named = issue.get("attributeNames") or [""]
    told = {**about, "code": issue["code"], "severity": issue["severity"], "message": issue["message"]}
    return {**told, "attributeName": named[0]} if named[0] else told
