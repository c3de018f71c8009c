"""The page of one delivery: its journey, what came in, what went out, and what a person can do."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from hub import vault
from hub.admin import acts, confirm
from hub.admin.base import ReadOnlyAdmin, page, person
from hub.admin.links import origin, source_link, target_link
from hub.admin.payloads import shown, source_labels, target_labels
from hub.admin.timeline import timeline
from hub.admin.tries import as_try
from hub.admin.words import badge, money, receipt
from hub.engine import triage
from hub.engine.aliases import same_fact
from hub.engine.records import operation_of
from hub.models import CrossReference, Delivery, Flow, Reveal

FAMILY = 20
RELATED = ("flow__source", "flow__target", "flow__after__source", "flow__mapping", "mapping_version__mapping", "run", "seal")


def delivery_page(admin: ReadOnlyAdmin, request: HttpRequest, pk: str) -> HttpResponse:
    """Everything that is known of a delivery, personal data masked. About ten queries."""
    delivery = _delivery(pk)
    attempts = list(delivery.tries.order_by("number", "id"))
    errors = list(delivery.errors.select_related("closed_by").order_by("pk"))
    reveals = list(delivery.reveals.select_related("by"))
    sent, target = target_labels(delivery.flow), delivery.flow.target
    return page(
        admin, request, "hub/delivery.html", str(delivery),
        delivery=delivery, badge=badge(delivery.state, delivery.get_state_display()), amount=money(delivery.amount, delivery.currency),
        receipt=receipt(delivery), stops=timeline(delivery, attempts=attempts, errors=errors, reveals=reveals),
        errors=[error for error in errors if error.state == error.State.OPEN],
        source=shown(delivery.masked, source_labels(delivery.flow)),
        attempts=[as_try(one, sent, target=target.name if target else "The target") for one in reversed(attempts)],
        cross_reference=_cross_reference(delivery), family=_family(delivery),
        source_link=source_link(delivery), target_link=target_link(delivery), **_rights(request, delivery),
    )  # fmt: skip


def act_on_delivery(admin: ReadOnlyAdmin, request: HttpRequest, pk: str) -> HttpResponse:
    """Retry, release, decide a conflict, hold or skip, as posted."""
    if request.method != "POST" or not request.user.has_perm("hub.triage_delivery"):
        raise PermissionDenied
    rows, what = Delivery.objects.filter(pk=get_object_or_404(Delivery.objects.only("pk"), pk=pk).pk), request.POST.get("act", "")
    answer = None
    if what == "retry":
        acts.retry_deliveries(admin, request, rows)
    elif what == "release":
        acts.release_deliveries(admin, request, rows)
    elif what in Delivery.Decision.values:
        acts.decide_deliveries(admin, request, rows, decision=what)
    elif what in ("hold", "skip"):
        answer = acts.stop_deliveries(admin, request, rows, how=what, back=_back(pk))
    return answer or redirect("admin:hub_delivery_change", pk)


def reveal(admin: ReadOnlyAdmin, request: HttpRequest, pk: str) -> HttpResponse:
    """The clear text, once, after a reason was given; who read it and why is kept first."""
    if request.method != "POST" or not request.user.has_perm("hub.reveal_delivery"):
        raise PermissionDenied
    delivery = _delivery(pk)
    words = "Names, addresses, mails and phones of this record are shown once. That you read them, and why, is kept."
    given = confirm.reason(
        admin, request, title="Show personal data", words=words, label="Why do you need it?", button="Show it once", back=_back(pk)
    )
    if not isinstance(given, str):
        return given
    try:
        clear = vault.unseal(delivery.seal, delivery.sealed).decode()
    except (vault.DestroyedError, vault.WrongKeyError) as error:
        admin.message_user(request, str(error), "warning")
        return redirect("admin:hub_delivery_change", pk)
    kept = Reveal.objects.create(by=person(request), delivery=delivery, reason=given)
    LogEntry.objects.create(
        user=person(request), content_type=ContentType.objects.get_for_model(Reveal), object_id=str(kept.pk),
        object_repr=str(delivery)[:200], action_flag=CHANGE, change_message="Read the personal data.",
    )  # fmt: skip
    answer = page(
        admin, request, "hub/reveal.html", str(delivery), delivery=delivery, source=shown(clear, source_labels(delivery.flow)), given=given
    )
    answer["Cache-Control"] = "no-store, private, max-age=0"
    answer["Pragma"] = "no-cache"
    return answer


def _back(pk: str) -> str:
    return reverse("admin:hub_delivery_change", args=[pk])


def _delivery(pk: str) -> Delivery:
    return get_object_or_404(Delivery.objects.select_related(*RELATED), pk=pk)


def _rights(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    may = request.user.has_perm("hub.triage_delivery")
    return {
        "may_retry": may and delivery.state in (triage.State.FAILED, triage.State.WAITING),
        "retry_words": "Ask now" if delivery.ticket else "Retry",
        "may_release": may and delivery.state == triage.State.HELD,
        "may_decide": may and delivery.state == triage.State.FAILED and delivery.reason_code == "conflict" and _decides(delivery.flow),
        "may_hold": may and delivery.state in triage.HOLDABLE and not delivery.ticket,
        "may_skip": may and delivery.state in Delivery.OPEN and not delivery.ticket,
        "may_reveal": request.user.has_perm("hub.reveal_delivery"),
        "revealable": delivery.sealed is not None and delivery.seal is not None and delivery.seal.destroyed_at is None,
        "destroyed": delivery.seal is not None and (delivery.sealed is None or delivery.seal.destroyed_at is not None),
    }


def _decides(flow: Flow) -> bool:
    """Whether the flow's operation obeys what a person decides after a conflict."""
    return bool(flow.operation) and operation_of(flow).decides


def _cross_reference(delivery: Delivery) -> CrossReference | None:
    """Both names of the record; a delivery that follows another shows that one's, for it only tells the source."""
    made_by = delivery.flow.after or delivery.flow
    if made_by.source_id is None or made_by.target_id is None:
        return None
    found = CrossReference.objects.filter(source=made_by.source_id, stream=made_by.stream, source_key=delivery.key)
    return found.filter(target=made_by.target_id, operation=made_by.operation).select_related("mapping_version__mapping").first()


def _family(delivery: Delivery) -> list[Delivery]:
    """The same fact by other roads, other versions of the record, and the same record in other flows of the same source."""
    connection, stream = origin(delivery.flow)
    same = Q(pk=delivery.flow_id) | Q(source=connection, stream=stream) | Q(after__source=connection, after__stream=stream)
    rows = Delivery.objects.filter(flow__in=Flow.objects.filter(same).order_by().values("pk"), key=delivery.key).exclude(pk=delivery.pk)
    rows = rows.select_related("flow").defer("masked", "sealed")
    return [*same_fact(delivery), *rows.order_by("-id")[:FAMILY]]
