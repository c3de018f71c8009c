"""The many names of an order: the marketplace's, the source's, the ERP's; and the deliveries that carried it."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from hub.models import CrossReference, Delivery, Flow, RecordAlias
from reconciliation.engine.sold import ORDERS, names_of
from reconciliation.models import Books, OrderMatch


def deliveries_of(order_id: str) -> QuerySet[Delivery]:
    """How an order reached the ERP, under whatever key its source knows it."""
    flows, keys = _carriers(_aliases(order_id))
    matched = OrderMatch.objects.filter(order_id=order_id).exclude(delivery=None).values_list("delivery", flat=True)
    about = Q(pk__in=list(matched)) | Q(flow__in=flows, key__in=[*keys, order_id])
    return Delivery.objects.filter(about).select_related("flow__target", "mapping_version__mapping").order_by("pk")


def orders_of(name: str) -> list[str]:
    """The orders that the ERP, or a source, knows under this name, as settlements name them: `SO-1004711` → `112-4455667-7788990`."""
    carriers = list(Flow.objects.filter(operation=ORDERS))
    about = CrossReference.objects.filter(target__in={flow.target_id for flow in carriers}, operation=ORDERS)
    mine = about.filter(source__in={flow.source_id for flow in carriers}, stream__in={flow.stream for flow in carriers})
    keys = set(about.filter(target_key=name).values_list("source_key", flat=True))
    keys |= set(mine.filter(source_key=name).values_list("source_key", flat=True))
    names = RecordAlias.objects.filter(flow__in=carriers, key__in=keys).values_list("alias", flat=True)
    return sorted({*keys, *(alias.partition(":")[2] for alias in names)} - {""})


def _aliases(order_id: str) -> list[str]:
    """`Amazon US:112-…` for every marketplace of every account."""
    return sorted({f"{name}:{order_id}" for books in Books.objects.select_related("source") for name in names_of(books)})


def _carriers(aliases: Collection[str]) -> tuple[list[int], list[str]]:
    """The order flows, and the keys under which they carried a record of one of these aliases."""
    flows = list(Flow.objects.filter(operation=ORDERS).values_list("pk", "target_id"))
    rows = RecordAlias.objects.filter(target__in={target for _, target in flows}, operation=ORDERS, alias__in=aliases)
    return [pk for pk, _ in flows], list(rows.values_list("key", flat=True))
