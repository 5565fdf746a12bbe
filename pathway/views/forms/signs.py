"""The form in which anybody reports what is wrong: danger signs first, each yes, no or not asked. It judges nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms

from pathway.clinical.signs import Alarm, Signs, Wound
from pathway.models.base import new_id
from pathway.views.forms.base import ScreenForm
from pathway.views.forms.record import AmountField, ClinicTimeField

ANSWERS = (("", "Not asked"), ("yes", "Yes"), ("no", "No"))
ALARMS = (
    ("", "Not asked"),
    (Alarm.TWO_TONE, "Two-tone, every few minutes (critical)"),
    (Alarm.SINGLE, "Single tone, about hourly"),
    (Alarm.NONE, "None"),
)
WOUNDS = (
    ("", "Not looked at"),
    (Wound.CLEAN, "Clean and dry"),
    (Wound.RED, "Red or firm"),
    (Wound.OPEN_OR_PUS, "Open, or pus"),
    (Wound.CLEAR_FLUID, "Clear fluid"),
    (Wound.SWOLLEN, "Pocket swollen"),
    (Wound.SWOLLEN_FAST_OR_RED, "Pocket swollen fast, or red"),
)
NOT_A_NUMBER = {"invalid": "Enter a whole number."}


def _answer(label: str, *, danger: bool = False, help_text: str = "") -> forms.TypedChoiceField:
    """Yes, no or not asked; danger signs as buttons, because they are answered first and fast."""
    return forms.TypedChoiceField(
        label=label,
        choices=ANSWERS,
        required=False,
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=forms.RadioSelect if danger else forms.Select,
        help_text=help_text,
        initial="",
    )


def _whole(label: str, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, help_text=help_text, error_messages=NOT_A_NUMBER)


class ReportForm(ScreenForm):
    """What was found. After `is_valid()`, `signs()` is what triage and the engine take."""

    error_title = "Nothing is reported yet. Please look at:"
    request_id = forms.UUIDField(widget=forms.HiddenInput)

    altered_mind = _answer("Confused or not themselves", danger=True)
    drowsy = _answer("Drowsy, hard to wake", danger=True)
    seizure = _answer("Seizure", danger=True)
    rigidity = _answer("Rigid", danger=True)
    fever_reported = _answer("Fever, felt or measured", danger=True)
    alarm = forms.ChoiceField(
        label="Sound of the pump", choices=ALARMS, required=False, widget=forms.RadioSelect, initial=""
    )
    breaths_per_min = _whole("Breathing rate", "Below 10 is slow [P]")
    gcs = _whole("Consciousness (GCS)", "3 to 15; up to 8 is coma [P]")
    temp_c = AmountField(
        label="Temperature",
        unit="°C",
        required=False,
        max_digits=5,
        decimal_places=1,
        help_text="Fever from 38.0 [P]",
    )
    heart_rate = _whole("Heart rate")
    systolic_mmhg = _whole("Systolic blood pressure", "Alone it tells nothing apart")
    spo2_pct = _whole("Oxygen saturation")
    tone_back = _answer("Tone or spasms are back")
    itch = _answer("Itch without a rash")
    paraesthesia = _answer("Tingling, pins and needles")
    low_tone = _answer("Floppy, tone too low")
    weakness = _answer("Weakness")
    headache_upright = _answer("Headache, worse upright")
    neck_stiff = _answer("Stiff neck")
    wound = forms.ChoiceField(label="Wound and pocket", choices=WOUNDS, required=False)
    rise_without_effect = _answer("Dose was raised without effect")
    recent_change = _answer("Program or strength changed lately")
    refill_volume_mismatch = _answer("Volumes at the refill did not match")
    pain_at_refill = _answer("Pain or swelling at the refill")
    replacement_alarm = _answer("Replacement indicator (ERI) seen")
    mri_since_interrogation = _answer("MRI, and no interrogation since")
    trauma = _answer("Fall or trauma")
    surgery = _answer("Operation or procedure")
    new_drug = _answer("New drug that makes drowsy")
    onset_at = ClinicTimeField(label="When it began", required=False)
    note = forms.CharField(
        label="Anything else", required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="No names."
    )

    fieldsets = [
        ("Danger signs", ["altered_mind", "drowsy", "seizure", "rigidity", "fever_reported", "alarm"]),
        ("Measured", ["breaths_per_min", "gcs", "temp_c", "heart_rate", "systolic_mmhg", "spo2_pct"]),
        ("Tone and skin", ["tone_back", "itch", "paraesthesia", "low_tone", "weakness"]),
        ("Head and wound", ["headache_upright", "neck_stiff", "wound"]),
        (
            "What happened before",
            [
                "rise_without_effect",
                "recent_change",
                "refill_volume_mismatch",
                "pain_at_refill",
                "replacement_alarm",
                "mri_since_interrogation",
                "trauma",
                "surgery",
                "new_drug",
            ],
        ),
        ("When", ["onset_at", "note"]),
    ]
    units: ClassVar[dict[str, str]] = {
        "breaths_per_min": "breaths/min",
        "temp_c": "°C",
        "heart_rate": "beats/min",
        "systolic_mmhg": "mmHg",
        "spo2_pct": "%",
    }

    def __init__(self, *args: Any, time_zone: str, **kwargs: Any) -> None:
        kwargs["initial"] = {"request_id": new_id(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        when = self.fields["onset_at"]
        assert isinstance(when, ClinicTimeField)
        when.zone = ZoneInfo(time_zone)

    def signs(self) -> Signs:
        """What was recorded; what nobody asked or measured stays None. What was mistyped is left out."""
        values = {name: self.cleaned_data.get(name) for name in self.fields if name in _SIGNS}
        values = {name: value for name, value in values.items() if value not in (None, "")}
        for name, kind in (("alarm", Alarm), ("wound", Wound)):
            if name in values:
                values[name] = kind(str(values[name]))
        if "temp_c" in values:
            values["temp_c"] = Decimal(str(values["temp_c"]))
        return Signs(**values)


_SIGNS = frozenset(Signs.__dataclass_fields__)
