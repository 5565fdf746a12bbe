"""Observations of a trial day: who may record them, what is refused without a trace, additions and corrections."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused, Stale
from pathway.engine.reopening import reopen
from pathway.engine.todos import complete
from pathway.engine.trials import observe
from pathway.models import Clinician, Event, Membership, TrialObservation
from pathway.protocol.roles import Role, Stage
from tests.cast import Cast, person
from tests.engine.test_edges import at_stage, do_until
from tests.engine.traces import nothing_written
from tests.examples import moved
from tests.walk import Walk

TONE = [
    {"muscle": "hip_adductors", "left": "3", "right": "3"},
    {"muscle": "knee_flexors", "left": "3", "right": "2"},
]
BETTER = [
    {"muscle": "hip_adductors", "left": "1+", "right": "2"},
    {"muscle": "knee_flexors", "left": "2", "right": "1"},
]


def values(observed_at: datetime, **changes: Any) -> dict[str, Any]:
    """What a nurse writes."""
    return {
        "observed_at": observed_at,
        "heart_rate": 74,
        "systolic": 122,
        "diastolic": 76,
        "spo2": 97,
        "respiratory_rate": 14,
        "sedation": "awake",
        "temperature_c": None,
        "tone": [],
        "penn": None,
        "adverse_events": [],
        **changes,
    }


class TrialDay:
    """A case whose dose was just given, its clock, and one press of a button at a minute of it."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.walk: Walk = do_until(at_stage(cast, Stage.TRIAL), "trial_readings")
        self.todo = self.walk.todo("trial_readings")
        given_at = self.walk.todo("trial_dose").result["given_at"]
        self.injected_at = datetime.fromisoformat(given_at)
        self.nurse = person("nell", cast.clinic, Role.NURSE)

    def at(self, minute: float) -> datetime:
        return self.injected_at + timedelta(minutes=minute)

    def observe(
        self, minute: int, by: Clinician | None = None, *, taken: float | None = None, **changes: Any
    ) -> Any:
        """Record it now, two minutes after it was taken."""
        correction = {name: changes.pop(name) for name in ("correcting", "reason") if name in changes}
        taken = (minute or -5) if taken is None else taken
        return observe(
            todo_id=self.todo.id,
            by=by or self.nurse,
            at=self.at(max(taken, 0) + 2),
            minute=minute,
            values=values(self.at(taken), **changes),
            **correction,
        )


@pytest.fixture
def day(cast: Cast) -> TrialDay:
    return TrialDay(cast)


def test_whoever_is_at_the_bedside_records_one_event_each_and_the_to_do_stays_open(day: TrialDay) -> None:
    therapist = person("theo", day.cast.clinic, Role.THERAPIST)
    people = [day.cast.phil, day.cast.nora, day.cast.anna, day.nurse, therapist]
    for minute, by in zip((0, 15, 30, 45, 60), people, strict=True):
        assert not day.observe(minute, by).repeated
    rows = TrialObservation.objects.order_by("minute")
    assert [(row.minute, row.recorded_by, row.role) for row in rows] == [
        (0, day.cast.phil, "physiatrist"),
        (15, day.cast.nora, "neurosurgeon"),
        (30, day.cast.anna, "anesthesiologist"),
        (45, day.nurse, "nurse"),
        (60, therapist, "therapist"),
    ]
    events = Event.objects.filter(verb="observe").order_by("seq")
    assert [event.data["minute"] for event in events] == [0, 15, 30, 45, 60]
    assert events[3].role == "nurse"
    assert day.walk.todo("trial_readings").is_open


def test_the_coordinator_and_another_clinic_may_not(day: TrialDay) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="may record an observation"):
        day.observe(15, day.cast.cora)
    with nothing_written(), pytest.raises(NotFound):
        day.observe(15, day.cast.omar)
    Membership.objects.filter(clinician=day.nurse).delete()
    with nothing_written(), pytest.raises(NotFound):
        day.observe(15)


def test_repeating_the_same_changes_nothing(day: TrialDay) -> None:
    day.observe(60, tone=TONE, temperature_c=Decimal("36.6"), adverse_events=["nausea"])
    empty = {"muscle": "foot_invertors", "left": "", "right": None}
    with nothing_written():
        assert day.observe(
            60, tone=[*TONE, empty], temperature_c=Decimal("36.6"), adverse_events=["nausea"]
        ).repeated


def test_tone_may_be_added_to_the_vital_signs_but_nothing_changed(day: TrialDay) -> None:
    day.observe(60)
    day.observe(60, day.cast.phil, tone=TONE, penn=2)
    live = TrialObservation.objects.get(superseded_at__isnull=True)
    assert (live.grades()["hip_adductors left"], live.penn, live.recorded_by) == ("3", 2, day.cast.phil)
    assert TrialObservation.objects.filter(superseded_at__isnull=False).count() == 1
    with nothing_written(), pytest.raises(Stale, match="already recorded by a colleague"):
        day.observe(60, heart_rate=80, tone=TONE, penn=2)
    with nothing_written(), pytest.raises(Stale, match="already recorded by you"):
        day.observe(60, day.cast.phil, tone=BETTER, penn=2)


def test_a_correction_needs_a_reason_and_keeps_what_was_written(day: TrialDay) -> None:
    day.observe(15, heart_rate=174)
    with nothing_written(), pytest.raises(Invalid, match="Write why it is corrected"):
        day.observe(15, heart_rate=74, correcting=True, reason="  ")
    day.observe(15, heart_rate=74, correcting=True, reason="Typed 174 for 74.")
    old, new = TrialObservation.objects.order_by("recorded_at", "id")
    assert (old.heart_rate, old.superseded_at is not None) == (174, True)
    assert (new.heart_rate, new.superseded_at, new.correction_reason) == (74, None, "Typed 174 for 74.")
    assert Event.objects.filter(verb="observe").latest("seq").data["reason"] == "Typed 174 for 74."


def test_rows_are_never_edited_or_deleted(day: TrialDay) -> None:
    day.observe(15)
    row = TrialObservation.objects.get()
    for change in (row.delete, lambda: TrialObservation.objects.update(heart_rate=60)):
        with nothing_written(), pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_there_is_no_trial_day_without_a_dose_or_on_another_to_do(day: TrialDay) -> None:
    goals = day.walk.todo("goals")
    with nothing_written(), pytest.raises(Refused, match="does not read a screening dose"):
        observe(todo_id=goals.id, by=day.nurse, at=day.at(17), minute=15, values=values(day.at(15)))
    dose = day.walk.todo("trial_dose")
    reopen(todo_id=dose.id, by=day.cast.nora, at=day.at(5), reason="Wrong lot number.")
    with nothing_written(), pytest.raises(Refused, match="No screening dose is on record"):
        day.observe(15)


def test_a_settled_to_do_takes_no_more(day: TrialDay) -> None:
    day.observe(15)
    record = moved("trial_readings", day.walk.today)
    complete(todo_id=day.todo.id, by=day.cast.phil, at=day.at(500), record=record)
    with nothing_written(), pytest.raises(Refused, match="not open"):
        day.observe(30)
    with nothing_written():
        assert day.observe(15).repeated


REFUSED: list[tuple[str, int, float, dict[str, Any], str, str]] = [
    ("beyond 8 h", 540, 540, {}, "minute", "Observations end 8 h after the injection."),
    ("no such minute", 50, 50, {}, "minute", "There is no observation at 50 min; they are at 0, 15, 30"),
    ("0 after the dose", 0, 3, {}, "observed_at", "taken before the injection, not after it"),
    ("0 too old", 0, -1500, {}, "observed_at", "more than 24 h before the injection"),
    ("before the dose", 15, -3, {}, "observed_at", "before the injection: only the reading at 0 min is"),
    (
        "another minute",
        15,
        44,
        {},
        "observed_at",
        "This is 44 min after the injection: that is the observation at 45",
    ),
    (
        "after the end",
        480,
        600,
        {},
        "observed_at",
        "600 min after the injection: observations end at 480 min",
    ),
    ("diastolic", 15, 15, {"systolic": 80, "diastolic": 120}, "diastolic", "lies below the systolic"),
    (
        "grade",
        60,
        60,
        {"tone": [{"muscle": "hip_adductors", "left": "5"}]},
        "tone",
        "Hip adductors, left: 5 is not on",
    ),
    ("no sedation", 15, 15, {"sedation": ""}, "sedation", "blank"),
    ("spo2", 15, 15, {"spo2": 101}, "spo2", "from 40 to 100 %"),
    ("unknown", 15, 15, {"dose_mcg": 50}, "dose_mcg", "no such field"),
]


@pytest.mark.parametrize(
    ("minute", "taken", "changes", "field", "sentence"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_what_does_not_fit_is_refused_at_its_field(
    day: TrialDay, minute: int, taken: float, changes: dict[str, Any], field: str, sentence: str
) -> None:
    with nothing_written(), pytest.raises(Invalid) as refused:
        day.observe(minute, taken=taken, **changes)
    assert list(refused.value.errors) == [field]
    assert sentence in refused.value.errors[field][0]


def test_a_time_to_come_is_refused(day: TrialDay) -> None:
    with nothing_written(), pytest.raises(Invalid, match="lies in the future"):
        observe(todo_id=day.todo.id, by=day.nurse, at=day.at(14), minute=15, values=values(day.at(15)))


def test_readings_follow_each_other(day: TrialDay) -> None:
    day.observe(45, taken=58)
    with nothing_written(), pytest.raises(Invalid) as refused:
        day.observe(60, taken=50)
    [sentence] = refused.value.errors["observed_at"]
    assert sentence.startswith("The observation at 45 min was taken at ")
    day.observe(60, taken=61)
    with nothing_written(), pytest.raises(Invalid, match=r"45 min was taken at .*this one was earlier"):
        day.observe(30, taken=59)


def test_every_reading_scores_the_muscles_of_the_one_before_the_dose(day: TrialDay) -> None:
    day.observe(0, tone=TONE)
    with nothing_written(), pytest.raises(Invalid) as refused:
        day.observe(60, tone=[TONE[0], {"muscle": "elbow_flexors", "left": "2"}])
    assert refused.value.errors["tone"] == [
        "Knee flexors (hamstrings), left is missing: it was scored before the dose.",
        "Knee flexors (hamstrings), right is missing: it was scored before the dose.",
        "Elbow flexors, left was not scored before the dose: leave it out.",
    ]
    day.observe(60, tone=BETTER)
    with nothing_written(), pytest.raises(Invalid, match="in the other readings of this dose"):
        day.observe(0, tone=TONE[:1], correcting=True, reason="Only the hips.")


def test_a_dose_and_its_readings_fit_the_doses_given_before(day: TrialDay) -> None:
    """The hard stops of clinical.md 2.1, through the verb that completes the to-dos."""
    walk, phil, nora = day.walk, day.cast.phil, day.cast.nora
    inadequate = moved("trial_readings", walk.today) | {"verdict": "inadequate"}
    with nothing_written(), pytest.raises(Invalid) as refused:
        complete(todo_id=day.todo.id, by=phil, at=day.at(500), record=inadequate | {"dose_mcg": 75})
    assert list(refused.value.errors) == ["dose_mcg"]
    assert "was 50 mcg, not 75 mcg" in refused.value.errors["dose_mcg"][0]
    complete(todo_id=day.todo.id, by=phil, at=day.at(500), record=inadequate)

    todo, again = walk.todo("trial_dose"), moved("trial_dose", walk.today)
    for changes, field, sentence in (
        ({"dose_mcg": 50}, "dose_mcg", "The next dose of this course is 75 mcg."),
        ({"dose_mcg": 75, "given_at": day.at(1439)}, "given_at", "24 h later"),
        (
            {"dose_mcg": 75, "concentration_mcg_per_ml": Decimal(500)},
            "concentration_mcg_per_ml",
            "refill strength",
        ),
    ):
        record = again | {"given_at": day.at(1440)} | changes
        with nothing_written(), pytest.raises(Invalid) as refused:
            complete(todo_id=todo.id, by=nora, at=day.at(1450), record=record)
        assert list(refused.value.errors) == [field]
        assert sentence in refused.value.errors[field][0]
    record = again | {"dose_mcg": 75, "given_at": day.at(1440)}
    complete(todo_id=todo.id, by=nora, at=day.at(1450), record=record)
    read = walk.todo("trial_readings")
    assert read.is_open
    observe(todo_id=read.id, by=phil, at=day.at(1460), minute=15, values=values(day.at(1455)))


def test_a_correction_of_a_dose_is_judged_without_its_old_version(day: TrialDay) -> None:
    dose = day.walk.todo("trial_dose")
    reopen(todo_id=dose.id, by=day.cast.nora, at=day.at(5), reason="The time was wrong.")
    record = moved("trial_dose", day.walk.today) | {"given_at": day.at(2)}
    complete(todo_id=dose.id, by=day.cast.nora, at=day.at(8), record=record)
    assert not day.observe(15).repeated
