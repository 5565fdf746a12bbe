"""Safety dates against the vectors of clinical.md 4.6, through changes, in every time zone and across DST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.calendars import WorkCalendar, even_week
from pathway.clinical.device import PROMETRA_II, SYNCHROMED_II, SYNCHROMED_III, PumpModel
from pathway.clinical.program import DoseStep, Program, simple_program
from pathway.clinical.reservoir import Correction, Fill, ProgramChange, Purpose, Removal, ReservoirEvent
from pathway.clinical.results import CannotCompute, Reason
from pathway.clinical.runway import LEAD_DAYS, SENSITIVE_ALARM_ML, Limit, Runway, compute_runway, runway_of
from pathway.clinical.sources import Tag
from tests.clinical.builders import NOON, d, fields_of, refusal, text_of

CHICAGO = "America/Chicago"
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
FLEX = Program(d(500), (DoseStep(d(0), d(40)), DoseStep(d(8), d(160))))


def runway(
    fill: str = "20",
    concentration: str = "500",
    dose: str = "100",
    *,
    pump: PumpModel = SYNCHROMED_II,
    reservoir: str = "20",
    **more: object,
) -> Runway | CannotCompute:
    values: dict[str, object] = {
        "fill_instant": NOON,
        "fill_volume_ml": d(fill),
        "program": simple_program(d(concentration), d(dose)),
        "pump": pump,
        "reservoir_ml": d(reservoir),
        "time_zone": CHICAGO,
    }
    return compute_runway(**(values | more))  # type: ignore[arg-type]


def ok(result: Runway | CannotCompute) -> Runway:
    assert isinstance(result, Runway), result
    return result


@pytest.mark.parametrize(
    ("fill", "alarm", "concentration", "dose", "flow", "days", "whole", "limit"),
    [
        ("20", "2", "500", "100", "0.2", "90.00", 90, Limit.ALARM),
        ("40", "2", "2000", "300", "0.15", "253.33", 180, Limit.STABILITY),
        ("20", "2", "2000", "600", "0.3", "60.00", 60, Limit.ALARM),
        ("40", "2", "500", "800", "1.6", "23.75", 23, Limit.ALARM),
        ("40", "4", "2000", "500", "0.25", "144.00", 144, Limit.ALARM),
        ("20", "2", "1000", "90", "0.09", "200.00", 180, Limit.STABILITY),
    ],
    ids=[f"4.6-vector-{number}" for number in range(1, 7)],
)
def test_vectors_4_6(
    fill: str, alarm: str, concentration: str, dose: str, flow: str, days: str, whole: int, limit: Limit
) -> None:
    result = ok(runway(fill, concentration, dose, reservoir=fill, alarm_ml=d(alarm)))
    assert result.flow_ml_per_day == d(flow)
    assert round(result.days_to_alarm, 2) == d(days)
    assert result.whole_days == whole
    assert result.limited_by is limit
    assert result.refill_by == result.limit_date - timedelta(days=7)


def test_vector_7_below_the_minimum_flow_is_refused() -> None:
    result = runway("20", "2000", "90")
    assert fields_of(result) == ("dose_mcg_per_day",)
    assert "0.045 mL/day, below the least flow" in text_of(result)


def test_every_date_of_the_first_vector() -> None:
    result = ok(runway())
    assert result == Runway(
        fill_at=NOON,
        as_of=NOON,
        volume_ml=d(20),
        flow_ml_per_day=d("0.2"),
        alarm_ml=d(2),
        days_to_alarm=d(90),
        whole_days=90,
        alarm_at=NOON + timedelta(days=90),
        stability_at=NOON + timedelta(days=180),
        limit_at=NOON + timedelta(days=90),
        limited_by=Limit.ALARM,
        worst_alarm_at=NOON + timedelta(microseconds=int(d(18) / d("0.229") * 86_400_000_000)),
        dry_at=NOON + timedelta(days=93),
        critical_at=NOON + timedelta(days=90),
        alarm_date=date(2027, 2, 20),
        stability_date=date(2027, 5, 21),
        limit_date=date(2027, 2, 20),
        worst_alarm_date=date(2027, 2, 9),
        dry_date=date(2027, 2, 23),
        critical_date=date(2027, 2, 20),
        refill_by=date(2027, 2, 13),
        book_from=date(2027, 2, 6),
        constants=(
            SYNCHROMED_II.alarm_ml,
            LEAD_DAYS,
            SYNCHROMED_II.stability_days,
            SYNCHROMED_II.accuracy_pct,
            SYNCHROMED_II.unusable_ml,
            SYNCHROMED_II.min_flow_ml_per_day,
        ),
        notes=(),
    )


@pytest.mark.parametrize(
    ("zone", "alarm_date"),
    [
        ("America/Chicago", date(2027, 2, 19)),
        ("UTC", date(2027, 2, 20)),
        ("Pacific/Auckland", date(2027, 2, 20)),
    ],
)
def test_dates_are_the_clinics_not_the_servers(zone: str, alarm_date: date) -> None:
    early = datetime(2026, 11, 22, 3, tzinfo=UTC)  # still the 21st in Chicago
    result = ok(runway(fill_instant=early, time_zone=zone))
    assert result.alarm_date == alarm_date
    assert result.refill_by == alarm_date - timedelta(days=7)
    late = ok(runway(fill_instant=early.replace(hour=13), time_zone="Pacific/Auckland"))
    assert late.alarm_date == date(2027, 2, 21)


def test_alarm_and_stability_on_the_same_instant() -> None:
    assert ok(runway("20", "500", "50")).limited_by is Limit.ALARM


def test_uncertain_numbers_are_shown_as_unverified() -> None:
    assert ok(runway()).unverified == (SYNCHROMED_II.unusable_ml,)
    assert all(constant.tag is Tag.UNCERTAIN for constant in ok(runway(pump=SYNCHROMED_III)).unverified)
    assert len(ok(runway(pump=SYNCHROMED_III)).unverified) == 3


def test_unknown_numbers_of_a_pump_are_said_and_not_borrowed() -> None:
    result = ok(runway(pump=PROMETRA_II))
    assert result.alarm_ml == 3
    assert result.worst_alarm_at is result.worst_alarm_date is result.dry_at is result.dry_date is None
    assert result.critical_at == result.alarm_at == NOON + timedelta(days=85)
    assert result.notes == (
        Reason("worst_alarm", "No worst case: the accuracy of Prometra II is not known."),
        Reason("dry", "No dry date: the unusable volume of Prometra II is not known; the alarm stands in."),
    )


def test_critical_is_three_days_before_dry() -> None:
    result = ok(runway("20", "2000", "600"))
    assert (result.alarm_at, result.dry_at) == (NOON + timedelta(days=60), NOON + timedelta(days=62))
    assert result.critical_at == NOON + timedelta(days=59)


def test_a_sensitive_patient_can_have_an_earlier_alarm() -> None:
    result = ok(runway(alarm_ml=SENSITIVE_ALARM_ML.value))
    assert result.alarm_at == NOON + timedelta(days=80)
    assert result.constants[0].value == 4
    assert (result.constants[0].unit, result.constants[0].tag) == ("mL", Tag.POLICY)
    assert result.constants[0].note == "set on this pump"


def test_lead_days_can_be_set() -> None:
    result = ok(runway(lead_days=10))
    assert result.refill_by == result.alarm_date - timedelta(days=10)
    assert (result.constants[1].value, result.constants[1].unit) == (10, "days")
    assert (result.constants[1].tag, result.constants[1].note) == (Tag.POLICY, "set by this programme")
    assert ok(runway(lead_days=0)).refill_by == result.alarm_date


def test_prime_and_bridge_volumes_leave_the_fill_first() -> None:
    result = ok(runway(removed_ml=d("0.4")))
    assert result.volume_ml == d("19.6")
    assert result.alarm_at == NOON + timedelta(days=88)


def test_a_cycle_shorter_than_the_lead_is_said() -> None:
    result = ok(runway("3.4", "500", "100"))  # seven days
    assert result.refill_by == date(2026, 11, 22)
    assert result.notes == (
        Reason("refill_by", "The drug lasts no longer than the lead time: book the refill now."),
    )
    assert ok(runway("3.6", "500", "100")).notes == ()


def test_a_varying_dose_never_counts_a_part_of_a_day() -> None:
    result = ok(runway("20", program=FLEX, pump_midnight=NOON - timedelta(hours=5)))
    assert result.alarm_at == NOON + timedelta(days=45)
    assert ok(runway("19.9", program=FLEX)).alarm_at == NOON + timedelta(days=44)


# --- histories ---

FILL = Fill(NOON, d(20))
START = ProgramChange(NOON, simple_program(d(500), d(100)))


def after(days: float) -> datetime:
    return NOON + timedelta(days=days)


def of(*events: ReservoirEvent, **more: object) -> Runway | CannotCompute:
    values: dict[str, object] = {"pump": SYNCHROMED_II, "reservoir_ml": d(20), "time_zone": CHICAGO}
    return runway_of(events, **(values | more))  # type: ignore[arg-type]


def test_a_dose_change_counts_from_the_residual_at_the_change() -> None:
    result = ok(of(FILL, START, ProgramChange(after(40), simple_program(d(500), d(200)))))
    assert (result.as_of, result.volume_ml) == (after(40), d(12))
    assert result.alarm_at == after(65)
    assert result.days_to_alarm == 65
    assert result.stability_at == after(180)
    assert result.dry_at == after(66.5)
    assert result.worst_alarm_at is not None
    assert result.worst_alarm_at < result.alarm_at


def test_a_correction_moves_the_alarm_but_not_the_stability() -> None:
    result = ok(of(FILL, START, Correction(after(40), d(10))))
    assert result.alarm_at == after(80)
    assert result.stability_at == after(180)
    assert result.fill_at == NOON


def test_a_refill_starts_both_clocks_again() -> None:
    result = ok(of(FILL, START, Fill(after(60), d(20))))
    assert result.fill_at == after(60)
    assert (result.alarm_at, result.stability_at) == (after(150), after(240))
    assert result.whole_days == 90


def test_a_bolus_shortens_the_runway() -> None:
    assert ok(of(FILL, START, Removal(after(10), d(2), Purpose.BOLUS))).alarm_at == after(80)


def test_an_alarm_volume_already_passed_keeps_its_true_date() -> None:
    change = ProgramChange(after(95), simple_program(d(500), d(200)))
    assert ok(of(FILL, START, change)).alarm_at == after(90)


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda: of(FILL), refusal("program", "No program is recorded since the fill.")),
        (
            lambda: of(FILL, START, ProgramChange(after(9), None)),
            refusal("program", "The pump is stopped: no refill date can be computed; plan for withdrawal."),
        ),
        (lambda: of(START), refusal("fill", "No fill is recorded, so the volume is unknown.")),
        (
            lambda: of(Fill(NOON, d("20.1")), START),
            refusal("volume_ml", "20.1 mL does not fit a reservoir of 20 mL."),
        ),
        (
            lambda: of(FILL, START, Correction(after(2), d(21))),
            refusal("volume_ml", "21 mL does not fit a reservoir of 20 mL."),
        ),
        (
            lambda: of(FILL, START, reservoir_ml=d(30)),
            refusal("reservoir_ml", "SynchroMed II has a reservoir of 20 or 40 mL."),
        ),
        (
            lambda: of(FILL, START, alarm_ml=d("1.4")),
            refusal("alarm_ml", "The alarm volume lies between 1.4 mL and a full reservoir."),
        ),
        (
            lambda: of(FILL, START, alarm_ml=d(20)),
            refusal("alarm_ml", "The alarm volume lies between 1.4 mL and a full reservoir."),
        ),
        (
            lambda: of(FILL, START, pump=PROMETRA_II, alarm_ml=d(0)),
            refusal("alarm_ml", "The alarm volume lies between 0 mL and a full reservoir."),
        ),
        (
            lambda: of(FILL, START, lead_days=-1),
            refusal("lead_days", "Lead days are not negative: a refill is never planned after its date."),
        ),
    ],
)
def test_what_cannot_be_computed_says_why(compute: Callable[[], object], expected: CannotCompute) -> None:
    assert compute() == expected


def test_all_problems_are_named_at_once() -> None:
    result = of(reservoir_ml=d(30), alarm_ml=d(1), lead_days=-1)
    assert fields_of(result) == ("reservoir_ml", "alarm_ml", "lead_days", "fill")
    both = of(Fill(NOON, d(21)), ProgramChange(NOON, simple_program(d(50), d(100))))
    assert fields_of(both) == ("volume_ml", "concentration_mcg_per_ml")


def test_the_smallest_alarm_above_the_unusable_volume() -> None:
    assert ok(of(FILL, START, alarm_ml=d("1.5"))).alarm_at == after(92.5)


# --- properties ---

INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)
PUMPS = st.sampled_from([SYNCHROMED_II, SYNCHROMED_III, PROMETRA_II])


@settings(deadline=None)
@given(
    INSTANTS,
    st.decimals("0.1", 40, places=1),
    st.sampled_from(["500", "1000", "2000"]),
    st.integers(1, 3000),
    PUMPS,
    st.sampled_from(ZONES),
    st.integers(0, 30),
)
def test_refill_by_is_never_later_than_alarm_or_stability(
    at: datetime, fill: Decimal, concentration: str, dose: int, pump: PumpModel, zone: str, lead: int
) -> None:
    result = runway(
        str(fill),
        concentration,
        str(dose),
        pump=pump,
        reservoir="40",
        fill_instant=at,
        time_zone=zone,
        lead_days=lead,
    )
    if isinstance(result, CannotCompute):
        assert fields_of(result) == ("dose_mcg_per_day",)
        return
    here = ZoneInfo(zone)
    assert result.refill_by <= result.alarm_at.astimezone(here).date() - timedelta(days=lead)
    assert result.refill_by <= result.stability_at.astimezone(here).date() - timedelta(days=lead)
    assert datetime.combine(result.refill_by, time.min, here) <= result.limit_at
    if result.worst_alarm_at and result.dry_at:
        assert result.worst_alarm_at <= result.alarm_at
        assert result.dry_at >= result.alarm_at
    clinic = WorkCalendar(zone, even_week(time(8), time(17)), "US", "", frozenset(), 1)
    safe_day = clinic.last_working_day_on_or_before(result.refill_by)
    assert clinic.is_working_day(safe_day)
    assert safe_day <= result.refill_by


@settings(deadline=None)
@given(
    INSTANTS, st.decimals("3", 40, places=1), st.integers(24, 2000), st.integers(1, 60), st.integers(24, 2000)
)
def test_a_change_computes_the_same_as_the_fill_it_leaves(
    at: datetime, fill: Decimal, dose: int, days: int, changed: int
) -> None:
    """The runway after a change equals the one of a correction to the expected volume at that instant."""
    program, later = simple_program(d(500), d(dose)), at + timedelta(days=days)
    change = ProgramChange(later, simple_program(d(500), d(changed)))
    events = (Fill(at, fill), ProgramChange(at, program), change)
    result = ok(of(*events, reservoir_ml=d(40)))
    if result.alarm_at <= later:
        return
    again = ok(of(*events, Correction(later, result.volume_ml), reservoir_ml=d(40)))
    assert (again.alarm_at, again.dry_at, again.limit_at) == (result.alarm_at, result.dry_at, result.limit_at)


def test_replace_keeps_a_runway_frozen() -> None:
    result = ok(runway())
    assert replace(result, alarm_ml=d(3)).alarm_ml == 3
    with pytest.raises(AttributeError):
        result.alarm_ml = d(3)  # type: ignore[misc]
