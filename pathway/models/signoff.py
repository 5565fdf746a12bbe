"""Sign-offs: one discipline's signed decision, bound to the hash of the facts it was made on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pathway.models.base import Row, choices, one_of
from pathway.models.case import Case
from pathway.models.people import Clinician
from pathway.models.todo import Todo
from pathway.protocol.roles import PHYSICIANS, Decision

VOTES = [("for", "For"), ("against", "Against (dissent)")]


class SignOff(Row):
    """A decision of one discipline in one round. It is never edited: it lapses when its facts change."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="signoffs", db_index=False)
    todo = models.ForeignKey(Todo, on_delete=models.PROTECT, related_name="signoffs", db_index=False)
    decision = models.CharField(max_length=20, choices=choices(Decision))
    round = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20)
    signer = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", db_index=False)
    vote = models.CharField(max_length=10, choices=VOTES)
    waives_trial = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    facts_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    lapsed_at = models.DateTimeField(null=True, blank=True)
    lapse_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "decision", "round", "role"],
                condition=Q(lapsed_at__isnull=True),
                name="one_signoff_per_discipline_and_round",
            ),
            models.UniqueConstraint(
                fields=["case", "decision", "round", "signer"],
                condition=Q(lapsed_at__isnull=True),
                name="one_discipline_per_signer_and_round",
            ),
            one_of("signoff_by_physician", "role", sorted(PHYSICIANS)),
            one_of("signoff_vote_known", "vote", ["for", "against"]),
            one_of("signoff_decision_known", "decision", Decision),
            models.CheckConstraint(
                condition=Q(vote="for", waives_trial=False) | ~Q(reason=""), name="signoff_dissent_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(lapsed_at__isnull=True, lapse_reason="")
                | Q(lapsed_at__isnull=False) & ~Q(lapse_reason=""),
                name="signoff_lapse_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} round {self.round}: {self.role} {self.vote}"
