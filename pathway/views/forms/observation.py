"""The form of one observation of a trial day: what is asked depends on the minute, the muscles on the baseline.

Knows inputs and no rule: times and muscles are checked by the engine, which answers at the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from pathway.clinical.scales import ASHWORTH_NUMBERS, AshworthVariant
from pathway.models import TrialObservation
from pathway.models.assessment import MUSCLES
from pathway.models.observation import SIDES, TONE_MINUTES
from pathway.views.forms.base import ScreenModelForm
from pathway.views.forms.record import ClinicTimeField, form_field
from pathway.views.forms.rows import RowsField

TONE_FIELDS = ("tone", "penn")


class ObservationForm(ScreenModelForm):
    """What one person saw at one minute. After `is_valid()`, `values()` is what the engine takes.

    `scored` are the grades of the reading that this one is compared with (its muscles are asked, its grades shown), and
    `scored_when` says when they were scored.
    `correcting`: the minute is recorded already, so a change needs its reason.
    """

    fieldsets = [
        ("When", ["observed_at", "reason"]),
        (
            "Vital signs and sedation",
            ["heart_rate", "systolic", "diastolic", "spo2", "respiratory_rate", "temperature_c", "sedation"],
        ),
        ("Tone and spasms", ["tone", "penn"]),
        ("What happened", ["adverse_events"]),
    ]
    units = {
        "heart_rate": "/min",
        "systolic": "mmHg",
        "diastolic": "mmHg",
        "spo2": "%",
        "respiratory_rate": "/min",
        "temperature_c": "°C",
    }

    reason = forms.CharField(
        label="Why it is corrected",
        max_length=300,
        required=False,
        help_text="Needed where something that was recorded changes",
    )

    class Meta:
        model = TrialObservation
        fields = TrialObservation.CONTENT
        formfield_callback = form_field

    def __init__(
        self,
        data: Any = None,
        *,
        minute: int,
        zone: ZoneInfo,
        scored: Mapping[str, str],
        scored_when: str,
        variant: AshworthVariant,
        correcting: bool = False,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}), prefix="see")
        self.minute, self.correcting = minute, correcting
        observed_at = self.fields["observed_at"]
        assert isinstance(observed_at, ClinicTimeField)
        observed_at.zone = zone
        if not correcting:
            del self.fields["reason"]
        if minute in TONE_MINUTES:
            self.fields["tone"] = _tone_field(scored, scored_when, variant)
        else:
            for name in TONE_FIELDS:
                del self.fields[name]

    def _post_clean(self) -> None:
        """The engine builds and checks the row; nothing is checked twice."""

    def values(self) -> dict[str, Any]:
        """The observation by field, as Python values; what is not asked at this minute is empty."""
        asked = {name: self.cleaned_data.get(name) for name in TrialObservation.CONTENT}
        return asked | {"tone": asked["tone"] or []}


def _tone_field(scored: Mapping[str, str], scored_when: str, variant: AshworthVariant) -> RowsField:
    """The muscles that were scored before, each with its grades then; all of them where none was."""
    places = {place.split()[0] for place in scored}
    rows = [
        (key, _row_name(key, name, scored, scored_when))
        for key, name in MUSCLES
        if key in places or not scored
    ]
    grades = [("", "–"), *((grade, grade) for grade in ASHWORTH_NUMBERS.value[variant])]
    return RowsField(
        {side: forms.ChoiceField(label=side.capitalize(), choices=grades, required=False) for side in SIDES},
        fixed=rows,
        key="muscle",
        row_header="Muscle group",
        stack=False,
        label="Tone by muscle and side",
        help_text="The same muscles, by the rater of the baseline [V:S9]",
        required=False,
    )


def _row_name(key: str, name: str, scored: Mapping[str, str], scored_when: str) -> str:
    """A muscle with its earlier grades: "Hip adductors (before: left 3, right 2)"."""
    grades = [f"{side} {scored[f'{key} {side}']}" for side in SIDES if f"{key} {side}" in scored]
    return f"{name} ({scored_when}: {', '.join(grades)})" if grades else name


def at_minute(now: datetime) -> datetime:
    """An instant as the form shows it: to the minute, never later than now."""
    return now.replace(second=0, microsecond=0)


def known_readings(
    observations: list[TrialObservation], means: Mapping[int, Decimal]
) -> list[dict[str, Any]]:
    """The rows of the trial-readings record, from the observations that scored tone. `means` is by minute."""
    return [
        {
            "hour": str(row.minute // 60),
            "mas_mean": format(means[row.minute].quantize(Decimal("0.0001")).normalize(), "f"),
            "penn": row.penn,
            "heart_rate": row.heart_rate,
            "systolic": row.systolic,
            "diastolic": row.diastolic,
            "spo2": row.spo2,
            "respiratory_rate": row.respiratory_rate,
            "sedation": row.sedation,
        }
        for row in observations
        if row.minute in means
    ]
