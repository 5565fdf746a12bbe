"""The minimum identity of a patient. Nothing here may reach an e-mail, a URL, a log line or a broker message."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from pathway.models.base import Row, one_of
from pathway.models.people import Clinic

SEXES = [("female", "Female"), ("male", "Male"), ("other", "Other"), ("unknown", "Unknown")]
mrn_shape = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9\-/.]{1,31}$", "Use 2 to 32 letters, digits, - / or .")


class Patient(Row):
    """Who the case is about, and whom to call."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients", db_index=False)
    mrn = models.CharField("MRN", max_length=32, validators=[mrn_shape])
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    birth_date = models.DateField()
    sex = models.CharField(max_length=10, choices=SEXES)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=40, blank=True)
    contact_name = models.CharField("caregiver or contact", max_length=120, blank=True)
    contact_phone = models.CharField("contact's phone", max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(F("clinic"), Upper("mrn"), name="mrn_once_per_clinic"),
            models.CheckConstraint(condition=~Q(mrn=""), name="mrn_not_empty"),
            models.CheckConstraint(condition=Q(birth_date__gte="1900-01-01"), name="birth_date_plausible"),
            one_of("sex_known", "sex", [key for key, _ in SEXES]),
        ]
        indexes = [models.Index(F("clinic"), Upper("family_name"), name="patient_by_name")]

    def __str__(self) -> str:
        return f"patient {self.id}"

    @property
    def display_name(self) -> str:
        """Family name first, for screens inside the clinic only."""
        return f"{self.family_name}, {self.given_name}"
