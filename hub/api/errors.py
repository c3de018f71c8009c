"""Every refusal of the API as JSON in words: `error` for the whole, `fields` where single values are wrong."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler


class TooLargeError(APIException):
    """The body of a request is larger than anything that the API asks for."""

    status_code = 413
    default_detail = "This request is too large."


def in_words(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of REST framework."""
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        response.data = _wrong_values(response.data)
    elif isinstance(response.data, dict):
        response.data = {"error": str(response.data.get("detail", "This request is refused."))}
    return response


def _wrong_values(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        return {"error": " ".join(str(one) for one in found)}
    whole = found.pop("non_field_errors", None)
    fields = {str(name): _sentences(wrong) for name, wrong in found.items()}
    words = " ".join(str(one) for one in whole) if whole else f"Please correct: {', '.join(fields)}."
    return {"error": words, "fields": fields} if fields else {"error": words}


def _sentences(wrong: Any) -> list[str]:
    if isinstance(wrong, dict):
        return [f"{place}: {sentence}" for place, below in wrong.items() for sentence in _sentences(below)]
    return [str(one) for one in wrong] if isinstance(wrong, list) else [str(wrong)]


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    """404 for every address of the API that does not exist."""
    return JsonResponse({"error": "There is nothing at this address. /api/schema lists what there is."}, status=404)
