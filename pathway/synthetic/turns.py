"""The turns of a scenario: holds, closures, corrections, revisions, reopenings, each once and at its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from pathway.calendars import WorkCalendar
from pathway.clinical.conditions import Condition
from pathway.engine.advance import advance
from pathway.engine.cases import close, hold, reopen_case, resume
from pathway.engine.incidents import acknowledge, report
from pathway.engine.reopening import reopen
from pathway.engine.todos import mark_not_applicable
from pathway.models import Clinician, Incident, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.synthetic.memory import Memory
from pathway.synthetic.pace import Stay, in_hours
from pathway.synthetic.records_incident import PICTURES
from pathway.synthetic.scenario import Scenario, Turn
from pathway.synthetic.situation import Duty, Situation

REVIEW_DAYS = 21
CLOSE_ROLE = {"non_responder": Role.PHYSIATRIST, "explanted": Role.NEUROSURGEON}
NOTES = {
    "declined": "The team decided against the therapy and told the family why.",
    "non_responder": "No response up to the highest screening dose.",
    "withdrew": "The patient decided against the operation after talking with the family.",
    "transferred": "Moved house; the receiving programme confirmed the next refill.",
    "lost": "Three letters and five calls without an answer; the referrer knows.",
    "explanted": "Pump and catheter removed after an infection; tablets were built up before.",
    "died": "Died of pneumonia; not related to the pump.",
}


class OnTheWay(Protocol):
    """The case that takes the turns."""

    case_id: UUID
    scenario: Scenario
    calendar: WorkCalendar
    clock: datetime
    end: datetime
    memory: Memory
    stay: Stay
    visits: Counter[str]

    def person(self, role: Role | str) -> Clinician:
        """Who looks after this patient in a role."""

    def owner(self, todo: Duty | Todo) -> Clinician:
        """Who may do this duty."""

    def luck(self, *what: object) -> float:
        """A number from 0 to 1 for this question."""

    def shift(self, days: timedelta) -> None:
        """Move everything planned."""


Step = tuple[datetime, Callable[[datetime], object]]


class Turns:
    """The scenario's turns that are still to come, and when each may."""

    def __init__(self, walk: OnTheWay) -> None:
        self.walk = walk
        self.left = list(walk.scenario.turns)
        self.held_at: datetime | None = None
        self.resume_at: datetime | None = None
        self._ended: dict[tuple[str, int], datetime] = {}
        self._take = {
            "hold": self._hold,
            "close": self._close,
            "reopen": self._reopen,
            "revise": self._revise,
            "retitrate": self._retitrate,
            "correct": self._correct,
            "skip": self._skip,
            "report": self._report,
            "acknowledge": self._acknowledge,
        }

    def ended(self, key: str, at: datetime) -> None:
        """A duty was done: turns may hang on it."""
        visit = sum(self.walk.visits.values())
        self._ended.setdefault((key, visit), at)

    def steps(self, case: Situation) -> list[Step]:
        """What the scenario would do next, with its moment."""
        if case.held_at is not None:
            return [(self.resume_at, self._resume)] if self.resume_at else []
        moments = [(turn, self._moment(turn, case)) for turn in self.left]
        return [(moment, self._taker(turn)) for turn, moment in moments if moment is not None]

    def _taker(self, turn: Turn) -> Callable[[datetime], object]:
        def take(at: datetime) -> None:
            self.left.remove(turn)
            self._take[turn.kind](turn, at)

        return take

    def _moment(self, turn: Turn, case: Situation) -> datetime | None:
        walk = self.walk
        if case.stage != turn.stage or walk.visits[case.stage] != turn.visit:
            return None
        if turn.before_end is not None:
            return max(walk.end - timedelta(days=turn.before_end), walk.clock + timedelta(minutes=1))
        start = walk.stay.entered_at
        if turn.after_key:
            ended = self._ended.get((turn.after_key, case.visit_seq))
            if ended is None:
                return None
            start = ended
        moment = max(start + timedelta(days=turn.after), walk.clock + timedelta(minutes=5))
        return in_hours(moment, walk.calendar, walk.luck("turn", turn.kind))

    def _hold(self, turn: Turn, at: datetime) -> None:
        today = self.walk.calendar.local_date(at)
        review = self.walk.calendar.next_working_day_on_or_after(
            today + timedelta(days=min(turn.length or REVIEW_DAYS, REVIEW_DAYS))
        )
        hold(
            case_id=self.walk.case_id,
            reason=turn.reason,
            review_on=review,
            by=self._by(Role.COORDINATOR),
            at=at,
        )
        self.held_at = at
        self.resume_at = None
        if turn.length is not None:
            self.resume_at = in_hours(at + timedelta(days=turn.length), self.walk.calendar, 0.3)

    def _resume(self, at: datetime) -> None:
        assert self.held_at is not None, "nothing was held"
        resume(case_id=self.walk.case_id, by=self._by(Role.COORDINATOR), at=at)
        self.walk.shift(timedelta(days=(at - self.held_at).days))
        self.resume_at = None

    def _close(self, turn: Turn, at: datetime) -> None:
        evidence = {"note": NOTES[turn.reason]}
        if turn.reason == "transferred":
            evidence["receiving_clinic"] = "Northgate pump programme"
        if turn.reason in ("explanted", "died"):
            evidence["on"] = self.walk.calendar.local_date(at).isoformat()
        by = self._by(CLOSE_ROLE.get(turn.reason, Role.COORDINATOR))
        close(case_id=self.walk.case_id, reason=turn.reason, evidence=evidence, by=by, at=at)

    def _reopen(self, turn: Turn, at: datetime) -> None:
        reopen_case(case_id=self.walk.case_id, by=self._by(Role.COORDINATOR), at=at, reason=turn.reason)

    def _revise(self, turn: Turn, at: datetime) -> None:
        by = self._by(Role.NEUROSURGEON)
        advance(case_id=self.walk.case_id, edge="revise", by=by, at=at, reason=turn.reason)

    def _retitrate(self, turn: Turn, at: datetime) -> None:
        by = self._by(Role.PHYSIATRIST)
        advance(case_id=self.walk.case_id, edge="retitrate", by=by, at=at, reason=turn.reason)

    def _correct(self, turn: Turn, at: datetime) -> None:
        todo = self._newest(turn.key)
        reopen(todo_id=todo.id, by=self.walk.owner(todo), at=at, reason=turn.reason)

    def _skip(self, turn: Turn, at: datetime) -> None:
        todo = self._newest(turn.key)
        if todo.is_open:
            mark_not_applicable(todo_id=todo.id, by=self.walk.owner(todo), at=at, reason=turn.reason)

    def _report(self, turn: Turn, at: datetime) -> None:
        """Somebody calls the coordinator; what is suspected is what the physicians will answer."""
        report(
            case_id=self.walk.case_id,
            request_id=new_id(),
            signs=PICTURES[turn.key],
            onset_at=at - timedelta(hours=3),
            note=turn.reason,
            by=self._by(Role.COORDINATOR),
            at=at,
        )
        incident = Incident.objects.get(case_id=self.walk.case_id, closed_at__isnull=True)
        self.walk.memory.suspected = [Condition(one) for one in incident.conditions]

    def _acknowledge(self, turn: Turn, at: datetime) -> None:
        incident = Incident.objects.get(case_id=self.walk.case_id, closed_at__isnull=True)
        acknowledge(incident_id=incident.id, by=self._by(Role.PHYSIATRIST), at=at)

    def _newest(self, key: str) -> Todo:
        return Todo.objects.filter(case_id=self.walk.case_id, key=key).latest("occurrence")

    def _by(self, role: Role | str) -> Clinician:
        return self.walk.person(role)
