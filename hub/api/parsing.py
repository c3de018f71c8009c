"""Reads a JSON request: bounded in size, and any malformed text is a refusal in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from connectors.wire import decode
from hub.api.errors import TooLargeError

MOST_BYTES = 1024 * 1024


class BoundedJSONParser(JSONParser):
    """Reads at most one byte more than allowed."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise TooLargeError(f"This request is larger than {MOST_BYTES} bytes.")
        try:
            return decode(raw)
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8 text.") from None
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
        except ValueError:
            raise ParseError("The body is not JSON.") from None
