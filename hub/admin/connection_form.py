"""The connection form: its fields follow from what the system declares; secrets go in and never come out."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from connectors.base import Connector, Setting
from connectors.registry import connectors
from hub import vault
from hub.models import Connection

PREFIX = "setting_"
FORGET = "setting_forget"
ADDRESSES = ("base_url", "token_url")
"""Where stored secrets are sent to."""
LONGEST = 4000


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """What every connection has; `form_for` adds the fields of one system."""

    declared: Connector | None = None

    class Meta:
        model = Connection
        fields = ("name", "slug", "connector", "enabled", "parallel")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = _names_stored(self.instance)
        for setting in self.declared.settings if self.declared else ():
            field = self.fields[PREFIX + setting.name]
            field.required = setting.required and setting.name not in self.stored
            if setting.secret:
                kept = "stored – leave empty to keep it" if setting.name in self.stored else ""
                field.widget.attrs |= {"placeholder": kept, "autocomplete": "new-password"}
            else:
                field.initial = self.instance.settings.get(setting.name, setting.default)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for setting in self.declared.settings if self.declared else ():
            if setting.name in ADDRESSES:
                self._check_address(cleaned, setting)
        return cleaned

    def _check_address(self, cleaned: dict[str, Any], setting: Setting) -> None:
        """Who points a connection at another host must enter its secrets again: nobody can have the stored ones sent elsewhere."""
        address = str(cleaned.get(PREFIX + setting.name) or setting.default)
        if address and not address.startswith(("https://", "http://")):
            self.add_error(PREFIX + setting.name, "An address begins with https://")
        before = urlsplit(str(self.instance.settings.get(setting.name) or setting.default))
        if not self.stored or not before.netloc or urlsplit(address)[:2] == before[:2]:
            return
        for name in sorted(self.stored - set(cleaned.get(FORGET, ()))):
            if not cleaned.get(PREFIX + name):
                self.add_error(PREFIX + name, f"The address changed from {before.netloc}: enter this again, or forget it.")

    def save(self, commit: bool = True) -> Connection:
        """Only in a transaction: a worker may store a renewed token at the same moment."""
        self.secrets_changed = bool(self.declared) and self._store()
        return cast(Connection, super().save(commit))

    def _store(self) -> bool:
        declared = self.declared.settings if self.declared else ()
        given = {one.name: str(self.cleaned_data.get(PREFIX + one.name) or "").strip() for one in declared}
        self.instance.settings = {one.name: given[one.name] for one in declared if not one.secret and given[one.name]}
        fresh = {one.name: given[one.name] for one in declared if one.secret and given[one.name]}
        forgotten = set(self.cleaned_data.get(FORGET, ())) - set(fresh)
        if fresh or forgotten:
            present = Connection.objects.select_for_update().values_list("secrets", flat=True).get(pk=self.instance.pk)
            kept = vault.open_secrets(present) if self.stored - set(fresh) else {}
            secrets = {name: value for name, value in {**kept, **fresh}.items() if name not in forgotten}
            self.instance.secrets = vault.seal_secrets(secrets)
        return bool(fresh or forgotten)


def forgettable(connection: Connection) -> list[tuple[str, str]]:
    """Stored secrets that the system can do without, as (name, label)."""
    declared, stored = connectors().get(connection.connector), _names_stored(connection)
    return (
        [(one.name, one.label) for one in declared.settings if one.name in stored and one.secret and not one.required] if declared else []
    )


def form_for(connection: Connection | None) -> type[ConnectionForm]:
    """The form of this connection's system; without a connection only the choice of the system."""
    declared = connectors().get(connection.connector) if connection else None
    fields: dict[str, Any] = {"declared": declared}
    for setting in declared.settings if declared else ():
        fields[PREFIX + setting.name] = _field(setting)
    if connection and (stored := forgettable(connection)):
        widget = UnfoldAdminCheckboxSelectMultipleWidget()
        fields[FORGET] = forms.MultipleChoiceField(label="Forget what is stored", choices=stored, required=False, widget=widget)
    if connection is None:
        choices = [("", "Choose a system"), *((one.id, one.label) for one in connectors().values())]
        fields["connector"] = forms.ChoiceField(label="System", choices=choices, widget=UnfoldAdminSelectWidget())
    return type("ConnectionForm", (ConnectionForm,), fields)


def _field(setting: Setting) -> forms.Field:
    about: dict[str, Any] = {"label": setting.label, "help_text": setting.help, "required": False, "max_length": LONGEST}
    if setting.choices:
        about.pop("max_length")
        choices = setting.choices if setting.required else (("", "–"), *setting.choices)
        return forms.ChoiceField(**about, choices=choices, widget=UnfoldAdminSelectWidget())
    widget = UnfoldAdminPasswordWidget() if setting.secret else UnfoldAdminTextInputWidget()
    return forms.CharField(**about, widget=widget)


def _names_stored(connection: Connection) -> set[str]:
    """Which secrets are there and can be opened; the others must be entered again."""
    try:
        return {name for name, value in vault.open_secrets(connection.secrets).items() if value}
    except vault.WrongKeyError:
        return set()
