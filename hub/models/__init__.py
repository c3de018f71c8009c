"""One file per noun."""

from hub.models.completeness import CompletenessCheck
from hub.models.connection import AccessToken, Connection, RateLimit
from hub.models.cross_reference import CrossReference, KnownRecord, RecordAlias
from hub.models.delivery import Attempt, Delivery
from hub.models.error_record import ErrorRecord
from hub.models.flow import Flow
from hub.models.inbound_event import InboundEvent
from hub.models.pulse import Heartbeat, Wake
from hub.models.seal import PurgeReceipt, Reveal, Seal
from hub.models.sync_run import SyncRun

__all__ = [
    "AccessToken",
    "Attempt",
    "CompletenessCheck",
    "Connection",
    "CrossReference",
    "Delivery",
    "ErrorRecord",
    "Flow",
    "Heartbeat",
    "InboundEvent",
    "KnownRecord",
    "PurgeReceipt",
    "RateLimit",
    "RecordAlias",
    "Reveal",
    "Seal",
    "SyncRun",
    "Wake",
]
