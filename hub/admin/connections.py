"""Connections: their settings, whether they work, and the buttons that test, pause and subscribe."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin

from connectors.errors import ConnectorError, UnsupportedError
from connectors.registry import connectors
from hub import clients, schedules, vault
from hub.admin import confirm
from hub.admin.base import HubAdmin
from hub.admin.connection_form import FORGET, PREFIX, ConnectionForm, forgettable, form_for
from hub.admin.rate_limits import limit_lines
from hub.admin.words import badge, when
from hub.engine.check import check_connection
from hub.engine.subscribe import can_subscribe, subscribe, webhook_address
from hub.models import Connection
from hub.wake import wake

EDITED = ("name", "slug", "enabled", "parallel", "settings")
"""What the form may write; workers write the rest of the row meanwhile."""

SURE = {
    "pause": ("Pause", "Nothing is read from it or sent to it until somebody resumes it. Webhooks are still taken and kept."),
    "subscribe": ("Subscribe to webhooks", "That system is told to announce its changes to this hub from now on."),
}
"""Buttons that ask first: the button of the question, and what happens then."""


@admin.register(Connection)
class ConnectionAdmin(SimpleHistoryAdmin, HubAdmin):  # type: ignore[misc]
    """Editable configuration; what the hub found out about it is shown above the form."""

    list_display = ("name", "system", "state", "environment_badge", "enabled", "checked")
    list_filter = ("enabled", "status", "environment")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    change_form_outer_before_template = "hub/connection_above.html"
    empty_words = "A connection holds address and credentials of one system. Add one for each system, then press Test connection."

    def get_form(self, request: HttpRequest, obj: Connection | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The fields of this connection's system. A person who may only look gets no secret fields at all."""
        return super().get_form(request, obj, change, **{**kwargs, "form": form_for(obj)})

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("name", "slug", "connector")})]
        declared = connectors().get(obj.connector)
        names = [PREFIX + one.name for one in declared.settings] if declared and self.has_change_permission(request, obj) else []
        names += [FORGET] if names and forgettable(obj) else []
        return [(None, {"fields": ("name", "slug", "connector", "enabled", "parallel")}), ("Settings", {"fields": names})]

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> tuple[str, ...]:
        return ("connector",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Connection | None = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what no flow uses can go; switching it off is the usual way."""
        used = obj is not None and (obj.flows_out.exists() or obj.flows_in.exists())
        return not used and bool(super().has_delete_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Connection, form: ConnectionForm, change: bool) -> None:
        """New secrets make old access tokens worthless; what changed must be tested again."""
        told_apart = [name for name in form.changed_data if name.startswith(PREFIX)]
        if change:
            obj.save(update_fields=[*EDITED, *(["secrets"] if form.secrets_changed else [])])
        else:
            super().save_model(request, obj, form, change)
        if told_apart:
            obj.tokens.all().delete()
            untested = {"status": Connection.Status.UNTESTED, "status_words": "", "findings": [], "failures": 0, "open_until": None}
            Connection.objects.filter(pk=obj.pk).update(**untested)
            self.message_user(request, "The settings changed: press Test connection.", messages.INFO)
        schedules.sync()

    def response_add(self, request: HttpRequest, obj: Connection, post_url_continue: str | None = None) -> HttpResponse:
        """On to the settings of the chosen system."""
        self.message_user(request, f"{obj} was added. Now enter its settings.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:hub_connection_change", args=[obj.pk]))

    def get_urls(self) -> list[Any]:
        ours = path("<int:pk>/act/", self.admin_site.admin_view(self.act_view), name="hub_connection_act")
        return [ours, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        connection = Connection.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        extra = _about(connection, may_act=self.has_change_permission(request)) if connection else {}
        if connection and request.user.has_perm("hub.view_ratelimit"):
            extra["limits"] = limit_lines(connection)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})  # type: ignore[no-any-return]

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Test, subscribe, pause, resume, close circuit."""
        if request.method != "POST" or not self.has_change_permission(request):
            raise PermissionDenied
        connection = get_object_or_404(Connection, pk=pk)
        if asked := self._asked(request, connection):
            return asked
        act = {"test": _test, "subscribe": _subscribe, "pause": _pause, "resume": _resume, "close": _close}.get(request.POST.get("act", ""))
        level, words = act(connection) if act else (messages.ERROR, "This button is not known.")
        self.message_user(request, words, level)
        self.log_change(request, connection, words[:200])
        return redirect("admin:hub_connection_change", pk)

    def _asked(self, request: HttpRequest, connection: Connection) -> HttpResponse | None:
        """The question before what other people would notice; None when there is nothing to ask."""
        found = SURE.get(request.POST.get("act", ""))
        if found is None:
            return None
        button, words = found
        back = reverse("admin:hub_connection_change", args=[connection.pk])
        return confirm.agreed(
            self, request, title=f"{button}: {connection}", words=words, button=button, danger=button == "Pause", back=back
        )

    @admin.display(description="System", ordering="connector")
    def system(self, connection: Connection) -> str:
        """The connector's label."""
        declared = connectors().get(connection.connector)
        return declared.label if declared else f"{connection.connector} (not installed)"

    @admin.display(description="State", ordering="status")
    def state(self, connection: Connection) -> SafeString:
        """The last test, and whether sending is paused."""
        return state_badge(connection)

    @admin.display(description="Environment", ordering="environment")
    def environment_badge(self, connection: Connection) -> SafeString | str:
        """Production stands out."""
        return environment_badge(connection) or "–"

    @admin.display(description="Tested", ordering="checked_at")
    def checked(self, connection: Connection) -> SafeString | str:
        """When it was last tested."""
        return when(connection.checked_at)


def state_badge(connection: Connection) -> SafeString:
    """One label for everything that decides whether the connection sends."""
    if not connection.enabled:
        return badge("stopped", "Switched off")
    if connection.open_until and connection.open_until > timezone.now():
        return badge("failing", f"Paused until {timezone.localtime(connection.open_until):%H:%M:%S}")
    return badge(connection.status, connection.get_status_display())


def environment_badge(connection: Connection) -> SafeString:
    """Nothing while unknown."""
    if not connection.environment:
        return format_html("{}", "")
    tone = "info" if connection.environment == "production" else "mute"
    return format_html('<span class="hub-badge hub-{}">{}</span>', tone, connection.environment)


def _about(connection: Connection, *, may_act: bool) -> dict[str, Any]:
    declared = connectors().get(connection.connector)
    hook = declared.webhook if declared else None
    address = webhook_address(connection, settings.HUB_BASE_URL)
    return {
        "connection": connection, "may_act": may_act,
        "state_badge": state_badge(connection), "environment_badge": environment_badge(connection),
        "circuit_open": bool(connection.open_until and connection.open_until > timezone.now()),
        "webhook_address": address if hook and may_act else "", "may_subscribe": bool(declared and can_subscribe(declared)),
        "secret_names": [one.label for one in declared.settings if one.secret] if declared else [],
    }  # fmt: skip


def _test(connection: Connection) -> tuple[int, str]:
    check_connection(connection, now=timezone.now())
    works = connection.status == Connection.Status.WORKING
    if works:
        wake("deliver", connection.pk)
    return (messages.SUCCESS if works else messages.ERROR), f"{connection}: {connection.status_words}"


def _subscribe(connection: Connection) -> tuple[int, str]:
    label = clients.connector(connection).label
    try:
        return messages.SUCCESS, subscribe(connection, settings.HUB_BASE_URL)
    except UnsupportedError as error:
        return messages.ERROR, error.message
    except (ConnectorError, vault.WrongKeyError) as error:
        return messages.ERROR, f"{label} did not take the subscription: {error}"
    except (KeyError, ValueError):
        return messages.ERROR, "Enter all required settings first, the webhook secret too."


def _pause(connection: Connection) -> tuple[int, str]:
    return _switch(connection, on=False), f"{connection} is switched off: nothing is read or sent. Webhooks are still taken and kept."


def _resume(connection: Connection) -> tuple[int, str]:
    level = _switch(connection, on=True)
    wake("deliver", connection.pk)
    wake("events", connection.pk)
    return level, f"{connection} is switched on again; what waited goes on in order."


def _switch(connection: Connection, *, on: bool) -> int:
    connection.enabled = on
    connection.save(update_fields=["enabled"])
    schedules.sync()
    return messages.SUCCESS


def _close(connection: Connection) -> tuple[int, str]:
    Connection.objects.filter(pk=connection.pk).update(failures=0, open_until=None)
    wake("deliver", connection.pk)
    return messages.SUCCESS, f"The pause of {connection} is over; sending goes on now."
