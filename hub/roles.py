"""The five roles, shipped as groups. Rights that an administrator adds to a group by hand are kept."""

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
_RIGHTS_OF_MONEY = (
    "prepare_journalentry", "approve_journalentry", "reverse_journalentry", "decide_settlement", "import_settlement",
    "download_statementfile", "change_postingruleset", "publish_postingruleset", "change_books", "add_tolerancerule",
    "change_tolerancerule", "delete_tolerancerule", "add_periodlock", "change_periodlock", "add_bankline", "change_bankline",
)  # fmt: skip
ACCOUNT = Q(content_type__app_label="reconciliation", codename__in=_RIGHTS_OF_MONEY)
RAW_FILES = Q(content_type__app_label="reconciliation", codename="download_statementfile")

ROLES: dict[str, Q] = {
    "Operator": SEE_ALL | TRIAGE | RESYNC,
    "Mapper": SEE_ALL | TRIAGE | MAP,
    "Accountant": SEE_ALL | TRIAGE | ACCOUNT,
    "Administrator": ALL,
    "Auditor": SEE_ALL | AUDIT | RAW_FILES,
}


def ship_roles() -> dict[str, int]:
    """Makes each group and gives it its rights; answers how many rights each has. Safe to repeat."""
    counts = {}
    for name, rights in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*Permission.objects.filter(rights))
        counts[name] = group.permissions.count()
    return counts
