"""A pump model that a clinic added from its manual. Rows are never edited: a change retires one and adds another."""

from __future__ import annotations

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from pathway.clinical.device import PumpModel
from pathway.clinical.site_pump import WrongNumbersError, site_model
from pathway.models.base import Row, set_together
from pathway.models.fields import PUMP_CODE
from pathway.models.people import Clinic, Clinician

code_shape = RegexValidator(PUMP_CODE, "Use 2 to 40 small letters, digits or dashes.")


class SitePumpModel(Row):
    """One model of one clinic. The rows themselves say who added and who retired it, and when.

    `numbers`: by name of the number its typed `value`, its `tag` and the `document` it stands in; a number that
    is not known is left out. A retired model still explains the pumps that were implanted with it.
    """

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="pump_models", db_index=False)
    code = models.CharField(max_length=40, validators=[code_shape])
    name = models.CharField(max_length=60)
    maker = models.CharField(max_length=60)
    numbers = models.JSONField()
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, related_name="+", db_index=False, null=True, blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "code"], condition=Q(retired_at__isnull=True), name="pump_model_code_once"
            ),
            models.CheckConstraint(condition=Q(code__regex=PUMP_CODE), name="pump_model_code_shape"),
            set_together("pump_model_retired_whole", "retired_at", "retired_by"),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(retired_at__gte=F("added_at")),
                name="pump_model_retired_later",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "code", "added_at"], name="pump_model_by_code")]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="never_edited",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["retired_at", "retired_by"]),
            ),
            pgtrigger.Protect(
                name="retired_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.retired_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of clinic {self.clinic_id}"

    def model(self) -> PumpModel:
        """Its numbers as the clinical layer takes them."""
        return site_model(self.code, self.name, self.maker, self.numbers)

    def clean(self) -> None:
        """Refuse numbers that cannot belong to a pump."""
        try:
            self.model()
        except WrongNumbersError as wrong:
            raise ValidationError({"numbers": str(wrong)}) from wrong
