"""The promises that every connector keeps; a connector's test file inherits them and brings its running stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from connectors import schema
from connectors.base import Connector, Operation, Payload, Record, Reference, Stream
from connectors.errors import ConnectorError, CredentialsError, OutcomeUnknownError, ThrottledError, TransientError
from connectors.hooks import Hooks
from connectors.http import JsonClient
from connectors.registry import connector as registered
from connectors.sandbox import Sandbox

SECRET_WORDS = ("secret", "key", "token", "password")
READ_FAULTS: tuple[tuple[str, type[ConnectorError]], ...] = (
    ("503", TransientError),
    ("500", TransientError),
    ("429", ThrottledError),
    ("403", CredentialsError),
    ("reset", TransientError),
    ("drop_after", TransientError),
    ("truncate", TransientError),
    ("html", TransientError),
)


@dataclass(kw_only=True)
class Stand:
    """A running stand-in with everything the promises need.

    `deliveries`: operation id -> (payload, reference), made new for each test. `count(operation id)`: how many documents the stand-in
    holds of that kind. `api`: pattern of the addresses that faults hit; the token address must not match. `canaries`: personal texts
    that the payloads carry. `tells_waits`: the system says how long to wait (`Retry-After`).
    """

    box: Sandbox
    settings: Mapping[str, str]
    api: str
    deliveries: Mapping[str, tuple[Payload, Reference]] = field(default_factory=dict)
    count: Callable[[str], int] = lambda operation: 0
    unknown_key: str = "999999999"
    canaries: tuple[str, ...] = ()
    tells_waits: bool = True


class ConnectorContract:
    """Set `connector_id` and give a fixture `stand`."""

    connector_id: ClassVar[str]

    @pytest.fixture
    def connector(self) -> Connector:
        return registered(self.connector_id)

    @pytest.fixture
    def client(self, connector: Connector, stand: Stand) -> JsonClient:
        return connector.connect(stand.settings, Hooks())

    def test_every_schema_loads_and_every_field_has_a_label(self, connector: Connector) -> None:
        for name in {one.schema for one in (*connector.streams, *connector.operations)}:
            found = schema.fields(connector.package, name)
            assert found, name
            assert not [one.path for one in found if not one.label], name
            schema.validator(connector.package, name)

    def test_operations_refuse_fields_that_they_do_not_declare(self, connector: Connector) -> None:
        for operation in connector.operations:
            problems = schema.validate(connector.package, operation.schema, {"NoSuchField": 1})
            assert "unknown_field" in {one.code for one in problems}, operation.id

    def test_settings_that_are_secret_are_marked(self, connector: Connector) -> None:
        suspicious = [one for one in connector.settings if one.name.endswith(SECRET_WORDS)]
        assert not [one.name for one in suspicious if not one.secret]
        assert all(one.label for one in connector.settings)

    def test_the_connection_test_finds_nothing_wrong(self, connector: Connector, client: JsonClient, stand: Stand) -> None:
        stand.box.clock.reset()
        findings = connector.check(client)
        assert findings
        assert not [one for one in findings if not one.ok]

    def test_the_connection_test_explains_wrong_credentials(self, connector: Connector, stand: Stand) -> None:
        secrets = {one.name: "wrong-but-long-enough-credential" for one in connector.settings if one.secret}
        findings = connector.check(connector.connect({**stand.settings, **secrets}, Hooks()))
        failed = [one for one in findings if not one.ok]
        assert failed
        assert all(one.words for one in failed)

    def test_streams_yield_unique_keys_and_rising_cursors(self, connector: Connector, client: JsonClient) -> None:
        for stream in _read_streams(connector):
            records = _sweep(stream, client, "")
            assert records, stream.id
            assert len({one.key for one in records}) == len(records), stream.id
            cursors = [one.cursor for one in records if one.cursor]
            assert cursors == sorted(cursors), stream.id

    def test_reading_on_from_any_cursor_yields_everything_behind_it(self, connector: Connector, client: JsonClient) -> None:
        for stream in _read_streams(connector):
            records = _sweep(stream, client, "")
            place = len(records) // 2
            again = {one.key for one in _sweep(stream, client, records[place].cursor)}
            assert {one.key for one in records[place + 1 :]} <= again, stream.id

    def test_records_are_what_their_schema_declares(self, connector: Connector, client: JsonClient) -> None:
        for stream in _read_streams(connector):
            for record in _sweep(stream, client, "")[:50]:
                problems = schema.validate(connector.package, stream.schema, record.payload)
                assert not problems, (stream.id, record.key, [one.message for one in problems])

    def test_a_record_read_alone_is_the_one_that_the_sweep_yields(self, connector: Connector, client: JsonClient) -> None:
        for stream in _read_streams(connector):
            record = _sweep(stream, client, "")[0]
            if stream.read_one:
                alone = stream.read_one(client, record.key)
                assert alone
                assert (alone.key, alone.payload, alone.version) == (record.key, record.payload, record.version)
            if stream.read_many:
                assert [one.key for one in stream.read_many(client, [record.key])] == [record.key]

    def test_a_record_that_does_not_exist_is_none(self, connector: Connector, client: JsonClient, stand: Stand) -> None:
        for stream in _read_streams(connector):
            if stream.read_one:
                assert stream.read_one(client, stand.unknown_key) is None, stream.id
            if stream.read_many:
                assert stream.read_many(client, [stand.unknown_key]) == [], stream.id

    @pytest.mark.parametrize(("fault", "expected"), READ_FAULTS, ids=[one[0] for one in READ_FAULTS])
    def test_a_failing_read_is_classified(
        self, connector: Connector, client: JsonClient, stand: Stand, fault: str, expected: type[ConnectorError]
    ) -> None:
        stand.box.faults.add(fault, stand.api, count=None, retry_after=7 if fault in ("429", "503") else None)
        with pytest.raises(expected) as caught:
            _sweep(_read_streams(connector)[0], client, "")
        assert caught.value.category == expected.category
        assert fault not in ("429", "503") or caught.value.retry_after == (7 if stand.tells_waits else None)
        _says_nothing_secret(caught.value, stand, connector)

    def test_a_token_that_ends_in_the_middle_is_renewed(self, connector: Connector, client: JsonClient, stand: Stand) -> None:
        stream = _read_streams(connector)[0]
        records = stream.read(client, "")
        first = next(records)
        stand.box.tokens.expire_all()
        assert first.key in {one.key for one in _sweep(stream, client, "")}

    @pytest.mark.parametrize("fault", ["401", "403", "429", "500", "503", "reset", "html", "truncate"])
    def test_a_failing_token_request_is_classified_and_tells_no_secret(self, connector: Connector, stand: Stand, fault: str) -> None:
        stand.box.faults.add(fault, "*token*", count=None)
        fresh = connector.connect(stand.settings, Hooks())
        with pytest.raises(ConnectorError) as caught:
            _sweep(_read_streams(connector)[0], fresh, "")
        assert caught.value.category in ("credentials", "throttled", "transient")
        assert fault not in ("401", "403") or isinstance(caught.value, CredentialsError)
        _says_nothing_secret(caught.value, stand, connector)

    def test_sending_twice_acts_once(self, connector: Connector, client: JsonClient, stand: Stand) -> None:
        for operation, payload, reference in _operations(connector, stand):
            first = operation.send(client, payload, reference)
            count = stand.count(operation.id)
            second = operation.send(client, payload, reference)
            assert (second.key, stand.count(operation.id)) == (first.key, count), operation.id

    def test_a_lost_answer_is_found_and_nothing_is_made_twice(self, connector: Connector, client: JsonClient, stand: Stand) -> None:
        for operation, payload, reference in _operations(connector, stand):
            before = stand.count(operation.id)
            stand.box.faults.add("drop_after", stand.api, method="POST", count=None)
            stand.box.faults.add("drop_after", stand.api, method="PUT", count=None)
            lost = _failure(lambda: operation.send(client, payload, reference))  # noqa: B023 - called at once
            assert lost is None or isinstance(lost, OutcomeUnknownError) or lost.acted is False
            if lost:
                _says_nothing_secret(lost, stand, connector)
            stand.box.faults.clear()
            found = operation.find(client, reference) if operation.find else None
            receipt = found or operation.send(client, payload, reference)
            assert receipt.key
            assert stand.count(operation.id) <= before + 1, operation.id

    def test_a_refused_record_tells_nothing_personal_and_no_secret(self, connector: Connector, client: JsonClient, stand: Stand) -> None:
        for operation, payload, reference in _operations(connector, stand):
            broken = {name: ([] if isinstance(value, list) else None) for name, value in payload.items() if not isinstance(value, dict)}
            with pytest.raises(ConnectorError) as caught:
                operation.send(client, {**payload, **broken}, reference)
            _says_nothing_secret(caught.value, stand, connector)

    def test_many_get_one_outcome_each_in_order(self, connector: Connector, client: JsonClient, stand: Stand) -> None:
        for operation, payload, reference in _operations(connector, stand):
            if operation.send_many:
                alone = operation.send(client, payload, reference)
                outcomes = operation.send_many(client, [(payload, reference), (payload, reference)][: operation.batch])
                assert [getattr(one, "key", one) for one in outcomes] == [alone.key] * len(outcomes)


def _read_streams(connector: Connector) -> list[Stream]:
    return [one for one in connector.streams if not one.derived_from]


def _sweep(stream: Stream, client: JsonClient, cursor: str) -> list[Record]:
    return list(stream.read(client, cursor))


def _operations(connector: Connector, stand: Stand) -> Iterator[tuple[Operation, Payload, Reference]]:
    for operation_id, (payload, reference) in stand.deliveries.items():
        yield connector.operation(operation_id), payload, reference


def _failure(act: Callable[[], object]) -> TransientError | None:
    try:
        act()
    except TransientError as error:
        return error
    return None


def _says_nothing_secret(error: ConnectorError, stand: Stand, connector: Connector) -> None:
    told: list[Any] = [str(error), repr(error), error.args, error.problems, error.message, error.__cause__, error.code]
    text = " ".join(map(repr, told))
    hidden = [stand.settings.get(one.name, "") for one in connector.settings if one.secret]
    assert not [word for word in (*hidden, *stand.canaries) if word and word in text]
