"""A delivery: the journey of one version of one record through one flow, and its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from hub.core.policy import MISSING
from hub.models.flow import Flow
from hub.models.seal import Seal
from hub.models.sync_run import SyncRun


class Delivery(models.Model):
    """`masked` is JSON text for people; `sealed` the clear text under the record's seal, for the machine.

    `unknown` is set while an earlier attempt may have acted at the target without our knowing. `sequence` names whose deliveries go
    one after the other: while an earlier one waits for the target to recover, a later one is not sent.

    `ticket` is the receipt of a target that took it at `taken_at` and has not decided yet; set only in state "waiting", and "sending" while
    the target is asked. Until then it counts as on its way: a newer version waits behind it, and nobody holds, skips or replaces it.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        WAITING = "waiting", "Will be tried again"
        HELD = "held", "Held"
        DELIVERED = "delivered", "Delivered"
        SKIPPED = "skipped", "Skipped"
        FAILED = "failed", "Needs a person"
        SUPERSEDED = "superseded", "Replaced by a newer version"

    class Decision(models.TextChoices):
        SOURCE = "source", "the channel is right"
        TARGET = "target", "the target stays as it is"
        MERGE = "merge", "what can be changed is changed, the rest stays"

    OPEN: ClassVar = (State.PENDING, State.WAITING, State.HELD, State.FAILED)
    DUE: ClassVar = (State.PENDING, State.WAITING)

    flow = models.ForeignKey(Flow, on_delete=models.PROTECT, related_name="deliveries")
    key = models.CharField("source key", max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=400, blank=True)
    reason_code = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=160, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    sequence = models.CharField(max_length=100, blank=True)
    placed_at = models.DateTimeField(null=True, blank=True)
    fingerprint = models.CharField(max_length=64)
    version = models.CharField(max_length=60, blank=True)
    masked = models.TextField(blank=True)
    sealed = models.BinaryField(null=True, blank=True)
    seal = models.ForeignKey(Seal, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries")
    priority = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    deaths = models.PositiveSmallIntegerField("attempts whose worker stopped", default=0)
    unknown = models.BooleanField(default=False)
    fresh = models.BooleanField("read the source again first", default=False)
    ticket = models.TextField("receipt", blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    payload_hash = models.CharField("what the receipt is for", max_length=64, blank=True)
    decision = models.CharField("decided after a conflict", max_length=10, choices=Decision.choices, blank=True)
    lease = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    waits_for = models.CharField(max_length=300, blank=True)
    alias = models.CharField("owned elsewhere as", max_length=200, blank=True)
    target_key = models.CharField(max_length=200, blank=True)
    target_version = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    mapping_version = models.ForeignKey("mappings.MappingVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    run = models.ForeignKey(SyncRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "deliveries"
        permissions: ClassVar = [
            ("triage_delivery", "Can retry, hold and skip deliveries"),
            ("reveal_delivery", "Can read personal data of deliveries"),
            ("resync_delivery", "Can start runs and resync records"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["flow", "key"],
                condition=Q(state__in=["pending", "waiting", "held", "failed"], ticket=""),
                name="one_open_delivery_per_record",
            ),
            models.UniqueConstraint(
                fields=["flow", "key"], condition=Q(state="sending") | Q(ticket__gt=""), name="one_sending_delivery_per_record"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("flow"), F("priority").desc(), F("due_at"), F("id"), condition=Q(state__in=["pending", "waiting"]), name="delivery_due"
            ),
            models.Index(fields=["flow", "key", "-id"], name="delivery_latest"),
            models.Index(
                fields=["flow", "sequence", "id"], condition=Q(state__in=["sending", "waiting"], sequence__gt=""), name="delivery_sequence"
            ),
            models.Index(fields=["flow", "due_at"], condition=Q(ticket__gt=""), name="delivery_taken"),
            models.Index(fields=["waits_for"], condition=Q(state="held"), name="delivery_held"),
            models.Index(fields=["alias"], condition=~Q(alias=""), name="delivery_alias"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="delivery_leases"),
            models.Index(fields=["state", "-id"], name="delivery_state"),
            models.Index(fields=["created_at"], name="delivery_created"),
        ]

    def __str__(self) -> str:
        return self.title or self.key

    @classmethod
    def due_of(cls, flows: Sequence[int], now: datetime) -> models.QuerySet[Delivery]:
        """What may be sent now in these flows: never two of one record at once, nothing before what goes ahead of it in its sequence."""
        return cls.objects.filter(_literal(_ALONE), _literal(_NEXT), flow__in=flows, state__in=cls.DUE, ticket="", due_at__lte=now)

    @classmethod
    def taken(cls) -> models.QuerySet[Delivery]:
        """What targets have taken and not decided, as far as nobody is asking about it right now."""
        return cls.objects.filter(_literal("ticket > ''"), state=cls.State.WAITING)


_ALONE = """
    NOT EXISTS (SELECT 1 FROM hub_delivery other WHERE other.flow_id = hub_delivery.flow_id AND other.key = hub_delivery.key
        AND (other.state = 'sending' OR other.ticket > ''))
"""
"""Nothing of the same record is under way. In words of SQL, since every batch asks it several times and the ORM takes a millisecond."""
_NEXT = f"""
    NOT EXISTS (SELECT 1 FROM hub_delivery ahead WHERE ahead.flow_id = hub_delivery.flow_id AND ahead.sequence = hub_delivery.sequence
        AND ahead.id < hub_delivery.id AND ahead.state IN ('sending', 'waiting') AND ahead.sequence > ''
        AND ahead.reason_code <> '{MISSING}')
"""  # noqa: S608 - our own words
"""No earlier delivery of the same sequence is under way, or waits for the target to recover; one that lacks a value holds up nobody."""


def _literal(condition: str) -> RawSQL:
    """Spelled out as in its partial index, which SQLite would not use for values that it is given apart."""
    return RawSQL(condition, (), output_field=models.BooleanField())  # noqa: S611 - our own words


class Attempt(models.Model):
    """One try: what was sent and what came back, both masked."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=20)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    message = models.CharField(max_length=600, blank=True)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["delivery", "number", "id"]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.outcome}"
