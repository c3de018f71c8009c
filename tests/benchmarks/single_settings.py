"""The hub's settings with a TIMS that has no bulk operation: one POST per order."""

from dataclasses import replace

from connectors.registry import connectors
from hub.settings import *  # noqa: F403

_tims = connectors()["tims"]
connectors()["tims"] = replace(_tims, operations=tuple(replace(one, send_many=None, batch=1) for one in _tims.operations))
