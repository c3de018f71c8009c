"""Who may do what: the permissions of Django's models and groups, the same as in the admin."""

from __future__ import annotations

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

_VIEW = ["%(app_label)s.view_%(model_name)s"]


class MayView(DjangoModelPermissions):
    """Reading needs the permission to view that kind of row."""

    message = "Your role does not allow reading this. Ask an administrator for the role Operator or Auditor."
    perms_map = {"GET": _VIEW, "HEAD": _VIEW, "OPTIONS": _VIEW}


class MayResync(BasePermission):
    """Starting runs needs its own permission."""

    message = "Your role does not allow resyncing. Ask an administrator for the role Operator."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.has_perm("hub.resync_delivery")


class ResyncThrottle(UserRateThrottle):
    """A run may read a whole system, so that fewer are started than lists are read."""

    scope = "resync"
    rate = "60/min"
