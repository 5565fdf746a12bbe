"""What all screen forms share: groups, units, inputs that keep what was typed. Knows no clinical field."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms


class NumberText(forms.TextInput):
    """A number typed as text: from type=number a browser sends a wrong entry as nothing, and it is lost."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})


class DatePicker(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimePicker(forms.DateTimeInput):
    """The browser's own date and time field, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class TimePicker(forms.TimeInput):
    """The browser's own time field, to the minute."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


BETTER_WIDGETS: dict[type[forms.Widget], type[forms.Widget]] = {
    forms.NumberInput: NumberText,
    forms.DateInput: DatePicker,
    forms.DateTimeInput: DateTimePicker,
    forms.TimeInput: TimePicker,
}


def upgrade_widget(field: forms.Field) -> None:
    """Replace a field's default widget by ours. A widget chosen on purpose is left alone."""
    better = BETTER_WIDGETS.get(type(field.widget))
    if better is None:
        return
    old = field.widget
    attrs = {key: value for key, value in old.attrs.items() if key not in {"min", "max", "step"}}
    field.widget = better(attrs)
    field.widget.is_required = old.is_required


class ScreenFormMixin:
    """Adds `fieldsets`, `units` and the better widgets to a Form or ModelForm.

    `fieldsets`: `[(title, [field names])]` or `[(title, [field names], description)]`; the rest follows.
    `units`: `{field name: unit}`, shown after the input and read out with the label.
    """

    error_title: ClassVar[str] = "Nothing is saved yet. Please look at:"
    fieldsets: ClassVar[list[tuple[Any, ...]]] = []
    units: ClassVar[dict[str, str]] = {}
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            upgrade_widget(field)


class ScreenForm(ScreenFormMixin, forms.Form):
    """The base of the screens' forms."""


class ScreenModelForm(ScreenFormMixin, forms.ModelForm):
    """The base of the screens' model forms."""
