"""The four roles, shipped as groups. Rights that an administrator adds to a group by hand are kept."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

OURS = ("hub", "mappings", "reconciliation")
SEE_ALL = Q(codename__startswith="view_", content_type__app_label__in=OURS)
TRIAGE = Q(content_type__app_label="hub", codename__in=("triage_delivery", "triage_errorrecord"))
RESYNC = Q(content_type__app_label="hub", codename="resync_delivery")
MAP = Q(content_type__app_label="mappings") & ~Q(codename__contains="historical")
AUDIT = Q(codename__startswith="view_", content_type__app_label__in=("admin", "auth", "axes"))
ALL = Q(content_type__app_label__in=(*OURS, "admin", "auth", "authtoken", "axes"))

ROLES: dict[str, Q] = {
    "Operator": SEE_ALL | TRIAGE | RESYNC,
    "Mapper": SEE_ALL | TRIAGE | MAP,
    "Administrator": ALL,
    "Auditor": SEE_ALL | AUDIT,
}


def ship_roles() -> dict[str, int]:
    """Makes each group and gives it its rights; answers how many rights each has. Safe to repeat."""
    counts = {}
    for name, rights in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*Permission.objects.filter(rights))
        counts[name] = group.permissions.count()
    return counts
