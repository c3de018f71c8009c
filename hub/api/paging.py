"""Pages of a list that grows while it is read: newest first, by cursor."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

MOST = 200


class NewestFirst(CursorPagination):
    """`next` of an answer is the address of the following page."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    page_size_query_description = f"Rows per page, 1 to {MOST}."
    max_page_size = MOST

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get("page_size")
        if given is None:
            return self.page_size
        if not (given.isascii() and given.isdigit() and len(given) <= 4 and 1 <= int(given) <= MOST):
            raise ValidationError({"page_size": [f"Give a whole number from 1 to {MOST}."]})
        return int(given)

    def decode_cursor(self, request: Request) -> Any:
        wrong = ValidationError({"cursor": ["This is not a cursor that an earlier answer gave."]})
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise wrong from None
        position = str(cursor.position or 0) if cursor else "0"
        if not (position.isascii() and position.isdigit() and len(position) <= 18):
            raise wrong
        return cursor
