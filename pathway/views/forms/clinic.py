"""The forms of a clinic's settings: when it works, and what is printed in its name. They decide nothing."""

from __future__ import annotations

from datetime import date, time
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from pathway.calendars import Hours, countries, subdivisions
from pathway.engine.clinic_proposal import WEEKDAYS, ClosedOn, Proposal
from pathway.models import Clinic, ClosedDay
from pathway.queries.clinics import ClinicSettings
from pathway.views.forms.base import ScreenForm
from pathway.views.forms.rows import RowsField, is_blank

OPENS, CLOSES = "Opens", "Closes"
MOST_CLOSED_DAYS = 200
NO_DAY = "Give opening and closing of at least one weekday: a clinic works on some day."


@lru_cache(maxsize=1)
def _zones() -> list[tuple[str, str]]:
    """Time zones by region and city; the short old names are left out, UTC stays."""
    return [(name, name) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


@lru_cache(maxsize=1)
def _countries() -> list[tuple[str, str]]:
    return [(code, f"{name} ({code})") for code, name in countries().items()]


def _regions(country: str) -> list[tuple[str, str]]:
    """A country's regions with holidays of their own."""
    known = sorted(subdivisions(country).items(), key=lambda item: item[1])
    return [
        ("", "The whole country"),
        *((code, f"{name} ({code})" if name != code else code) for code, name in known),
    ]


class CalendarForm(ScreenForm):
    """When a clinic works."""

    error_title = "The calendar is not changed yet. Please look at:"
    time_zone = forms.ChoiceField(label="Time zone")
    hours = RowsField(
        {
            "opens": forms.TimeField(label=OPENS, required=False),
            "closes": forms.TimeField(label=CLOSES, required=False),
        },
        label="Opening hours",
        help_text="Leave both times empty for a day on which the clinic is closed.",
        fixed=[(str(number), name) for number, name in enumerate(WEEKDAYS)],
        key="day",
        row_header="Day",
        error_messages={"required": NO_DAY},
        stack=False,
    )
    country = forms.ChoiceField(label="Country", help_text="Its public holidays are days nobody works.")
    subdivision = forms.ChoiceField(
        label="Region",
        required=False,
        help_text="Where a region has holidays of its own. After another country, press “Show its regions” first.",
    )
    closed_days = RowsField(
        {
            "on": forms.DateField(label="Date"),
            "reason": forms.CharField(
                label="Reason",
                max_length=ClosedDay._meta.get_field("reason").max_length,
                required=False,
            ),
        },
        label="Closed days",
        help_text="Days of your own on which the clinic is closed. To take one away, empty its line.",
        row_header="Closed day",
        max_rows=MOST_CLOSED_DAYS,
        required=False,
    )
    fieldsets: ClassVar[list[tuple[Any, ...]]] = [
        ("Hours", ["time_zone", "hours"]),
        ("Public holidays", ["country", "subdivision"]),
        ("Closed days", ["closed_days"]),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.data.get("country") if self.is_bound else self.initial.get("country")
        zone = self.initial.get("time_zone", "")
        choices: dict[str, list[tuple[str, str]]] = {
            "time_zone": _zones() if zone in dict(_zones()) or not zone else [(zone, zone), *_zones()],
            "country": _countries(),
            "subdivision": _regions(country or ""),
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]

    @classmethod
    def of(cls, settings: ClinicSettings) -> CalendarForm:
        """The form with the clinic's calendar as it stands."""
        clinic = settings.clinic
        week = enumerate(clinic.week)
        return cls(
            initial={
                "time_zone": clinic.time_zone,
                "hours": [
                    {"day": str(day), "opens": hours[0], "closes": hours[1]} for day, hours in week if hours
                ],
                "country": clinic.country,
                "subdivision": clinic.subdivision,
                "closed_days": [
                    {"on": on.isoformat(), "reason": reason} for on, reason in settings.closed_days
                ],
            }
        )

    @classmethod
    def typed(cls, data: QueryDict) -> CalendarForm:
        """The form as it was typed, not judged: to go on typing."""
        values = {
            name: field.widget.value_from_datadict(data, {}, name) for name, field in cls.base_fields.items()
        }
        values["closed_days"] = [row for row in values["closed_days"] if not is_blank(row)]
        return cls(initial=values)

    def clean_hours(self) -> list[dict[str, Any]]:
        """A day has both times or none."""
        rows: list[dict[str, Any]] = self.cleaned_data["hours"]
        halves = [
            ValidationError(
                "%(place)s: %(reason)s",
                code="cell",
                params={
                    "row": int(row["day"]),
                    "column": column,
                    "place": f"{WEEKDAYS[int(row['day'])]}, {label}",
                    "reason": "Give both times, or none for a closed day.",
                },
            )
            for row in rows
            for column, label in (("opens", OPENS), ("closes", CLOSES))
            if not row[column]
        ]
        if halves:
            raise ValidationError(halves)
        return rows

    def proposal(self) -> Proposal:
        """What the engine takes."""
        cleaned = self.cleaned_data
        week: list[Hours | None] = [None] * len(WEEKDAYS)
        for row in cleaned["hours"]:
            week[int(row["day"])] = (time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"]))
        return Proposal(
            time_zone=cleaned["time_zone"],
            week=tuple(week),
            country=cleaned["country"],
            subdivision=cleaned["subdivision"],
            closed_days=tuple(
                ClosedOn(date.fromisoformat(row["on"]), row["reason"]) for row in cleaned["closed_days"]
            ),
        )

    def to_send_again(self) -> list[tuple[str, str]]:
        """Everything that was sent for this form, for the step after it."""
        names = tuple(self.fields)
        return [
            (key, value)
            for key, value in self.data.items()
            if key in names or key.startswith(tuple(f"{name}-" for name in names))
        ]


class NamesForm(ScreenForm):
    """What is printed in the clinic's name."""

    error_title = "Nothing is saved yet. Please look at:"
    hospital_name = forms.CharField(
        label="Hospital", max_length=Clinic._meta.get_field("hospital_name").max_length, required=False
    )
    emergency_phone = forms.CharField(
        label="24-hour number",
        max_length=Clinic._meta.get_field("emergency_phone").max_length,
        required=False,
    )
    fieldsets: ClassVar[list[tuple[Any, ...]]] = [
        (
            "Printed on emergency cards",
            ["hospital_name", "emergency_phone"],
            "Where a patient's emergency plan names others, those are printed. A change asks a coordinator to hand "
            "over every card that reads otherwise by it. Reminders of appointments name the hospital too.",
        ),
    ]

    @classmethod
    def of(cls, clinic: Clinic) -> NamesForm:
        """The form with what stands."""
        return cls(initial={"hospital_name": clinic.hospital_name, "emergency_phone": clinic.emergency_phone})
