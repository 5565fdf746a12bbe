"""A case and its stays in each stage: the state machine's legal edges, held here and again inside PostgreSQL."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from django_fsm import GET_STATE, FSMField, transition

from pathway.models.base import Row, choices, one_of, set_together
from pathway.models.fields import Codes
from pathway.models.patient import Patient
from pathway.models.people import Clinic, Clinician
from pathway.models.protocol import ProtocolVersion
from pathway.protocol import roles
from pathway.protocol.roles import CARE_ROLES, EDGES, OPEN_STAGES, CloseReason, Edge, Role, Stage

ORIGINS = [("spinal", "Spinal"), ("cerebral", "Cerebral")]
WITHDRAWAL_RISKS = (
    ("sci_t6_or_above", "Spinal cord injury at T6 or above"),
    ("cannot_communicate", "Cannot communicate symptoms"),
    ("earlier_withdrawal", "Earlier withdrawal"),
    ("withdrawal_here", "Withdrawal since the implant"),
)


def legal_pairs() -> list[tuple[str, str]]:
    """Every (from, to) that some edge declares, for the database's own guard."""
    return sorted({pair for edge in EDGES for pair in edge.pairs()})


def edge(declared: Edge) -> Any:
    """Turn a declared edge into a django-fsm transition of `Case.stage`."""
    target: Any = str(declared.target) if declared.target else None
    if target is None:
        target = GET_STATE(lambda case: case.closed_from, states=[str(stage) for stage in OPEN_STAGES])
    sources = [str(source) for source in declared.sources]
    return transition(field="stage", source=sources, target=target, custom={"label": declared.label})


class Case(Row):
    """One passage of one patient through the pathway.

    `event_seq` and `event_hash` are the head of the case's event chain; `event_seq` is also the version that forms
    carry. The `next_*` columns say whose turn it is: the engine writes them in the same statement as the to-dos.
    """

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="cases", db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="cases")
    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    stage = FSMField(default=str(Stage.EVALUATION), choices=choices(Stage), protected=True)
    visit_seq = models.PositiveSmallIntegerField(default=1)
    stage_entered_at = models.DateTimeField()
    origin = models.CharField(
        max_length=10, choices=ORIGINS, blank=True, help_text="Every titration limit depends on it"
    )
    referred_by = models.CharField(
        max_length=160, blank=True, help_text="Who referred the patient to the programme"
    )
    referral_reason = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    decision_round = models.PositiveSmallIntegerField(default=1)
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    hold_reason = models.CharField(max_length=300, blank=True)
    hold_review_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    close_reason = models.CharField(max_length=20, choices=choices(CloseReason), blank=True)
    closed_from = models.CharField(max_length=20, blank=True)
    next_key = models.CharField(max_length=60, blank=True)
    next_role = models.CharField(max_length=20, blank=True)
    next_owner_id = models.UUIDField(null=True, blank=True)
    next_due_on = models.DateField(null=True, blank=True)
    required_open = models.PositiveSmallIntegerField(default=0)
    withdrawal_risk = Codes(
        codes=WITHDRAWAL_RISKS, blank=True, help_text="Why withdrawal would be more dangerous [V:S2,S7]"
    )
    replan_on = models.DateField(null=True, blank=True, help_text="When time alone changes what is asked")
    event_seq = models.PositiveIntegerField(default=0)
    event_hash = models.BinaryField(max_length=32, default=bytes)

    class Meta:
        constraints = [
            one_of("case_stage_known", "stage", Stage),
            models.UniqueConstraint(
                fields=["patient"], condition=~Q(stage="closed"), name="one_open_case_per_patient"
            ),
            set_together("case_hold_whole", "held_at", "held_by", "hold_review_on"),
            set_together("case_close_whole", "closed_at", "closed_by"),
            models.CheckConstraint(
                condition=Q(stage="closed", closed_at__isnull=False)
                & ~Q(close_reason="")
                & ~Q(closed_from="")
                | ~Q(stage="closed") & Q(closed_at__isnull=True, close_reason="", closed_from=""),
                name="case_closed_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(held_at__isnull=True) | ~Q(hold_reason=""), name="case_hold_has_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["clinic", "stage", "next_due_on", "id"],
                condition=~Q(stage="closed"),
                name="case_board",
            ),
            models.Index(fields=["replan_on"], condition=Q(replan_on__isnull=False), name="case_to_replan"),
        ]
        triggers = [
            pgtrigger.FSM(name="stage_moves", field="stage", transitions=legal_pairs()),
            pgtrigger.Trigger(
                name="starts_at_evaluation",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=(
                    "IF NEW.stage <> 'evaluation' THEN RAISE EXCEPTION 'a case starts in evaluation'; END IF; "
                    "RETURN NEW;"
                ),
            ),
            pgtrigger.Trigger(
                name="reopens_where_it_left",
                operation=pgtrigger.UpdateOf("stage"),
                when=pgtrigger.Before,
                func=(
                    "IF OLD.stage = 'closed' AND NEW.stage NOT IN ('closed', OLD.closed_from) THEN "
                    "RAISE EXCEPTION 'a case reopens in the stage it left'; END IF; RETURN NEW;"
                ),
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"case {self.id}"

    @property
    def is_open(self) -> bool:
        """Whether the case still needs somebody."""
        return bool(self.stage != Stage.CLOSED)

    @property
    def on_hold(self) -> bool:
        """Whether the pathway is paused (pump safety never is)."""
        return self.held_at is not None

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Reload, letting go of the protected stage first (django-fsm refuses a second assignment)."""
        kept = self.__dict__.pop("stage", None)
        try:
            super().refresh_from_db(*args, **kwargs)
        finally:
            if kept is not None:
                self.__dict__.setdefault("stage", kept)

    @edge(roles.ACCEPT)
    def accept(self) -> None:
        """Evaluation is complete: the three disciplines may decide."""

    @edge(roles.START_TRIAL)
    def start_trial(self) -> None:
        """The three disciplines agree on a screening trial."""

    @edge(roles.WAIVE_TRIAL)
    def waive_trial(self) -> None:
        """The three disciplines agree, each with a written reason, to implant without a trial."""

    @edge(roles.PASS_TRIAL)
    def pass_trial(self) -> None:
        """The trial was positive and the three disciplines signed."""

    @edge(roles.START_TITRATION)
    def start_titration(self) -> None:
        """Pump and catheter are in, the first program runs."""

    @edge(roles.SETTLE)
    def settle(self) -> None:
        """The dose has held still and the goals were reviewed."""

    @edge(roles.RETITRATE)
    def retitrate(self) -> None:
        """The dose no longer fits."""

    @edge(roles.REVISE)
    def revise(self) -> None:
        """A revision or replacement is planned."""

    @edge(roles.CLOSE)
    def close(self) -> None:
        """The passage ends."""

    @edge(roles.REOPEN)
    def reopen(self) -> None:
        """The passage goes on in the stage it left."""


class StageVisit(models.Model):
    """One stay in a stage, from its entry to the entry of the next; going back is a new visit."""

    pk = models.CompositePrimaryKey("case_id", "seq")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="visits", db_index=False)
    seq = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=20, choices=choices(Stage))
    entered_at = models.DateTimeField()
    entered_by_id = models.UUIDField()
    entered_by_edge = models.CharField(max_length=20)

    class Meta:
        constraints = [
            one_of("visit_stage_known", "stage", Stage),
        ]

    def __str__(self) -> str:
        return f"visit {self.seq} of case {self.case_id}: {self.stage}"


class CareTeamMember(Row):
    """A clinician named for one role on one case: the first to be told, and who owns that role's to-dos."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="team", db_index=False)
    role = models.CharField(max_length=20, choices=choices(CARE_ROLES))
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "role", "clinician"], name="team_member_once"),
            one_of("team_role_known", "role", CARE_ROLES),
        ]

    def __str__(self) -> str:
        return f"{Role(self.role).label} of case {self.case_id}"


class StageCount(models.Model):
    """How many cases of a clinic stand in a stage, kept by the engine so that the board never counts."""

    pk = models.CompositePrimaryKey("clinic_id", "stage")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    stage = models.CharField(max_length=20, choices=choices(Stage))
    cases = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.cases} in {self.stage}"
