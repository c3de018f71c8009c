"""Two toy systems in memory, a shop and a ledger, whose faults a test writes down beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.base import Connector, Limit, Operation, Outcome, Payload, Receipt, Record, Reference, Stream, Summary
from connectors.errors import ConnectorError
from connectors.hooks import Hooks
from connectors.http import JsonClient

PACKAGE = "tests.hub.engine.toy"


@dataclass
class Submission:
    """Something taken but not decided: `verdict` is "" until then, "done", or an error."""

    ticket: str
    key: str
    payload: Payload
    verdict: str | ConnectorError = ""


@dataclass
class World:
    """What both systems hold, and what goes wrong next."""

    orders: dict[str, Payload] = field(default_factory=dict)
    documents: dict[str, Payload] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    before: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)
    unreadable: ConnectorError | None = None
    uncounted: ConnectorError | None = None
    hidden: set[str] = field(default_factory=set)
    """Keys that reading leaves out, though they can be counted and read by name."""
    changes: int = 0
    submissions: list[Submission] = field(default_factory=list)
    """What the slow operation was asked to do, in order."""
    unasked: Exception | None = None

    def place(self, key: str, **fields: Any) -> None:
        """A new order or a new version of one."""
        version = self.orders.get(key, {}).get("Version", 0) + 1
        self.changes += 1
        self.orders[key] = {
            **self.orders.get(key, {"Id": key, "Sku": "TK-1", "Status": "New", "Name": "Dana Ruiz", "Total": 10}),
            **fields,
            "Version": version,
            "Changed": self.changes,
        }


WORLD = World()


class NoAuth:
    def headers(self, client: JsonClient) -> dict[str, str]:
        return {}

    def renew(self, client: JsonClient) -> bool:
        return False


def connect(settings: Any, hooks: Hooks) -> JsonClient:
    return JsonClient("http://toy.invalid", auth=NoAuth(), hooks=hooks, label="Toy")


def _record(order: Payload) -> Record:
    return Record(
        key=order["Id"],
        payload=dict(order),
        cursor=f"{order['Changed']:06}",
        version=f"{order['Version']:06}",
        aliases=(f"toy:{order['Id']}",),
    )


def _read(client: JsonClient, cursor: str) -> Iterator[Record]:
    for order in sorted(WORLD.orders.values(), key=lambda one: one["Changed"]):
        if f"{order['Changed']:06}" >= cursor and order["Id"] not in WORLD.hidden:
            yield _record(order)


def _census(client: JsonClient, since: str, until: str) -> Iterator[str]:
    WORLD.calls.append(("census", f"{since}/{until}"))
    if WORLD.uncounted:
        raise WORLD.uncounted
    yield from [*WORLD.orders, *WORLD.hidden]


def _read_many(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    WORLD.calls.append(("read", ",".join(keys)))
    if WORLD.unreadable:
        raise WORLD.unreadable
    return [_record(WORLD.orders[key]) for key in keys if key in WORLD.orders]


def _people(client: JsonClient, cursor: str) -> Iterator[Record]:
    return iter(())


def _person(order: Payload) -> Record | None:
    return Record(key=f"p-{order['Name'].split()[0].lower()}", payload={"Name": order["Name"]})


def _send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    WORLD.calls.append(("send", reference.key))
    if WORLD.before and (error := WORLD.before.pop(0)):
        raise error
    existing = _find(client, reference)
    if existing is None:
        WORLD.documents[f"D-{len(WORLD.documents) + 1}"] = {**payload, "Ref": reference.key}
    else:
        WORLD.documents[existing.key].update(payload)
    if WORLD.after and (error := WORLD.after.pop(0)):
        raise error
    found = existing or _find(client, reference)
    assert found
    return Receipt(key=found.key, version="1", outcome="changed" if existing else "created", answer=dict(payload))


def _find(client: JsonClient, reference: Reference) -> Receipt | None:
    return next((Receipt(key=key, outcome="unchanged") for key, one in WORLD.documents.items() if one["Ref"] == reference.key), None)


def _asked(client: JsonClient, reference: Reference) -> Receipt | None:
    WORLD.calls.append(("find", reference.key))
    return _find(client, reference)


def _send_many(client: JsonClient, batch: Sequence[tuple[Payload, Reference]]) -> list[Outcome]:
    WORLD.calls.append(("bulk", str(len(batch))))
    if WORLD.before and (error := WORLD.before.pop(0)):
        raise error
    answers: list[Outcome] = []
    for payload, reference in batch:
        try:
            answers.append(_send(client, payload, reference))
        except ConnectorError as error:
            answers.append(error)
    return answers


SHOP = Connector(
    id="shop", label="Shop", settings=(), connect=connect, check=lambda client: [], package=PACKAGE,
    streams=(
        Stream(
            id="orders", label="Orders", schema="order", read=_read, read_many=_read_many, census=_census,
            read_one=lambda client, key: next(iter(_read_many(client, [key])), None),
            sequence=lambda order: str(order.get("Buyer", "")),
            summary=lambda order: Summary(title=f"Order {order['Id']}", amount=str(order["Total"]), currency="USD"),
        ),
        Stream(id="people", label="People", schema="person", read=_people, derived_from="orders", derive=_person),
    ),
    operations=(Operation(id="take", label="Mark as taken", schema="take", send=_send, repeatable=True),),
)  # fmt: skip
LEDGER = Connector(
    id="ledger", label="Ledger", settings=(), connect=connect, check=lambda client: [], package=PACKAGE, parallel=8,
    limits=(Limit(name="calls", label="Calls", burst=1000, per_second=1000),),
    streams=(Stream(id="skus", label="SKUs", schema="order", read=_people),),
    operations=(
        Operation(id="orders", label="Orders", schema="document", send=_send, find=_asked),
        Operation(id="bulk_orders", label="Orders in bulk", schema="document", send=_send, send_many=_send_many, find=_asked, batch=50),
        Operation(id="people", label="People", schema="human", send=_send, find=_asked),
        Operation(id="blind", label="Cannot be asked", schema="document", send=_send),
    ),
)  # fmt: skip
