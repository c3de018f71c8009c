"""The kit of the stand-ins: state, faults, limits, idempotency, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests

from connectors.sandbox import Book, Rate, Refusal, Request, Response, Router, Sandbox, reply

ROUTES = Router()


class Things(Sandbox):
    routes: ClassVar[Router] = ROUTES

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.entered, self.may_end = threading.Event(), threading.Event()

    def credential(self, request: Request) -> str:
        return "anyone"


@ROUTES.on("GET", "/things/{name}")
def read(box: Things, request: Request) -> Response:
    row = box.book.get("things", request.params["name"])
    if row is None:
        raise Refusal(404, "not_found", "There is no such thing.")
    return reply(row)


@ROUTES.on("POST", "/things")
def write(box: Things, request: Request) -> Response:
    row = request.json()
    if row.get("Slow"):
        box.entered.set()
        assert box.may_end.wait(30)
    box.book.put("things", row["Name"], row)
    if row.get("Bad"):
        raise Refusal(422, "bad", "Not like this.")
    return reply({"Name": row["Name"], "Number": box.book.next_number("things")}, 201)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Things]:
    with Things(tmp_path / "things.db") as running:
        yield running


def post(box: Things, name: str, **more: Any) -> requests.Response:
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    return requests.post(f"{box.url}/things", json={"Name": name, **more}, headers=headers, timeout=10)


def get(box: Things, name: str) -> requests.Response:
    return requests.get(f"{box.url}/things/{name}", timeout=10)


def test_an_unknown_address_is_404_and_a_wrong_method_405(box: Things) -> None:
    assert requests.get(f"{box.url}/nowhere", timeout=10).status_code == 404
    assert requests.put(f"{box.url}/things", timeout=10).status_code == 405


def test_a_body_that_is_not_json_is_400(box: Things) -> None:
    assert requests.post(f"{box.url}/things", data=b"{", timeout=10).json()["code"] == "malformed_json"


def test_a_refusal_undoes_what_the_call_wrote(box: Things) -> None:
    assert post(box, "a", Bad=True).status_code == 422
    assert get(box, "a").status_code == 404


def test_names_in_addresses_are_percent_decoded(box: Things) -> None:
    post(box, "a/b c'+%ü")
    assert get(box, "a%2Fb%20c%27%2B%25%C3%BC").json()["Name"] == "a/b c'+%ü"


def test_the_request_id_comes_back(box: Things) -> None:
    answer = requests.get(f"{box.url}/things/a", headers={"X-Request-ID": "mine-1"}, timeout=10)
    assert answer.headers["X-Request-ID"] == "mine-1"


def test_what_was_answered_is_in_the_file_even_without_a_clean_end(tmp_path: Path) -> None:
    first = Things(tmp_path / "state.db")
    first.start()
    post(first, "kept")
    second = Book(tmp_path / "state.db")
    assert second.get("things", "kept") == {"Name": "kept"}
    assert second.next_number("things") == 2
    second.close()
    first.close()


@pytest.mark.parametrize(
    ("kind", "status", "acted"),
    [("503", 503, False), ("429", 429, False), ("401", 401, False), ("html", 200, False), ("html_after", 200, True), ("slow", 201, True)],
)
def test_a_fault_answers_what_it_says_and_acts_only_where_it_says_so(box: Things, kind: str, status: int, acted: bool) -> None:
    box.faults.add(kind, "/things*", retry_after=3, seconds=0.01)
    answer = post(box, "a")
    assert answer.status_code == status
    assert box.book.has("things", "a") is acted
    assert post(box, "b").status_code == 201


@pytest.mark.parametrize(("kind", "acted"), [("reset", False), ("drop_after", True), ("truncate", True), ("timeout", True)])
def test_a_broken_connection_acts_only_where_it_says_so(box: Things, kind: str, acted: bool) -> None:
    box.faults.add(kind, "/things*", seconds=0.01)
    with pytest.raises(requests.RequestException):
        post(box, "a")
    assert box.book.has("things", "a") is acted


def test_a_fault_hits_its_method_and_place_after_the_calls_it_skips(box: Things) -> None:
    box.faults.add("500", "/things", method="POST", skip=1)
    assert [get(box, "x").status_code, post(box, "a").status_code, post(box, "b").status_code, post(box, "c").status_code] == [
        404,
        201,
        500,
        201,
    ]


def test_an_unknown_fault_is_refused(box: Things) -> None:
    with pytest.raises(ValueError, match="no fault"):
        box.faults.add("explode")


def test_the_same_key_answers_again_without_acting_again(box: Things) -> None:
    first, second = post(box, "a", key="k1"), post(box, "a", key="k1")
    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert post(box, "a").json()["Number"] == 2


def test_the_same_key_with_another_body_is_refused(box: Things) -> None:
    post(box, "a", key="k1")
    assert post(box, "b", key="k1").json()["code"] == "idempotency_key_reused"


def test_the_same_key_while_the_first_call_runs_is_told_to_wait(box: Things) -> None:
    first = threading.Thread(target=post, args=(box, "a"), kwargs={"key": "k1", "Slow": True})
    first.start()
    assert box.entered.wait(30)
    assert post(box, "a", key="k1", Slow=True).json()["code"] == "request_in_progress"
    box.may_end.set()
    first.join()


def test_the_rate_limit_tells_what_is_left_and_when_to_come_back(box: Things) -> None:
    box.rate = Rate(2, 60)
    answers = [get(box, "a") for _ in range(3)]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert answers[2].status_code == 429
    assert int(answers[2].headers["Retry-After"]) >= 1


def test_more_calls_at_once_than_allowed_are_refused(box: Things) -> None:
    box.parallel = 1
    first = threading.Thread(target=post, args=(box, "a"), kwargs={"Slow": True})
    first.start()
    assert box.entered.wait(30)
    assert get(box, "a").json()["code"] == "too_many_concurrent"
    box.may_end.set()
    first.join()


def test_control_works_over_http(box: Things) -> None:
    control = f"{box.url}/__sandbox__"
    wish = {"Match": {"Method": "POST", "Path": "/things"}, "Fault": "503", "Count": 2, "RetryAfter": 9}
    requests.post(f"{control}/faults", json=wish, timeout=10)
    assert post(box, "a").headers["Retry-After"] == "9"
    requests.delete(f"{control}/faults", timeout=10)
    assert post(box, "a").status_code == 201
    requests.post(f"{control}/clock", json={"Now": "2026-11-20T10:00:00Z", "Frozen": True}, timeout=10)
    assert box.now() == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert requests.get(f"{control}/book/things", timeout=10).json() == [{"Name": "a"}]
    assert requests.get(f"{control}/state", timeout=10).json()["Rows"] == {"things": 1}


def test_control_is_closed_to_other_machines(box: Things) -> None:
    assert box.answer(Request(method="GET", path="/__sandbox__/state", peer="10.0.0.9")).status == 404


def test_stamps_are_never_the_same_even_when_the_clock_stands_still(box: Things) -> None:
    box.clock.set(datetime(2026, 11, 20, tzinfo=UTC), frozen=True)
    stamps = [box.stamp() for _ in range(50)]
    assert stamps == sorted(set(stamps))


def test_a_nested_transaction_that_fails_undoes_only_itself() -> None:
    book = Book()
    with book.transaction():
        book.put("things", "a", {"Name": "a"})
        with suppress(ValueError), book.transaction():
            book.put("things", "b", {"Name": "b"})
            book.delete("things", "a")
            raise ValueError("no")
    assert book.keys("things") == ["a"]


def test_an_index_and_an_order_follow_every_change() -> None:
    book = Book()
    book.index("things", "colour", lambda row: [row["Colour"]])
    book.order("things", lambda row: row["At"])
    book.put("things", "a", {"Colour": "red", "At": "1"})
    book.put("things", "b", {"Colour": "red", "At": "2"})
    book.put("things", "a", {"Colour": "blue", "At": "3"})
    book.delete("things", "c")
    assert (book.find("things", "colour", "red"), book.find("things", "colour", "blue")) == (["b"], ["a"])
    assert [at[1] for at, _ in book.after("things", ("", ""), 10)] == ["b", "a"]
