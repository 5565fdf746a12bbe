"""Notices: whom to tell what, and the mail that carries them. Ids and roles only, never a patient's identity."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pathway.models.absence import Absence
from pathway.models.base import Row, choices, one_of
from pathway.models.case import Case
from pathway.models.contact import ReminderContact
from pathway.models.incident import Incident
from pathway.models.people import Clinic, Clinician
from pathway.models.todo import Todo
from pathway.models.watch import Alarm
from pathway.protocol.attention import Urgency
from pathway.protocol.roles import CARE_ROLES

MAIL_STATES = ["pending", "leased", "sent", "dropped", "dead"]
STATES = ["pending", "mailed", "kept", "dropped"]
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
    ("cover_planned", "You were named as deputy"),
    ("cover_cancelled", "An absence was cancelled"),
    ("cover_begins", "An absence began"),
    ("cover_ends", "An absence is over"),
    ("alarm", "The system found something wrong"),
    ("appointment", "An appointment is near"),
    ("invited", "You were given an account"),
    ("joined", "You were given a role"),
]


def _to_one_person(name: str) -> models.CheckConstraint:
    """Constraint: the row is for a clinician or for a patient's contact, never both or nobody."""
    clinician = Q(recipient__isnull=False, contact__isnull=True)
    contact = Q(recipient__isnull=True, contact__isnull=False)
    return models.CheckConstraint(condition=contact | clinician, name=name)


class Mail(Row):
    """One message to one address, carrying one notice or several. Its id is its Message-ID.

    Leased before it is offered, marked when the server has taken it; in between a crash sends it again under the same
    Message-ID. Its text is made when it is sent, from the notices that then still say something.
    """

    recipient = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="mails", db_index=False
    )
    contact = models.ForeignKey(
        ReminderContact, on_delete=models.PROTECT, null=True, related_name="mails", db_index=False
    )
    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    urgency = models.CharField(max_length=10, choices=choices(Urgency))
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="pending")
    due_at = models.DateTimeField(help_text="Not to be sent before; moved on by a lease and by back-off")
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            one_of("mail_state_known", "state", MAIL_STATES),
            one_of("mail_urgency_known", "urgency", Urgency),
            _to_one_person("mail_to_one_person"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent") & Q(sent_at__isnull=True),
                name="mail_sent_has_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state__in=["pending", "leased"]), name="mail_to_send"
            ),
            models.Index(fields=["clinic", "created_at"], condition=Q(state="dead"), name="mail_dead"),
        ]

    def __str__(self) -> str:
        return f"mail {self.id}: {self.state}"


class Notice(Row):
    """One thing told to one person. Its id is derived from what it is about, so the same is never queued twice.

    It stands in the person's inbox from the beginning. `pending`: mail is still to be made of it; `mailed`: `mail`
    carries it; `kept`: the person takes such things in the inbox only; `dropped`: it had nothing more to say.
    """

    on_conflict = "(id) DO NOTHING"

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    todo = models.ForeignKey(
        Todo, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    alarm = models.ForeignKey(
        Alarm, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    absence = models.ForeignKey(
        Absence, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    recipient = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    contact = models.ForeignKey(
        ReminderContact, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    role = models.CharField(
        max_length=20, choices=choices(CARE_ROLES), blank=True, help_text="The role the recipient is told in"
    )
    kind = models.CharField(max_length=20, choices=KINDS)
    urgency = models.CharField(max_length=10, choices=choices(Urgency), default=str(Urgency.NEWS))
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="pending")
    due_at = models.DateTimeField(help_text="Not to be mailed before; moved on to the person's next digest")
    mail = models.ForeignKey(
        Mail, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False
    )
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("notice_state_known", "state", STATES),
            one_of("notice_kind_known", "kind", [key for key, _ in KINDS]),
            one_of("notice_urgency_known", "urgency", Urgency),
            _to_one_person("notice_to_one_person"),
            models.CheckConstraint(
                condition=Q(state="mailed", mail__isnull=False) | ~Q(state="mailed") & Q(mail__isnull=True),
                name="notice_mailed_has_mail",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="notice_to_mail"),
            models.Index(
                fields=["recipient", "due_at"], condition=Q(state="pending"), name="notice_waiting_for_person"
            ),
            models.Index(fields=["mail"], condition=Q(mail__isnull=False), name="notice_of_mail"),
            models.Index(fields=["recipient", "-created_at", "id"], name="notice_inbox"),
            models.Index(fields=["recipient"], condition=Q(read_at__isnull=True), name="notice_unread"),
            models.Index(
                fields=["incident", "recipient", "created_at"],
                condition=Q(incident__isnull=False),
                name="notice_of_incident",
            ),
            models.Index(fields=["alarm"], condition=Q(alarm__isnull=False), name="notice_of_alarm"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient_id or self.contact_id}: {self.state}"
