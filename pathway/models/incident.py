"""A suspected complication of one case, what was found of it each time, and when it calls again.

Storage only. A level never falls and findings are never edited: triggers hold both, whoever writes.
"""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from pathway.clinical.conditions import CONDITION_PLANS, TriageLevel
from pathway.models.base import Row, choices, one_of, set_together
from pathway.models.case import Case
from pathway.models.fields import Choice, Codes, LongText
from pathway.models.people import Clinic, Clinician
from pathway.protocol.roles import CARE_ROLES

LEVELS = [(str(level), level.value.capitalize()) for level in TriageLevel]
CONDITIONS = [(str(condition), plan.name) for condition, plan in CONDITION_PLANS.items()]
ROLES = choices(CARE_ROLES)
CAUSES = (
    ("programming", "Programming"),
    ("catheter", "Catheter"),
    ("pump", "Pump"),
    ("drug", "Drug"),
    ("infection", "Infection"),
    ("csf_leak", "CSF leak"),
    ("refill", "Empty reservoir or late refill"),
    ("not_pump", "Nothing to do with the pump"),
    ("not_found", "Not found"),
    ("other", "Other"),
)
REMEDIES = (
    ("adjustment", "Adjustment of the program"),
    ("revision", "Revision"),
    ("replacement", "Replacement"),
    ("medication", "Medication"),
    ("refill", "Refill"),
    ("observation", "Observation"),
    ("none", "None"),
)


class Incident(Row):
    """One incident. `asked` are the roles called to act, `waiting` those of them who have not answered yet.

    `conditions` are all that was suspected so far, in the order it was. `contact_by`: the instant by which a clinician
    must have made contact; empty where the level has no target. A rise of the level asks for a new acknowledgement.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="incidents", db_index=False)
    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    number = models.PositiveSmallIntegerField(help_text="Running number on the case")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    onset_at = models.DateTimeField(null=True, blank=True)
    level = Choice(choices=LEVELS, max_length=10)
    urgency = models.PositiveSmallIntegerField(help_text="The level as a number, for the order of lists")
    conditions = Codes(codes=CONDITIONS)
    asked = Codes(codes=ROLES)
    waiting = Codes(codes=ROLES, blank=True)
    contact_by = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    confirmed = Codes(codes=CONDITIONS, blank=True)
    cause = Choice(choices=CAUSES, blank=True)
    remedies = Codes(codes=REMEDIES, blank=True)
    outcome = LongText(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="incident_once_per_number"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(closed_at__isnull=True), name="one_open_incident_per_case"
            ),
            set_together("incident_acknowledged_whole", "acknowledged_at", "acknowledged_by"),
            set_together("incident_closed_whole", "closed_at", "closed_by"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, cause="", outcome="", remedies=[], confirmed=[])
                | Q(closed_at__isnull=False, waiting=[]) & ~Q(cause="") & ~Q(outcome="") & ~Q(remedies=[]),
                name="incident_closed_has_cause",
            ),
            models.CheckConstraint(
                condition=Q(waiting__contained_by=F("asked")) & ~Q(asked=[]) & ~Q(conditions=[]),
                name="incident_asks_somebody",
            ),
            models.CheckConstraint(
                condition=Q(onset_at__isnull=True) | Q(onset_at__lte=F("opened_at")),
                name="incident_onset_before_report",
            ),
            models.CheckConstraint(
                condition=Q(level="green", urgency=0)
                | Q(level="yellow", urgency=1)
                | Q(level="orange", urgency=2)
                | Q(level="red", urgency=3),
                name="incident_urgency_of_level",
            ),
        ]
        indexes = [
            models.Index(
                F("clinic"),
                F("urgency").desc(),
                F("id"),
                condition=Q(closed_at__isnull=True),
                name="incident_open",
            ),
            models.Index(fields=["clinic", "-id"], name="incident_by_age"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="level_never_falls",
                operation=pgtrigger.UpdateOf("urgency"),
                when=pgtrigger.Before,
                func=(
                    "IF NEW.urgency < OLD.urgency THEN RAISE EXCEPTION 'the level of an incident never falls'; "
                    "END IF; RETURN NEW;"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"incident {self.number} of case {self.case_id}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self.closed_at is None

    @property
    def triage_level(self) -> TriageLevel:
        """The level as the clinical layer knows it."""
        return TriageLevel(self.level)


class IncidentAssessment(Row):
    """What was found at one time, by whom, and how triage judged it then. Its id is that of the request: kept once.

    `signs` holds only what was recorded (JSON text and numbers), `known` the names of those that the system filled in.
    `record_kind` and `record_key` name the clinical record that raised it; empty where a person reported it.
    """

    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="assessments", db_index=False
    )
    at = models.DateTimeField()
    by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=20, choices=ROLES)
    signs = models.JSONField()
    known = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    level = Choice(choices=LEVELS, max_length=10)
    reasons = models.JSONField(default=list)
    candidates = models.JSONField(default=list)
    missing = models.JSONField(default=list)
    note = LongText(blank=True)
    record_kind = models.CharField(max_length=30, blank=True)
    record_key = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("assessment_role_known", "role", CARE_ROLES),
            models.CheckConstraint(
                condition=Q(record_kind="", record_key__isnull=True)
                | ~Q(record_kind="") & Q(record_key__isnull=False),
                name="assessment_names_its_record",
            ),
        ]
        indexes = [models.Index(fields=["incident", "at"], name="assessments_of_incident")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"findings of {self.at:%Y-%m-%d %H:%M} for incident {self.incident_id}"


class IncidentTimer(models.Model):
    """When an unacknowledged incident calls next. Gone as soon as a person acknowledges or closes it."""

    on_conflict = (
        "(incident_id) DO UPDATE SET started_at = EXCLUDED.started_at, target_minutes = EXCLUDED.target_minutes,"
        " step = EXCLUDED.step, due_at = EXCLUDED.due_at"
    )

    incident = models.OneToOneField(
        Incident, on_delete=models.CASCADE, primary_key=True, related_name="timer"
    )
    started_at = models.DateTimeField()
    target_minutes = models.PositiveIntegerField()
    step = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="incident_timer_due")]

    def __str__(self) -> str:
        return f"call {self.step} at {self.due_at:%Y-%m-%d %H:%M}"
