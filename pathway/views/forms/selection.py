"""Forms of the selection: eligibility, the team's minute, appointments."""

from __future__ import annotations

from pathway.models.selection import Booking, Eligibility, MdtMinute
from pathway.views.forms.record import RecordForm


class EligibilityForm(RecordForm):
    """Each rule answered, and the conclusion."""

    fieldsets = [("Rules", ["rules"]), ("Conclusion", ["eligible", "reasons"])]

    class Meta(RecordForm.Meta):
        model = Eligibility


class MdtMinuteForm(RecordForm):
    """What the team decided."""

    TODAY = ("met_on",)

    class Meta(RecordForm.Meta):
        model = MdtMinute


class BookingForm(RecordForm):
    """One appointment."""

    class Meta(RecordForm.Meta):
        model = Booking
