"""Try: a version on a stored record or on a pasted one, rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from connectors.base import Payload
from connectors.errors import Problem
from connectors.wire import encode
from mappings.admin.pages import page, version_of
from mappings.core.rules import schema_path
from mappings.models import Mapping, MappingVersion
from mappings.samples import Sample, provider
from mappings.schemas import target_fields
from mappings.steps_text import written
from mappings.trial import RecordError, RuleTrial, Trial, pasted, try_version
from mappings.versions import VersionError

SHOWN = 300
MOST_RESULTS = 30


def try_page(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """Asks for a record; with one, shows what every rule made of it. Nothing is stored or sent."""
    version = _version(request, mapping)
    query, keeper = request.GET.get("q", "")[:100], provider()
    context: dict[str, Any] = {
        "mapping": mapping, "version": version, "versions": list(mapping.versions.all()[:20]), "query": query,
        "samples": list(keeper(mapping, query)) if keeper else [], "chosen": request.GET.get("sample", ""), "text": "",
    }  # fmt: skip
    try:
        found = _record(request, mapping, context)
    except RecordError as wrong:
        context["problem"] = str(wrong)
    else:
        if found is not None:
            context |= _shown(mapping, try_version(version, found.payload, settings=found.settings), found)
    answer = page(admin, request, "mappings/try.html", f"Try {mapping.name}", **context)
    answer.status_code = 422 if context.get("problem") else 200
    answer["Cache-Control"] = "no-store"
    return answer


def _version(request: HttpRequest, mapping: Mapping) -> MappingVersion:
    wanted = request.POST.get("version") or request.GET.get("version", "")
    if wanted.isdecimal() and len(wanted) < 10:
        return version_of(mapping, int(wanted))
    newest = mapping.versions.select_related("mapping").first()
    if newest is None:
        raise VersionError("There is no version to try yet. Start a draft.")
    return newest


def _record(request: HttpRequest, mapping: Mapping, context: dict[str, Any]) -> Sample | None:
    if request.method == "POST":
        context["text"] = request.POST.get("record", "")
        return Sample(label="the pasted record", payload=pasted(context["text"]), masked=False)
    if not context["chosen"]:
        return None
    keeper = provider()
    found = keeper.load(mapping, context["chosen"]) if keeper else None
    if found is None:
        raise RecordError("This record is not stored any more. Choose another.")
    return found


def _shown(mapping: Mapping, trial: Trial, sample: Sample) -> dict[str, Any]:
    targets = {one.path: one for one in target_fields(mapping)}
    return {
        "trial": trial,
        "sample": sample,
        "source_text": pretty(sample.payload),
        "payload_text": pretty(trial.outcome.payload),
        "rules": [_rule(one, targets) for one in trial.rules],
        "problems": _said(trial.outcome.problems),
        "warnings": _said(trial.outcome.warnings),
    }


def _said(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    """Path and message; the path only where the message does not begin with it."""
    return [("" if one.message.startswith(one.path) else one.path, one.message) for one in problems]


def _rule(one: RuleTrial, targets: dict[str, Any]) -> dict[str, Any]:
    rule = one.rule
    results = [
        {
            "path": found.path,
            "source": short(found.source),
            "result": short(found.result),
            "applied": found.applied,
            "problems": found.problems,
        }
        for found in one.results[:MOST_RESULTS]
    ]
    steps = written([{"name": step.name, "args": step.args} for step in rule.steps])
    origin = rule.source or rule.formula or ("" if rule.constant is None else f"“{rule.constant}”")
    words = {"written": "written", "nothing": "left out", "problem": "problem", "bad": "cannot run"}[one.state]
    more = max(len(one.results) - MOST_RESULTS, 0)
    return {
        "rule": rule, "field": targets.get(schema_path(rule.target)), "results": results, "more": more, "steps": steps,
        "origin": origin, "state": one.state, "words": words, "problems": one.problems,
    }  # fmt: skip


def pretty(value: Payload) -> str:
    """JSON for people to read."""
    return msgspec.json.format(encode(value), indent=2).decode()


def short(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else encode(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"
