"""The parts of the schema that REST framework cannot know: refusals in words, and the intake of webhooks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class Refusal(serializers.Serializer[Any]):
    """Why a request was not carried out."""

    error = serializers.CharField(help_text="What is wrong and what to do, in words.")


class WrongValues(Refusal):
    """Why a request was not carried out, with the values that are wrong."""

    def get_fields(self) -> dict[str, Any]:
        sentences = serializers.ListField(child=serializers.CharField())
        return {
            **super().get_fields(),
            "fields": serializers.DictField(child=sentences, required=False, help_text="What is wrong, by name."),
        }


REFUSALS: dict[int, Any] = {400: WrongValues, 401: Refusal, 403: Refusal, 429: Refusal}
MISSING: dict[int, Any] = {404: Refusal}

_ANSWERS = {
    200: "The answer to a handshake, as plain text.",
    202: "Stored. An event id that was sent before changes nothing.",
    400: "Not an event that can be read, or broken off.",
    401: "The signature, or its time, is wrong.",
    404: "There is no such webhook address.",
    405: "Events are taken by POST only.",
    413: "Larger than the hub takes.",
    415: "Not sent as application/json.",
    503: "Cannot be stored right now; send it again later.",
}


def with_webhooks(result: dict[str, Any], **about: Any) -> dict[str, Any]:
    """Adds the intake of webhooks, a plain view for speed, to the finished schema."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}, "description": words}
        for name, words in (("slug", "The connection's slug."), ("token", "The secret part of the address."))
    ]
    event = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
    result["paths"]["/api/webhooks/{slug}/{token}"] = {
        "post": {
            "operationId": "webhook",
            "description": "An event of a connection's system, signed as that system signs.",
            "parameters": parameters,
            "tags": ["webhooks"],
            "requestBody": {"required": True, "content": event},
            "responses": {str(status): {"description": words} for status, words in _ANSWERS.items()},
            "security": [{}],
        }
    }
    return result
