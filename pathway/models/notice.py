"""Notices: whom to tell what. The outbox that Celery drains; it holds ids and roles, never a patient's identity."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pathway.models.base import Row, choices, one_of
from pathway.models.case import Case
from pathway.models.incident import Incident
from pathway.models.people import Clinic, Clinician
from pathway.models.todo import Todo
from pathway.protocol.roles import CARE_ROLES

STATES = ["pending", "leased", "sent", "dropped", "dead"]
KINDS = [
    ("opened", "A to-do opened"),
    ("handed_over", "A to-do was handed over"),
    ("remind", "A to-do is due soon"),
    ("due", "A to-do is due today"),
    ("escalate", "A to-do is overdue"),
    ("unowned", "Nobody holds the role of a to-do"),
    ("lapsed", "A sign-off lapsed"),
    ("hold_review", "A hold is due for review"),
    ("incident", "An incident was reported"),
    ("page", "A red incident waits for acknowledgement"),
    ("incident_climb", "An incident is not acknowledged in time"),
]


class Notice(Row):
    """One message to one person. Its id is derived from what it is about, so the same thing is never queued twice."""

    on_conflict = "(id) DO NOTHING"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notices", db_index=False)
    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    todo = models.ForeignKey(
        Todo, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    recipient = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="notices", db_index=False)
    role = models.CharField(
        max_length=20, choices=choices(CARE_ROLES), help_text="The role the recipient is told in"
    )
    kind = models.CharField(max_length=20, choices=KINDS)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="pending")
    due_at = models.DateTimeField(help_text="Not to be sent before; moved on by a lease and by back-off")
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            one_of("notice_state_known", "state", STATES),
            one_of("notice_kind_known", "kind", [key for key, _ in KINDS]),
            models.CheckConstraint(
                condition=Q(todo__isnull=True) | Q(incident__isnull=True), name="notice_about_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent") & Q(sent_at__isnull=True),
                name="notice_sent_has_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state__in=["pending", "leased"]), name="notice_to_send"
            ),
            models.Index(
                fields=["incident", "recipient", "created_at"],
                condition=Q(incident__isnull=False),
                name="notice_of_incident",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient_id}: {self.state}"
