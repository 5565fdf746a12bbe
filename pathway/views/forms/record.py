"""How a clinical record becomes a form: an input for each kind of column, checks against today, strengths
read twice.

Knows the kinds of columns and no single record; those are in the modules beside it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.text import capfirst

from pathway.clinical.device import SITE_MODEL_HINT
from pathway.clinical.quantities import Unit, read_quantity, typed_twice
from pathway.clinical.results import CannotCompute
from pathway.clinical.situation import Situation
from pathway.models.checked import CheckedRecord
from pathway.models.columns import Cell, Column, Table
from pathway.models.fields import Amount, Codes, LongText, PumpCode, ReservoirSize, Rows, Whole
from pathway.models.record import BOOKKEEPING
from pathway.models.records import RECORDS
from pathway.views.forms.base import ScreenModelForm
from pathway.views.forms.rows import RowsField

AGAIN = "_again"
SECOND_FIELD = "second_clinician"
KNOWN_UNITS = {unit.value: unit for unit in Unit}
LOCAL_DATES = sorted({column for model in RECORDS.values() for column in model.LOCAL_DATES.values()})
YES_NO = (("yes", "Yes"), ("no", "No"))


class YesNoField(forms.TypedChoiceField):
    """Yes or no, chosen on purpose: an untouched answer is no answer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=YES_NO,
            coerce=lambda value: value == "yes",
            empty_value=None,
            widget=forms.RadioSelect,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        """True and False as stored become the answers shown."""
        return {True: "yes", False: "no"}.get(value, value)


class AmountField(forms.DecimalField):
    """A number in the unit beside it; another unit is refused with the conversion, never converted."""

    def __init__(self, *, unit: str = "", **kwargs: Any) -> None:
        self.unit = unit
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs inherit int
        """The typed text as a number. Raises ValidationError that names the probable mistake."""
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value)
        if self.unit in KNOWN_UNITS:
            read = read_quantity(value, KNOWN_UNITS[self.unit], "")
            if isinstance(read, CannotCompute):
                raise ValidationError(read.text, code="quantity")
            return read
        if "," in value:
            raise ValidationError("Write decimals with a point, for example 0.5.", code="comma")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        """A stored number without exponent or trailing zeros."""
        if isinstance(value, Decimal):
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        return value


class ClinicTimeField(forms.DateTimeField):
    """A moment typed in clinic time, kept in UTC; refuses an hour that the clock skips or repeats."""

    zone: tzinfo = UTC

    def to_python(self, value: Any) -> datetime | None:
        """The clinic's wall clock as an aware moment."""
        with timezone.override(self.zone):
            moment = super().to_python(value)
        return moment.astimezone(UTC) if moment else None

    def prepare_value(self, value: Any) -> Any:
        """A stored moment as the clinic's wall clock."""
        with timezone.override(self.zone):
            return super().prepare_value(value)


def second_field(colleagues: Sequence[tuple[str, str]]) -> forms.ChoiceField:
    """Who confirms as the second clinician: another physician of the clinic."""
    return forms.ChoiceField(
        choices=[("", "Nobody"), *colleagues],
        required=False,
        label="Second clinician",
        help_text="Asked above 1000 mcg/day, for another strength and after a stop of more than 48 h [P]",
    )


def pump_field(field: forms.Field, situation: Situation) -> forms.ChoiceField:
    """A choice among the models that the clinic knows; another code is refused as the clinical layer would."""
    known = [(code, model.name) for code, model in situation.pump_models.items()]
    refused = f"The pump model '%(value)s' is not known. {SITE_MODEL_HINT}"
    return forms.ChoiceField(
        choices=[("", "Choose"), *known],
        label=field.label,
        help_text=field.help_text or SITE_MODEL_HINT,
        required=field.required,
        error_messages={"invalid_choice": refused},
    )


def reservoir_field(field: forms.Field, situation: Situation) -> forms.TypedChoiceField:
    """A choice among the sizes of all known models; whether the chosen model has it, the record asks."""
    sizes = sorted(
        {int(size) for model in situation.pump_models.values() for size in model.reservoir_sizes_ml.value}
    )
    return forms.TypedChoiceField(
        choices=[("", "Choose"), *((size, f"{size} mL") for size in sizes)],
        coerce=int,
        empty_value=None,
        label=field.label,
        help_text=field.help_text,
        required=field.required,
        error_messages={"invalid_choice": "No pump known here has a reservoir of %(value)s mL."},
    )


DEVICE_FIELDS = {PumpCode: pump_field, ReservoirSize: reservoir_field}
"""Columns whose choices depend on the models that the clinic knows."""


def cell_field(column: Column) -> forms.Field:
    """The input of one cell of a table."""
    shared: dict[str, Any] = {"label": column.label, "required": column.required}
    limits = dict.fromkeys(("min_value", "max_value"), column.range_text().replace("%", "%%"))
    match column.cell:
        case Cell.TEXT:
            return forms.CharField(max_length=column.max_length, **shared)
        case Cell.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *column.choices], **shared)
        case Cell.WHOLE:
            low, high = int(column.low), int(column.high)
            return forms.IntegerField(min_value=low, max_value=high, error_messages=limits, **shared)
        case Cell.AMOUNT:
            return AmountField(
                min_value=column.low, max_value=column.high, unit=column.unit, error_messages=limits, **shared
            )
        case Cell.YES_NO:
            return forms.BooleanField(label=column.label, required=False)
        case Cell.DATE:
            return forms.DateField(**shared)


def table_field(table: Table, **options: Any) -> RowsField:
    """The input of a whole table."""
    return RowsField(
        {name: cell_field(column) for name, column in table.columns.items()},
        fixed=table.fixed,
        key=table.key,
        row_header=table.row_header,
        extra=max(table.at_least, min(3, table.at_most)),
        max_rows=table.at_most,
        units={name: column.unit for name, column in table.columns.items() if column.unit},
        complete=bool(table.fixed) and table.at_least == len(table.fixed),
        stack=len(table.columns) > 2,
        required=table.at_least > 0,
        **options,
    )


def form_field(field: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    """The input of one column of a record."""
    shared: dict[str, Any] = {"label": capfirst(field.verbose_name), "help_text": field.help_text}
    required = not field.blank
    match field:
        case Rows():
            return table_field(field.table, **shared)
        case Codes():
            boxes = forms.CheckboxSelectMultiple
            return forms.MultipleChoiceField(choices=field.codes, widget=boxes, required=required, **shared)
        case models.BooleanField() if not field.has_default():
            return YesNoField(required=not field.null, **shared)
        case models.DateTimeField():
            return ClinicTimeField(required=required, **shared)
        case Amount():
            digits, places = field.max_digits, field.decimal_places
            return AmountField(
                max_digits=digits, decimal_places=places, unit=field.unit, required=required, **shared
            )
        case LongText():
            return field.formfield(**kwargs | {"widget": forms.Textarea(attrs={"rows": 3})})
    return field.formfield(**kwargs)


class RecordForm(ScreenModelForm):
    """A form that writes one clinical record.

    `situation` is what the record is judged on: the clinic's day and zone, the patient, the pump. After `is_valid()`,
    `record_data()` is what the engine takes. `TWICE` names the inputs that are typed twice, `TODAY` the dates that
    are today unless somebody says otherwise. `colleagues` are who may confirm as a second clinician: (id, name).
    """

    TWICE: ClassVar[tuple[str, ...]] = ()
    TODAY: ClassVar[tuple[str, ...]] = ()
    SECOND: ClassVar[bool] = False

    class Meta:
        model: type[CheckedRecord]
        exclude = [*sorted(BOOKKEEPING), *LOCAL_DATES]
        formfield_callback = form_field

    def __init__(
        self,
        *args: Any,
        situation: Situation,
        colleagues: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        kwargs["initial"] = dict.fromkeys(self.TODAY, situation.today) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.situation = situation
        self.zone = ZoneInfo(situation.time_zone)
        for name in self._meta.model.DERIVED:
            self.fields.pop(name, None)
        for name in list(self.fields):
            choose = DEVICE_FIELDS.get(type(self._meta.model._meta.get_field(name)))
            if choose is not None:
                self.fields[name] = choose(self.fields[name], situation)
        if self.SECOND:
            self.fields[SECOND_FIELD] = second_field(colleagues)
        for name in self.TWICE:
            self.fields[name + AGAIN] = self._again(name)
        for field in self.fields.values():
            if isinstance(field, ClinicTimeField):
                field.zone = self.zone
        self.units = self._units()  # type: ignore[misc]  # read per form, declared per class

    def _again(self, name: str) -> forms.Field:
        again = copy.deepcopy(self.fields[name])
        again.label = f"{again.label}, again"
        again.help_text = (
            "Read it once more from the label: a wrong strength is a wrong dose, many times over"
        )
        again.initial = None
        return again

    def _units(self) -> dict[str, str]:
        """Units of the number inputs; a list of choices names its own."""
        units = {}
        for name in self.fields:
            if name.endswith(AGAIN) or name == SECOND_FIELD:
                continue
            column = self._meta.model._meta.get_field(name)
            chosen = isinstance(self.fields[name], forms.ChoiceField)
            if isinstance(column, Amount | Whole) and column.unit and not chosen:
                units[name] = column.unit
        return units

    def clean(self) -> dict[str, Any]:
        """What the model cannot see: the second entry of a strength, and the clinic's date of a moment.

        Does not call the parent: it would ask the database about uniqueness, which the engine does by
        writing.
        """
        for name in self.TWICE:
            first, second = self.cleaned_data.get(name), self.cleaned_data.get(name + AGAIN)
            if first is not None and second is not None:
                same = typed_twice(Decimal(first), Decimal(second), name)
                if isinstance(same, CannotCompute):
                    self.add_error(name + AGAIN, same.text)
        for instant, day in self._meta.model.LOCAL_DATES.items():
            moment = self.cleaned_data.get(instant)
            setattr(self.instance, day, moment.astimezone(self.zone).date() if moment else None)
        return self.cleaned_data

    def _post_clean(self) -> None:
        """The model's own checks, then those that need the patient and today."""
        self.instance.derive(self.situation)
        super()._post_clean()  # type: ignore[misc]  # not in the stubs
        self.instance.derive(self.situation)
        try:
            self.instance.check_on(self.situation)
        except ValidationError as wrong:
            self._update_errors(wrong)  # type: ignore[attr-defined]  # not in the stubs
        self._ask_second()

    def _ask_second(self) -> None:
        """A change that two people answer for names the second one; asked once the record itself is sound."""
        if not self.SECOND or self.errors or self.second is not None:
            return
        reasons = self.instance.second_look(self.situation)
        if reasons:
            self.add_error(SECOND_FIELD, f"{' '.join(reasons)} Name the second clinician who checks it.")

    @property
    def second(self) -> UUID | None:
        """The second clinician who was named."""
        named = self.cleaned_data.get(SECOND_FIELD)
        return UUID(named) if named else None

    def record_data(self) -> dict[str, Any]:
        """Every clinical field of the record by name, as Python values."""
        return self.instance.content()
