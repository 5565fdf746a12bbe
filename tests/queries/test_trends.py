"""The course of a case in numbers: what was set, scored, filled and read, and the volume that follows from it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pathway.engine.devices import NewModel, add_pump_model
from pathway.engine.reopening import reopen
from pathway.models import Assessment, Case, Operation, ProgramRecord, Pump, Refill
from pathway.queries.pump_log import read_pump
from pathway.queries.trends import Source, Trends, read_trends
from tests.cast import MONDAY, Cast, referred
from tests.pumps import typed
from tests.titrate import record, refill, step
from tests.walk import Walk

ZONE = ZoneInfo("America/Chicago")


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A pump was just put in and programmed."""
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    walk.do_all(until="titration")
    return walk


def trends(walk: Walk, later: timedelta = timedelta()) -> Trends:
    case = Case.objects.select_related("clinic").get(pk=walk.case_id)
    return read_trends(case, walk.at + later)


# --- doses ---


def test_doses_in_order_with_what_changed_and_who_set_it(walk: Walk, cast: Cast) -> None:
    step(walk, 120)
    step(walk, 120)
    refill(walk, "8.0", "8.0", 120, 14)
    found = trends(walk).doses
    assert [(dose.mcg_per_day, dose.changed, dose.source) for dose in found] == [
        (100, True, Source.PROGRAM),
        (120, True, Source.PROGRAM),
        (120, False, Source.PROGRAM),
        (120, False, Source.REFILL),
    ]
    assert [dose.at for dose in found] == sorted(dose.at for dose in found)
    assert {dose.by for dose in found} == {"phil"}
    assert found[1].todo_id == ProgramRecord.objects.order_by("effective_at")[1].todo_id


def test_a_corrected_program_counts_once_with_its_new_dose(walk: Walk, cast: Cast) -> None:
    reopen(todo_id=walk.todo("first_program").id, by=cast.phil, at=walk.at, reason="Typed the wrong dose.")
    assert trends(walk).doses == ()
    walk.do("first_program", daily_dose_mcg_per_day=Decimal(50))
    assert ProgramRecord.objects.count() == 2
    assert [dose.mcg_per_day for dose in trends(walk).doses] == [50]


def test_the_last_dose_runs_until_the_pump_comes_out(walk: Walk) -> None:
    assert trends(walk, timedelta(days=9)).doses_end_at == walk.at + timedelta(days=9)
    out = walk.today + timedelta(days=3)
    Pump.objects.update(explanted_on=out, explant_reason="Infection")
    found = trends(walk, timedelta(days=9))
    assert found.doses_end_at == datetime(out.year, out.month, out.day, 12, tzinfo=ZONE)
    [pump] = found.pumps
    assert (pump.in_place, pump.running, pump.ahead) == (False, False, ())
    assert pump.past[-1].at == found.doses_end_at


# --- spasticity ---


def test_scores_of_assessments_trial_and_programs(walk: Walk) -> None:
    step(walk, 120, mas_mean=Decimal("2.10"), penn_frequency=1)
    step(walk, 140)
    found = trends(walk).scores
    assert [score.source for score in found] == [Source.ASSESSMENT, Source.TRIAL, Source.PROGRAM]
    assessed, trial, program = found
    assert assessed.mas_mean == Assessment.objects.get().mas_mean()
    assert (trial.mas_mean, trial.penn) == (Decimal("3.1"), 3)
    assert (program.mas_mean, program.penn, program.day_only) == (Decimal("2.10"), 1, False)
    local = assessed.at.astimezone(ZONE)
    assert (assessed.day_only, local.date(), local.hour) == (True, Assessment.objects.get().assessed_on, 12)


def test_the_baseline_is_the_last_assessment_before_the_first_dose(walk: Walk) -> None:
    found = trends(walk)
    assert found.baseline == found.scores[0]
    later = Assessment.objects.get()
    later.pk, later.todo_id = None, walk.todo("titration_review").id
    later.id = Operation.objects.get().id  # any new id
    later.assessed_on = walk.today + timedelta(days=30)
    later.save(force_insert=True)
    again = trends(walk, timedelta(days=60))
    assert again.baseline == found.baseline
    assert again.scores[-1].source is Source.ASSESSMENT


# --- reservoir ---


def test_the_line_is_what_the_clinical_layer_expects(walk: Walk) -> None:
    step(walk, 120)
    step(walk, 140)
    [pump] = trends(walk, timedelta(days=10)).pumps
    operation = Operation.objects.get()
    assert (pump.past[0].at, pump.past[0].ml) == (operation.filled_at, operation.fill_ml)
    read = read_pump(walk.case_id, ZONE.key)
    assert read is not None
    for level in (*pump.past[1::2], pump.past[-1]):
        assert level.ml == read.facts.log.until(level.at).residual_ml(level.at)
    assert pump.past[-1].at == walk.at + timedelta(days=10)
    assert [level.ml for level in pump.past] == sorted((level.ml for level in pump.past), reverse=True)


def test_ahead_the_line_meets_the_stored_dates(walk: Walk) -> None:
    [pump] = trends(walk).pumps
    stored = Pump.objects.get()
    now, empty = pump.ahead
    assert (now, empty.ml) == (pump.past[-1], 0)
    alarm_at = now.at + (empty.at - now.at) * float((now.ml - pump.alarm_ml) / now.ml)
    assert abs((alarm_at.astimezone(ZONE).date() - stored.alarm_on).days) <= 1
    assert (pump.refill_by, pump.alarm_on, pump.dry_on) == (stored.refill_by, stored.alarm_on, stored.dry_on)
    assert pump.refill_by is not None
    assert now.at.date() < pump.refill_by < pump.alarm_on <= empty.at.date()  # type: ignore[operator]


def test_a_reservoir_that_ran_empty_stays_at_nothing(walk: Walk) -> None:
    [pump] = trends(walk, timedelta(days=400)).pumps
    assert [level.ml for level in pump.past[-2:]] == [0, 0]
    assert pump.past[-2].at < pump.past[-1].at == walk.at + timedelta(days=400)
    assert pump.ahead == ()
    assert pump.running


def test_a_refill_with_what_was_expected_found_and_filled(walk: Walk) -> None:
    refill(walk, "12.0", "12.2", 100, 30)
    [pump] = trends(walk, timedelta(days=1)).pumps
    [seen] = pump.refills
    assert (seen.expected_ml, seen.aspirated_ml, seen.filled_ml) == (Decimal("12.2"), 12, 20)
    assert (seen.difference_ml, seen.warnings) == (Decimal("-0.2"), ())
    # 18 mL less 30 days at 100 mcg/day of 500 mcg/mL, one of them an hour short: the clocks went forward.
    assert seen.computed_ml == 18 - Decimal(719) / 24 / 5
    at_refill = [level.ml for level in pump.past if level.at == seen.at]
    assert (at_refill[0], at_refill[-1]) == (seen.computed_ml, 20)


def test_a_discrepancy_carries_the_clinical_layers_sentence(walk: Walk) -> None:
    refill(walk, "15.0", "12.0", 100, 30)
    refill(walk, "17.0", "14.0", 100, 30)
    first, second = trends(walk).pumps[0].refills
    assert "3 mL off the expected volume; the limit is 2 mL." in first.warnings
    assert any("Two refills in a row erred alike" in text for text in second.warnings)
    assert not any("in a row" in text for text in first.warnings)


def test_a_superseded_refill_leaves_the_line_alone(walk: Walk) -> None:
    refill(walk, "12.0", "12.0", 100, 30)
    Refill.objects.update(superseded_at=walk.at)
    [pump] = trends(walk).pumps
    assert pump.refills == ()
    assert 11.5 < pump.past[-1].ml < 12.5


def test_a_bolus_a_correction_and_a_stop_bend_the_line(walk: Walk, cast: Cast) -> None:
    start = walk.today
    record(walk, 10, event="bolus", dose_mcg=Decimal(50))
    record(walk, 10, event="measured", volume_ml=Decimal("9.5"))
    record(walk, 10, event="stopped")
    found = trends(walk, timedelta(days=10))
    [pump] = found.pumps
    assert [(seen.ml, seen.measured) for seen in pump.events] == [
        (Decimal("0.1"), False),
        (Decimal("9.5"), True),
        (None, False),
    ]
    bolus, measured, stopped = (
        datetime.combine(start + timedelta(days), time(1), ZONE) for days in (10, 20, 30)
    )
    at_bolus = [level.ml for level in pump.past if level.at == bolus]
    assert at_bolus[0] - at_bolus[-1] == Decimal("0.1")
    assert [level.ml for level in pump.past if level.at == measured][-1] == Decimal("9.5")
    assert pump.past[-2].ml == pump.past[-1].ml > 0  # nothing runs any more
    assert pump.ahead == ()
    assert pump.stopped_at == stopped
    assert (found.doses[-1].mcg_per_day, found.doses[-1].source) == (0, Source.EVENT)


def test_a_new_pump_takes_over_where_the_old_one_ends(walk: Walk) -> None:
    old = Pump.objects.select_related("operation").get()
    walk.wait(40)
    operation, todo_id = old.operation, walk.todo("titration_review").id
    operation.pk = walk.todo("refill").id  # any new id
    operation.todo_id, operation.operated_on, operation.filled_on = todo_id, walk.today, walk.today
    operation.filled_at = walk.at
    operation.save(force_insert=True)
    Pump.objects.update(explanted_on=walk.today, explant_reason="Replaced at an operation.")
    old.pk, old.operation, old.serial, old.implanted_on = operation.pk, operation, "SYN-004712", walk.today
    old.save(force_insert=True)
    first, second = trends(walk, timedelta(days=5)).pumps
    assert (first.serial, first.in_place, second.serial, second.running) == (
        "SYN-004711",
        False,
        "SYN-004712",
        True,
    )
    assert first.past[-1].at == second.past[0].at == walk.at
    assert first.past[-1].ml < first.past[0].ml
    assert second.past[-1].ml == second.past[0].ml == operation.fill_ml  # not programmed yet


# --- trial, and the whole ---


def test_each_screening_dose_with_its_readings_in_order(walk: Walk) -> None:
    [course] = trends(walk).trial
    assert (course.dose_mcg, course.by) == (50, "phil")
    assert [reading.hours for reading in course.readings] == [0, 1, 2, 4, 6, 8]
    assert course.before is not None
    assert (course.before.mas_mean, course.before.penn) == (Decimal("3.1"), 3)
    assert course.verdict.startswith("Positive")


def test_a_fresh_case_has_nothing_and_knows_the_open_to_do(cast: Cast) -> None:
    walk = Walk(cast, referred(cast), MONDAY)
    found = trends(walk)
    assert (found.doses, found.scores, found.pumps, found.trial, found.baseline) == ((), (), (), (), None)
    assert found.open_todos["baseline_spasticity"] == walk.todo("baseline_spasticity").id


def test_another_cases_records_stay_out(walk: Walk, cast: Cast) -> None:
    other = Walk(cast, referred(cast, mrn="R-1002"), walk.at)
    assert trends(other).doses == ()
    assert trends(other).pumps == ()


def test_eight_queries_however_long_the_course(walk: Walk, django_assert_num_queries: Any) -> None:
    step(walk, 120)
    refill(walk, "12.0", "12.0", 120, 20)
    case = Case.objects.select_related("clinic").get(pk=walk.case_id)
    with django_assert_num_queries(8):
        found = read_trends(case, walk.at)
    assert len(found.doses) == 3
    assert found.pumps[0].implanted_on <= date(2027, 1, 1)


def test_a_pump_of_a_model_that_the_clinic_added_has_a_course_too(walk: Walk, cast: Cast) -> None:
    add_pump_model(
        clinic_id=cast.clinic.id, new=NewModel("Sample 20", "Sample", typed()), by=cast.nora, at=walk.at
    )
    Pump.objects.update(model="sample-20")
    [pump] = trends(walk).pumps
    assert pump.model == "Sample 20"
    assert pump.past
