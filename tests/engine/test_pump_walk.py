"""Random clinical events on a case with a pump, each through the real verbs, in time or late, kept or corrected.

After every step: one live refill duty, dated from a refill-by date that no alarm and no stability date lies before, and
columns of the pump that equal a fresh fold of everything on record.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pathway.engine.advance import advance
from pathway.engine.cases import hold, refresh, resume
from pathway.engine.errors import EngineError
from pathway.engine.reopening import reopen
from pathway.engine.timers import fire_due
from pathway.engine.todos import complete, record_now
from pathway.models import Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Stage
from tests.cast import MONDAY, make_cast, referred
from tests.engine.kept_pump import KeptPump
from tests.examples import example, moved
from tests.walk import Walk

HOURS_BACK = st.integers(min_value=0, max_value=24 * 6)
FACTOR = st.sampled_from(["0.8", "0.9", "1", "1.05", "1.15", "1.4", "3"])
STRENGTH = st.sampled_from([None, None, 500, 1000, 2000])
LOGGED = ("refill", "titration_review", "program_change", "pump_event", "first_program")
SAID = {
    "over_limit_reason": "Spasms came back.",
    "residual_action": "Aspirated again; log and program looked at.",
}


class Running(KeptPump):
    """One case whose pump runs, and everything that happens to a pump."""

    model: str
    count = 0
    done: ClassVar[Counter[str]] = Counter()
    refused: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        Running.count += 1
        self.serials = 0
        self.case_id: UUID = referred(self.cast, mrn=f"P-{Running.count:05}")
        self.walk = Walk(self.cast, self.case_id, MONDAY + timedelta(hours=6), self.adjust)

    def adjust(self, todo: Todo, values: dict[str, Any]) -> dict[str, Any]:
        """Every operation brings a pump of its own."""
        if todo.key != "operation":
            return values
        self.serials += 1
        made = {"pump_serial": f"SYN-{Running.count:04}-{self.serials:03}", "pump_model": self.model}
        return {**values, **made}

    @initialize()
    def the_pump_runs(self) -> None:
        self.walk.do_all(until=Stage.TITRATION)
        self.walk.wait(8)

    # --- reading ---------------------------------------------------------------------------------------------------

    def strength_or(self, strength: int | None) -> int:
        return strength or int(self.pump.concentration_mcg_per_ml or 500)

    def dose(self, factor: str) -> Decimal:
        return round((self.pump.daily_dose_mcg_per_day or Decimal(100)) * Decimal(factor))

    def try_it(self, name: str, verb: Any, **values: Any) -> bool:
        """A refusal is an answer; anything else but success is a defect."""
        try:
            verb(at=self.walk.at, **values)
        except EngineError as error:
            Running.refused[f"{name}: {error}"[:150]] += 1
            return False
        Running.done[name] += 1
        return True

    def open_todo(self, key: str) -> Todo | None:
        return Todo.objects.filter(case_id=self.case_id, key=key, state="open").first()

    # --- what happens ----------------------------------------------------------------------------------------------

    @rule(
        back=HOURS_BACK,
        factor=FACTOR,
        strength=STRENGTH,
        volume=st.integers(5, 20),
        aspirated=st.integers(0, 8),
        alarm=st.sampled_from([None, None, "3", "4"]),
        eri=st.sampled_from([False, False, False, True]),
    )
    def refill(self, back: int, factor: str, strength: int | None, volume: int, **more: Any) -> None:
        self.refill_with(back, factor, strength, volume, **more)

    def refill_with(
        self, back: int, factor: str, strength: int | None, volume: int, *, aspirated: int, **more: Any
    ) -> None:
        todo = self.open_todo("refill")
        assert todo is not None
        at, new = self.walk.at - timedelta(hours=back), self.strength_or(strength)
        record = example(
            "refill",
            refilled_at=at,
            refilled_on=at.date(),
            expected_residual_ml=None,
            aspirated_ml=Decimal(aspirated),
            filled_ml=Decimal(volume),
            concentration_mcg_per_ml=new,
            daily_dose_mcg_per_day=self.dose(factor),
            bridge="done" if new != self.pump.concentration_mcg_per_ml else "",
            alarm_setting_ml=Decimal(more["alarm"]) if more["alarm"] else None,
            eri_seen=more["eri"],
            **SAID,
        )
        by, second = self.cast.phil, self.cast.nora.id
        self.try_it("refill", complete, todo_id=todo.id, by=by, record=record, second=second)

    @rule(back=HOURS_BACK, factor=FACTOR, volume=st.integers(5, 20), alarm=st.sampled_from([None, "3", "4"]))
    def refill_again(self, back: int, factor: str, volume: int, alarm: str | None) -> None:
        self.refill_with(back, factor, None, volume, aspirated=2, alarm=alarm, eri=False)

    def program(self, back: int, factor: str, strength: int | None, mode: str) -> dict[str, Any]:
        at, dose, new = self.walk.at - timedelta(hours=back), self.dose(factor), self.strength_or(strength)
        schedule = [
            {"kind": "step", "at": "00:00", "dose_mcg": str(dose - dose // 3)},
            {"kind": "step", "at": "14:30", "dose_mcg": str(dose // 3)},
        ]
        return example(
            "program",
            effective_at=at,
            effective_on=at.date(),
            daily_dose_mcg_per_day=dose,
            concentration_mcg_per_ml=new,
            mode=mode,
            schedule=schedule if mode == "flex" else [],
            bridge="done" if new != self.pump.concentration_mcg_per_ml else "",
            over_limit_reason=SAID["over_limit_reason"],
        )

    @rule(
        back=HOURS_BACK, factor=FACTOR, strength=STRENGTH, mode=st.sampled_from(["simple_continuous", "flex"])
    )
    def review(self, back: int, factor: str, strength: int | None, mode: str) -> None:
        todo = (
            self.open_todo("titration_review")
            or self.open_todo("program_change")
            or self.open_todo("first_program")
        )
        if todo is not None:
            record, second = self.program(back, factor, strength, mode), self.cast.nora.id
            self.try_it(todo.key, complete, todo_id=todo.id, by=self.cast.phil, record=record, second=second)

    @rule(
        back=HOURS_BACK, factor=FACTOR, strength=STRENGTH, mode=st.sampled_from(["simple_continuous", "flex"])
    )
    def program_change(self, back: int, factor: str, strength: int | None, mode: str) -> None:
        self.record("program_change", self.program(back, factor, strength, mode))

    @rule(
        back=HOURS_BACK,
        event=st.sampled_from(["bolus", "purge", "aspiration", "prime", "measured", "stopped"]),
        tenths=st.integers(1, 80),
    )
    def pump_event(self, back: int, event: str, tenths: int) -> None:
        at = self.walk.at - timedelta(hours=back)
        amount = None if event in ("stopped", "bolus") else Decimal(tenths) / 10
        dose = Decimal(tenths) if event == "bolus" else None
        values = {
            "happened_at": at,
            "happened_on": at.date(),
            "event": event,
            "volume_ml": amount,
            "dose_mcg": dose,
        }
        self.record("pump_event", example("volume_event", **values))

    def record(self, key: str, record: dict[str, Any]) -> None:
        todo = self.open_todo(key)
        if todo is not None:
            second = self.cast.nora.id
            self.try_it(key, complete, todo_id=todo.id, by=self.cast.phil, record=record, second=second)
            return
        asked = {"case_id": self.case_id, "key": key, "request_id": new_id(), "second": self.cast.nora.id}
        self.try_it(key, record_now, by=self.cast.phil, record=record, **asked)

    @rule(key=st.sampled_from(["refill", *LOGGED]), number=st.integers(0, 30))
    def take_a_record_back(self, key: str, number: int) -> None:
        """Somebody sees that a record was wrong: the last one, or one of weeks ago."""
        done = list(Todo.objects.filter(case_id=self.case_id, key=key, state="done").order_by("id"))
        if done:
            todo = done[number % len(done)]
            self.try_it(
                f"reopen {key}", reopen, todo_id=todo.id, by=self.cast.phil, reason="Another patient's."
            )

    @rule(number=st.integers(0, 30))
    def take_a_refill_back(self, number: int) -> None:
        self.take_a_record_back("refill", number)

    @rule(
        volume=st.sampled_from(["10", "18", "20"]),
        strength=st.sampled_from([500, 1000]),
        length=st.sampled_from([None, Decimal(60)]),
    )
    def correct_the_operation(self, volume: str, strength: int, length: Decimal | None) -> None:
        todo = self.walk.todo("operation")
        if todo.state != "done" or todo.result.get("record") != str(self.pump.operation_id):
            return
        before = self.pump.operation.content()
        cut = None if length is None else before["catheter_total_cm"] - length
        values = {"fill_ml": Decimal(volume), "concentration_mcg_per_ml": strength}
        values |= {"catheter_implanted_cm": length, "catheter_trimmed_cm": cut}
        assert self.try_it("reopen operation", reopen, todo_id=todo.id, by=self.cast.nora, reason="Misread.")
        self.each_invariant()
        record = {**before, **values}
        if not self.try_it("operation", complete, todo_id=todo.id, by=self.cast.nora, record=record):
            assert self.try_it("operation", complete, todo_id=todo.id, by=self.cast.nora, record=before)

    @rule(earlier=st.booleans())
    def correct_the_history(self, earlier: bool) -> None:
        todo = self.walk.todo("neuro_history")
        before = self.pump.refill_by
        reopened = self.try_it(
            "reopen history", reopen, todo_id=todo.id, by=self.cast.phil, reason="New letter."
        )
        if reopened:
            here = self.walk.at.astimezone(
                ZoneInfo(self.cast.clinic.time_zone)
            ).date()  # its onset is no day to come
            record = {**moved("neuro_history", here), "earlier_withdrawal": earlier}
            assert self.try_it("history", complete, todo_id=todo.id, by=self.cast.phil, record=record), [
                said for said in Running.refused if said.startswith("history")
            ]
        if earlier and before is not None:
            assert self.pump.refill_by is not None
            assert self.pump.refill_by <= before, "more danger, a later date"

    @rule()
    def confirm_as_second(self) -> None:
        todo = self.open_todo("second_check")
        if todo is not None:
            self.walk.at += timedelta(minutes=1)
            record = example("second_check", agrees=self.walk.at.day % 2 == 0, remarks="Looked at it.")
            self.try_it("second_check", complete, todo_id=todo.id, by=self.cast.nora, record=record)

    @rule(days=st.integers(1, 20))
    def book(self, days: int) -> None:
        todo = self.open_todo("book_refill")
        if todo is not None:
            record = {
                **moved("booking", self.walk.today),
                "booked": "refill",
                "booked_for": self.walk.today + timedelta(days=days),
            }
            self.try_it("book_refill", complete, todo_id=todo.id, by=self.cast.cora, record=record)

    @rule()
    def settle_what_ends_the_pump(self) -> None:
        for key in ("service_life", "replace_after_eri"):
            todo = self.open_todo(key)
            if todo is not None:
                self.walk.at += timedelta(minutes=1)
                kind = "service_life" if key == "service_life" else "device_plan"
                record = example(kind)
                self.try_it(key, complete, todo_id=todo.id, by=self.cast.nora, record=record)

    @rule(days=st.integers(5, 30))
    def hold_it(self, days: int) -> None:
        review = self.walk.today + timedelta(days=days)
        self.try_it(
            "hold", hold, case_id=self.case_id, by=self.cast.cora, reason="Travels.", review_on=review
        )

    @rule()
    def resume_it(self) -> None:
        self.try_it("resume", resume, case_id=self.case_id, by=self.cast.cora)

    @precondition(lambda self: self.serials < 2 and self.walk.case.stage == Stage.TITRATION)
    @rule()
    def a_new_pump(self) -> None:
        """The case goes back to the theatre; until the operation the old pump keeps its duty."""
        self.walk.at = (self.walk.at + timedelta(days=1)).replace(
            hour=18
        )  # the same day in the clinic and in UTC
        moves = {"case_id": self.case_id, "edge": "revise", "by": self.cast.nora, "reason": "Catheter broke."}
        if not self.try_it("revise", advance, **moves):
            return
        for _ in range(60):
            self.each_invariant()
            todo = next((one for one in self.walk.open() if one.key in OPERATED), None)
            if todo is None:
                return
            self.walk.wait(max(0, (todo.due_on - self.walk.today).days) + 1 if todo.key == "operation" else 0)
            self.walk.do(todo.key, **self.carried(todo.key))

    def carried(self, key: str) -> dict[str, Any]:
        """A new pump holds and runs what the old one did."""
        strength = {"concentration_mcg_per_ml": int(self.pump.concentration_mcg_per_ml or 500)}
        reason = {"over_limit_reason": SAID["over_limit_reason"]}
        return {"operation": strength, "first_program": strength | reason}.get(key, {})

    @rule(hours=st.integers(1, 24 * 30))
    def time_passes(self, hours: int) -> None:
        self.walk.at += timedelta(hours=hours)
        while fire_due(at=self.walk.at):
            pass
        refresh(case_id=self.case_id, at=self.walk.at)


OPERATED = ("theatre_booking", "surgical_plan", "anesthesia_plan", "operation", "first_program")


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["synchromed-ii", "synchromed-iii"])
def test_one_refill_duty_whatever_happens_to_the_pump(model: str) -> None:
    Running.cast, Running.model = make_cast(), model
    Running.done.clear()
    Running.refused.clear()
    run_state_machine_as_test(
        Running,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            phases=[Phase.generate],  # a step takes a tenth of a second: shrinking would take minutes
            report_multiple_bugs=False,
        ),
    )
    happened = {name.split(":")[0] for name in Running.done}
    assert {"refill", "program_change", "pump_event", "history", "book_refill", "reopen refill"} <= happened
