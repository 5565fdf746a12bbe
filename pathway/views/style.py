"""The style guide: every component and a form with errors on one page, for screen authors and for axe."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pathway.views.forms.base import ScreenForm
from pathway.views.forms.rows import RowsField

ASHWORTH = [("", "–"), ("0", "0"), ("1", "1"), ("1+", "1+"), ("2", "2"), ("3", "3"), ("4", "4")]


class SampleForm(ScreenForm):
    """One field of each kind. Its names are examples and no clinical advice."""

    reviewed_on = forms.DateField(label="Reviewed on")
    daily_dose = forms.DecimalField(label="Daily dose", help_text="As shown on the programmer.")
    drug = forms.ChoiceField(
        label="Concentration", choices=[("", "Choose"), ("500", "500"), ("2000", "2000")]
    )
    side = forms.ChoiceField(
        label="Pump side", choices=[("left", "Left"), ("right", "Right")], widget=forms.RadioSelect
    )
    symptoms = forms.MultipleChoiceField(
        label="Symptoms",
        choices=[("itch", "Itching"), ("tone", "More tone"), ("drowsy", "Drowsy")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    consent = forms.BooleanField(label="Consent is on file")
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    letter = forms.FileField(label="Letter", required=False, help_text="PDF, at most 5 MB.")
    tone = RowsField(
        {
            "left": forms.ChoiceField(label="Left", choices=ASHWORTH, required=False),
            "right": forms.ChoiceField(label="Right", choices=ASHWORTH, required=False),
        },
        label="Muscle tone",
        help_text="Modified Ashworth scale.",
        fixed=[("hip", "Hip adductors"), ("knee", "Knee flexors"), ("ankle", "Ankle plantar flexors")],
        key="muscle",
        row_header="Muscle",
        stack=False,
    )
    drugs = RowsField(
        {
            "drug": forms.CharField(label="Drug", max_length=60),
            "dose": forms.DecimalField(label="Dose", min_value=0),
            "helped": forms.BooleanField(label="Helped", required=False),
        },
        label="Oral antispastics",
        row_header="Line",
        extra=2,
        units={"dose": "mg/day"},
        required=False,
    )

    fieldsets = [
        ("Visit", ["reviewed_on", "daily_dose", "drug", "side"]),
        ("Findings", ["symptoms", "tone", "drugs"], "What is left blank is not recorded."),
        ("Papers", ["consent", "note", "letter"]),
    ]
    units = {"daily_dose": "mcg/day", "drug": "mcg/ml"}


WRONG = {
    "daily_dose": "12o",
    "side": "left",
    "tone-0-left": "2",
    "tone-1-right": "9",
    "drugs-rows": "2",
    "drugs-0-drug": "Baclofen",
    "drugs-0-dose": "sixty",
    "drugs-1-drug": "Tizanidine",
    "drugs-1-dose": "12",
}


def samples(today: dt.date) -> dict[str, Any]:
    """Values for each component, all invented."""
    day = dt.timedelta(days=1)
    return {
        "stages": [
            {"label": "Evaluation", "state": "done", "note": "38 days"},
            {"label": "Selection", "state": "done", "note": "21 days"},
            {"label": "Trial", "state": "current", "note": "day 4 of 14"},
            {"label": "Implant", "state": "pending", "note": ""},
            {"label": "Titration", "state": "pending", "note": ""},
            {"label": "Long-term", "state": "pending", "note": ""},
        ],
        "reasons": [
            {"text": "No positive trial response is recorded", "who": "a physiatrist", "url": "#trial"},
            {
                "text": "The anesthesiologist has not signed",
                "who": "Anna Ash",
                "url": "#sign",
                "action": "Ask again",
            },
        ],
        "tabs": [
            {"label": "Overdue", "url": "#a", "current": True, "count": 4, "variant": "danger"},
            {"label": "Today", "url": "#b", "count": 2},
            {"label": "This week", "url": "#c", "count": 9},
            {"label": "Later", "url": "#d", "count": 0},
        ],
        "dates": [today - 12 * day, today, today + day, today + 3 * day, today + 40 * day, None],
        "roles": ["neurosurgeon", "physiatrist", "anesthesiologist", "coordinator", "nurse"],
        "work": [
            {
                "id": 1,
                "what": "Baseline spasticity",
                "who": "P-0012",
                "role": "physiatrist",
                "on": today - 12 * day,
            },
            {"id": 2, "what": "Surgical review", "who": "P-0031", "role": "neurosurgeon", "on": today},
            {
                "id": 3,
                "what": "Pre-anesthesia review",
                "who": "P-0007",
                "role": "anesthesiologist",
                "on": today + day,
            },
            {
                "id": 4,
                "what": "Book the refill",
                "who": "P-0044",
                "role": "coordinator",
                "on": today + 40 * day,
            },
        ],
        "now": timezone.now(),
    }


@login_required
@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """GET the page. It stores nothing and reads nothing."""
    today = timezone.localdate()
    context = {
        "form": SampleForm(),
        "wrong": SampleForm(WRONG, prefix=None, auto_id="wrong_%s"),
        **samples(today),
    }
    return render(request, "help/style.html", context)
