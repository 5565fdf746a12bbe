"""To-dos and the timers that ring for them: one duty of one role on one case, with a date and a result."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pathway.models.base import Row, choices, one_of, set_together
from pathway.models.case import Case
from pathway.models.people import Clinic, Clinician
from pathway.protocol.roles import CARE_ROLES, Role, Stage, TodoState


class Todo(Row):
    """One duty. Its title, form and help come from the case's pinned protocol by `key`.

    `owner` is the named person (from the care team, or who claimed it); without one the duty belongs to everybody who
    holds the role. `result` holds the few facts the protocol's guards read, and the digest of the record behind them.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="todos", db_index=False)
    clinic = models.ForeignKey(
        Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=60)
    occurrence = models.PositiveSmallIntegerField(default=1)
    stage = models.CharField(max_length=20, choices=choices(Stage))
    visit_seq = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20, choices=choices(CARE_ROLES))
    required = models.BooleanField(default=True)
    safety = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=choices(TodoState), default=str(TodoState.OPEN))
    due_on = models.DateField()
    calendar_version = models.PositiveIntegerField(
        default=1, help_text="The version of the clinic's calendar that the due date was computed in"
    )
    opened_at = models.DateTimeField()
    owner = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_id = models.UUIDField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "key", "occurrence"], name="todo_once_per_occurrence"),
            one_of("todo_state_known", "state", TodoState),
            one_of("todo_role_known", "role", CARE_ROLES),
            set_together("todo_ended_whole", "ended_at", "ended_by_id"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True)
                | ~Q(state="open") & Q(ended_at__isnull=False),
                name="todo_ended_when_not_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="not_applicable") | ~Q(reason=""), name="todo_not_applicable_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(claimed_at__isnull=True) | Q(owner__isnull=False), name="todo_claimed_has_owner"
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "due_on", "id"],
                condition=Q(state="open", owner__isnull=False),
                name="todo_work_of_person",
            ),
            models.Index(
                fields=["clinic", "role", "due_on", "id"],
                condition=Q(state="open", owner__isnull=True),
                name="todo_work_of_role",
            ),
            models.Index(
                fields=["clinic", "role", "due_on"],
                condition=Q(state="open", safety=True),
                name="todo_open_safety",
            ),
            models.Index(
                fields=["clinic", "-ended_at"],
                condition=Q(ended_at__isnull=False),
                name="todo_ended_of_clinic",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} #{self.occurrence} for {Role(self.role).label}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.state == TodoState.OPEN


class Timer(models.Model):
    """What happens next to a to-do and when. Firing moves it on in one conditional update, so a step fires once."""

    on_conflict = "(todo_id) DO UPDATE SET step = EXCLUDED.step, due_at = EXCLUDED.due_at"

    todo = models.OneToOneField(Todo, on_delete=models.CASCADE, primary_key=True, related_name="timer")
    step = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="timer_due")]

    def __str__(self) -> str:
        return f"step {self.step} at {self.due_at:%Y-%m-%d %H:%M}"
