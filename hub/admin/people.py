"""People and roles in the look of the rest. What only machines use is left out, and API tokens, whose lists would show them."""

from __future__ import annotations

from importlib import import_module

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as PlainGroupAdmin
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success
from rest_framework.authtoken.models import TokenProxy
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from hub.admin.base import ReadOnlyAdmin

for theirs in ("axes.admin", "django_q.admin", "rest_framework.authtoken.admin"):
    import_module(theirs)
for model in (User, Group, TokenProxy, Failure, OrmQ, Schedule, Success, AccessAttempt, AccessFailureLog, AccessLog):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    """Refused logins; `manage.py axes_reset` lets somebody in again."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start")
    search_fields = ("username", "ip_address")
    empty_words = "No login was refused."


@admin.register(User)
class UserAdmin(PlainUserAdmin, ModelAdmin):  # type: ignore[type-arg,misc]
    """Roles are groups."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "roles", "is_staff", "is_active", "last_login")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups")

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        """The names of the groups."""
        return ", ".join(group.name for group in user.groups.all()) or ("Everything" if user.is_superuser else "–")


@admin.register(Group)
class GroupAdmin(PlainGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """The shipped roles and others."""
