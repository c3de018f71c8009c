"""Reading Amazon's tab-separated reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.amazon.flat_files import field_name, rows
from connectors.errors import RejectedError, TransientError

CELL = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["C", "Z"]), max_size=12)


def read(text: str, *needed: str) -> list[dict[str, str]]:
    return [one.values for one in rows(text, needed=needed, what="tests")]


def test_a_file_that_ends_in_the_middle_of_a_line_is_fetched_again() -> None:
    with pytest.raises(TransientError, match="cut off in line 3"):
        read("a\tb\tc\n1\t2\t3\n4\t5")


def test_an_empty_file_is_fetched_again() -> None:
    with pytest.raises(TransientError, match="empty"):
        read("\n")


def test_a_file_without_a_needed_column_is_refused() -> None:
    with pytest.raises(RejectedError, match="no column orderId"):
        read("sku\tquantity\nA\t1\n", "orderId")


def test_a_web_page_in_place_of_the_file_is_refused() -> None:
    with pytest.raises(RejectedError):
        read("<html><body>Sign in</body></html>", "orderId")


def test_a_line_with_too_many_cells_carries_a_problem_and_the_others_go_on() -> None:
    found = list(rows("a\tb\n1\t2\n1\t2\t3\n5\t6\n", needed=(), what="tests"))
    assert [bool(one.problem) for one in found] == [False, True, False]


def test_columns_are_found_by_name_whatever_their_order_and_their_line_ends() -> None:
    assert read("Return quantity\tOrder ID\r\n1\t112-1\r\n\r\n", "orderId") == [{"returnQuantity": "1", "orderId": "112-1"}]


def test_quotes_are_ordinary_characters() -> None:
    assert read('a\tb\n"x\ty"\n') == [{"a": '"x', "b": 'y"'}]


def test_empty_cells_at_the_end_of_a_line_may_be_missing() -> None:
    assert read("a\tb\tc\n1\n") == [{"a": "1", "b": "", "c": ""}]


def test_rows_that_are_equal_are_all_kept() -> None:
    assert len(read("a\n1\n1\n1\n")) == 3


@pytest.mark.parametrize(
    ("header", "name"), [("Amazon RMA ID", "amazonRmaId"), ("return-date", "returnDate"), ("A-to-Z Claim", "aToZClaim"), ("ASIN", "asin")]
)
def test_headers_become_field_names(header: str, name: str) -> None:
    assert field_name(header) == name


@given(st.lists(st.tuples(CELL, CELL.filter(bool)), max_size=20))
def test_whatever_stands_in_the_cells_comes_back(cells: list[tuple[str, str]]) -> None:
    text = "a\tb\n" + "".join(f"{one}\t{two}\n" for one, two in cells)
    assert [(one["a"], one["b"]) for one in read(text)] == cells
