"""The forms of the mapping pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.forms.formsets import BaseFormSet
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from connectors.registry import connectors
from mappings.core.values import LONGEST_WAIT
from mappings.drafts import Edited
from mappings.models import Mapping, MappingRule
from mappings.steps_text import StepsError, read, written

KINDS = (("source", "a field"), ("formula", "a formula"), ("constant", "a constant"))
MOST_RULES = 1_000


def _input(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "tl-input", "autocomplete": "off", **attrs})


class RuleForm(forms.Form):
    """One rule. Only what cannot be stored is refused here; rules that do not work yet are saved and marked."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    position = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput(attrs={"data-position": ""}))
    target = forms.CharField(max_length=200, label="Target field", widget=_input(**{"data-pick": "target"}))
    kind = forms.ChoiceField(choices=KINDS, label="Filled from", widget=forms.Select(attrs={"class": "tl-input", "data-kind": ""}))
    source = forms.CharField(max_length=200, required=False, label="Source field", widget=_input(**{"data-pick": "source"}))
    steps = forms.CharField(max_length=4000, required=False, label="Transforms", widget=_input(**{"data-steps": "", "spellcheck": "false"}))
    formula = forms.CharField(
        max_length=2000,
        required=False,
        label="Formula",
        widget=forms.Textarea(attrs={"class": "tl-input tl-code", "rows": 2, "spellcheck": "false"}),
    )
    constant = forms.CharField(max_length=400, required=False, strip=False, label="Constant", widget=_input())
    condition = forms.CharField(max_length=2000, required=False, label="Only when (formula)", widget=_input(spellcheck="false"))
    if_empty = forms.ChoiceField(
        choices=MappingRule.IfEmpty.choices, label="When empty", widget=forms.Select(attrs={"class": "tl-input", "data-if-empty": ""})
    )
    wait_hours = forms.IntegerField(
        required=False,
        initial=24,
        min_value=1,
        max_value=LONGEST_WAIT,
        label="Hours to wait",
        widget=forms.NumberInput(attrs={"class": "tl-input", "min": 1, "max": LONGEST_WAIT}),
    )
    default = forms.CharField(max_length=400, required=False, label="Default", widget=_input())
    note = forms.CharField(max_length=400, required=False, label="Note", widget=_input())

    def has_changed(self) -> bool:
        """A row that somebody added and left blank is no rule."""
        return bool(set(self.changed_data) - {"position", "kind", "if_empty", "wait_hours"})

    def clean_steps(self) -> list[dict[str, Any]]:
        """Text to steps, with the place of a mistake in words."""
        try:
            return read(self.cleaned_data["steps"])
        except StepsError as wrong:
            raise forms.ValidationError(str(wrong)) from None

    def clean(self) -> dict[str, Any]:
        """Nothing in a text may be unstorable."""
        for name, value in self.cleaned_data.items():
            if isinstance(value, str) and "\x00" in value:
                self.add_error(name, "A character in this text cannot be stored. Type it again.")
        return self.cleaned_data

    def edited(self, position: int) -> Edited:
        """The rule as it is to be saved; what the chosen kind does not use is left empty."""
        given = self.cleaned_data
        kind = given["kind"]
        values = {name: given[name] for name in ("target", "condition", "if_empty", "default", "note")}
        values["wait_hours"] = given["wait_hours"] or self.fields["wait_hours"].initial
        values |= {"position": position, "source": "", "steps": [], "formula": "", "constant": None}
        if kind == "source":
            values |= {"source": given["source"], "steps": given["steps"]}
        elif kind == "formula":
            values["formula"] = given["formula"]
        else:
            values["constant"] = given["constant"]
        return Edited(pk=given["pk"], values=values)


class RuleForms(BaseFormSet):  # type: ignore[type-arg]
    """All rules of a draft."""

    def edited(self) -> list[Edited]:
        """The rules to keep, in their order."""
        kept = [form for form in self.forms if form.cleaned_data.get("target") and not form.cleaned_data.get("DELETE")]
        kept.sort(key=lambda form: form.cleaned_data["position"] if form.cleaned_data.get("position") is not None else MOST_RULES * 2)
        return [form.edited(position) for position, form in enumerate(kept)]


_FORMS = forms.formset_factory(RuleForm, formset=RuleForms, extra=0, can_delete=True, max_num=MOST_RULES, absolute_max=MOST_RULES)


def rule_forms(posted: Any = None, *, initial: list[dict[str, Any]] | None = None) -> RuleForms:
    """The forms of a draft: as they were posted, or as they are stored."""
    made = _FORMS(posted, initial=initial, prefix="rules")
    assert isinstance(made, RuleForms)  # noqa: S101
    return made


def initial(row: MappingRule, position: int) -> dict[str, Any]:
    """What the form of a stored rule shows."""
    kind = "constant" if row.constant is not None else "formula" if row.formula else "source"
    names = ("pk", "target", "source", "formula", "condition", "if_empty", "wait_hours", "default", "note")
    shown = {name: getattr(row, name) for name in names}
    return {**shown, "position": position, "kind": kind, "constant": row.constant or "", "steps": written(row.steps)}


class SideSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]
    """A plain select in the admin's look."""


class MappingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A mapping's name and both its sides, picked from what the connectors declare; once it is live the sides stand."""

    source = forms.ChoiceField(label="Source records", required=False, widget=SideSelect)
    target = forms.ChoiceField(label="Target operation", widget=SideSelect)

    class Meta:
        model = Mapping
        fields: ClassVar = ("name", "slug")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        held = row.pk is not None
        if row.live_id:
            del self.fields["source"], self.fields["target"]
        for name, choices, value in (
            ("source", source_choices(), f"{row.source_connector}/{row.source_stream}" if row.source_stream else ""),
            ("target", target_choices(), f"{row.target_connector}/{row.target_operation}"),
        ):
            if name not in self.fields:
                continue
            known = {one for one, _ in choices}
            gone = [(value, f"{value} (not known any more)")] if held and value not in known else []
            self.fields[name].choices = [*choices, *gone]  # type: ignore[attr-defined]
            self.fields[name].initial = value if held else None

    def clean(self) -> dict[str, Any]:
        """Both sides into their two columns each."""
        given = super().clean() or self.cleaned_data
        row = self.instance
        if "source" in given:
            row.source_connector, _, row.source_stream = given["source"].partition("/")
        if "target" in given:
            row.target_connector, _, row.target_operation = given["target"].partition("/")
        return given


def source_choices() -> list[tuple[str, str]]:
    """Every stream of every connector, and the follow-up of another delivery."""
    streams = [(f"{one.id}/{stream.id}", f"{one.label}: {stream.label}") for one in connectors().values() for stream in one.streams]
    return [("", "The success of another delivery (ids of both systems)"), *streams]


def target_choices() -> list[tuple[str, str]]:
    """Every operation of every connector."""
    return [(f"{one.id}/{found.id}", f"{one.label}: {found.label}") for one in connectors().values() for found in one.operations]


class CopyForm(forms.Form):
    """The names of a copy."""

    name = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget)
    slug = forms.SlugField(max_length=80, label="Short name", help_text="For exports and commands.", widget=UnfoldAdminTextInputWidget)


class UploadForm(forms.Form):
    """A file to import."""

    file = forms.FileField(label="File", widget=forms.ClearableFileInput(attrs={"class": "tl-file"}))
