"""The figure of one pump's reservoir: expected line, measured points, alarm, what comes next, refills in a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from pathway.clinical.residual import ABSOLUTE_ML
from pathway.queries.reservoir_course import RefillSeen, ReservoirCourse
from pathway.queries.trends import noon
from pathway.views.charts.panel import NARROW, WIDE
from pathway.views.charts.reservoir import Measured, Reservoir, draw_reservoir
from pathway.views.charts.scale import TimeSpan
from pathway.views.figures.figure import (
    Cell,
    Figure,
    Grid,
    Sample,
    Scene,
    amount,
    awaited,
    day,
    grid,
    moment,
    sample,
    sentence,
    short_day,
    signed,
    span_of,
    todo_link,
    window_start,
)

TITLE = "Reservoir"
AHEAD = timedelta(days=14)
"""How far beyond the last safety date the projected line is drawn."""


def reservoir_figures(scene: Scene) -> list[Figure]:
    """A figure for each pump inside the window, the one in place first; an empty state where there is none."""
    pumps = [pump for pump in scene.trends.pumps if pump.past]
    shown = [pump for pump in pumps if pump.past[-1].at >= window_start(scene)]
    if not pumps:
        missing = awaited(scene, "operation", "No pump yet", "The first fill comes")
        return [Figure("reservoir", TITLE, "droplet", missing=missing)]
    return [_figure(scene, pump, index) for index, pump in enumerate(reversed(shown))]


def _figure(scene: Scene, pump: ReservoirCourse, index: int) -> Figure:
    reservoir = _reservoir(scene, pump)
    several = len(scene.trends.pumps) > 1
    return Figure(
        key=f"reservoir-{index}" if index else "reservoir",
        title=f"{TITLE}: {pump.model}, serial {pump.serial}" if several else TITLE,
        icon="droplet",
        summary=_summary(scene, pump),
        drawings=(("wide", draw_reservoir(reservoir, WIDE)), ("narrow", draw_reservoir(reservoir, NARROW))),
        legend=tuple(_legend(pump)),
        facts=tuple(_facts(pump)) if pump.running else (),
        tables=(_refills(scene, pump), *([_events(scene, pump)] if pump.events else [])),
        described="The expected volume over time with every fill, what was measured, and the alarm volume.",
    )


def _reservoir(scene: Scene, pump: ReservoirCourse) -> Reservoir:
    return Reservoir(
        span=_span(scene, pump),
        capacity_ml=pump.reservoir_ml,
        past=tuple((level.at, float(level.ml)) for level in pump.past),
        ahead=tuple((level.at, float(level.ml)) for level in pump.ahead),
        measured=tuple(
            Measured(
                seen.at,
                float(min(seen.aspirated_ml, Decimal(pump.reservoir_ml))),
                f"{_difference(seen)} mL" if seen.warnings else "",
            )
            for seen in pump.refills
        )
        + tuple(
            Measured(seen.at, float(seen.ml)) for seen in pump.events if seen.measured and seen.ml is not None
        ),
        levels=(("alarm", float(pump.alarm_ml), "alarm"),),
        moments=tuple(_moments(scene, pump)),
    )


def _span(scene: Scene, pump: ReservoirCourse) -> TimeSpan:
    last = pump.past[-1].at
    if pump.running:
        dates = [on for on in (pump.refill_by, pump.alarm_on, pump.dry_on, pump.stability_on) if on]
        latest = max((noon(on, scene.zone) for on in dates), default=last)
        last = max(last, min(pump.ahead[-1].at if pump.ahead else latest, latest) + AHEAD)
    return span_of(scene, pump.past[0].at, last)


def _moments(scene: Scene, pump: ReservoirCourse) -> Iterator[tuple[str, datetime, str]]:
    if not pump.running:
        return
    yield "today", scene.trends.now, f"today {short_day(scene, scene.today)}"
    for kind, word, on in (
        ("refill-by", "refill by", pump.refill_by),
        ("moment", "alarm", pump.alarm_on),
        ("moment", "empty", pump.dry_on),
    ):
        if on is not None:
            yield kind, noon(on, scene.zone), f"{word} {short_day(scene, on)}"


def _summary(scene: Scene, pump: ReservoirCourse) -> str:
    return sentence([*_state(scene, pump), _found(pump)])


def _found(pump: ReservoirCourse) -> str:
    """Whether the refills found what was expected."""
    refills, off = len(pump.refills), sum(1 for seen in pump.refills if seen.warnings)
    if not refills:
        return "no refill is on record yet"
    if off:
        return f"{off} of {refills} refill{'s' if refills > 1 else ''} found another volume than expected"
    return (
        f"{'the one refill' if refills == 1 else f'all {refills} refills'} found the volume that was expected"
    )


def _state(scene: Scene, pump: ReservoirCourse) -> Iterator[str]:
    """Where the pump stands today, or until when it was in place."""
    last = pump.past[-1]
    if not pump.running:
        yield f"this pump {'was in place' if not pump.in_place else 'is on record'} until {day(scene.local(last.at))}"
        return
    left = f"{amount(last.ml)} of {pump.reservoir_ml} mL are in the pump today"
    yield f"by the programs on record {left if last.ml else 'the reservoir is empty'}"
    if pump.stopped_at:
        yield f"the infusion is off since {moment(scene, pump.stopped_at)}, and the dates count as if it ran"
    if pump.refill_by:
        late = "was due" if pump.refill_by < scene.today else "is due"
        yield f"the refill {late} by {day(pump.refill_by)}"
    if pump.alarm_on:
        passed = "was expected" if pump.alarm_on < scene.today else "is expected"
        yield f"the alarm at {amount(pump.alarm_ml)} mL {passed} on {day(pump.alarm_on)}"


def _facts(pump: ReservoirCourse) -> Iterator[tuple[str, str]]:
    yield "Refill by", day(pump.refill_by)
    yield f"Alarm at {amount(pump.alarm_ml)} mL", day(pump.alarm_on)
    yield "Alarm at the pump’s largest error", day(pump.worst_case_on)
    if pump.unusable is not None:
        yield "Empty", f"{day(pump.dry_on)}, at {amount(pump.unusable.value)} mL {pump.unusable.bracket}"
    else:
        yield "Empty", day(pump.dry_on)
    yield "Drug stable until", day(pump.stability_on)
    yield "Expected now", f"{amount(pump.past[-1].ml)} mL"


def _legend(pump: ReservoirCourse) -> Iterator[Sample]:
    yield sample("Expected volume by the programs on record; it rises at each fill", "volume")
    if pump.ahead:
        yield sample("Expected if nothing changes", "volume-ahead")
    if pump.refills or any(seen.measured for seen in pump.events):
        yield sample("Aspirated at a refill, or measured", mark=("measured", "circle"))
    if any(seen.warnings for seen in pump.refills):
        limit = f"{amount(ABSOLUTE_ML.value)} mL {ABSOLUTE_ML.bracket}"
        yield sample(
            f"Aspirated, and off by more than {limit} or than the pump’s accuracy",
            mark=("measured-off", "diamond"),
        )
    yield sample(f"{amount(pump.alarm_ml)} mL: the pump sounds its low-reservoir alarm", "alarm")
    if pump.running:
        yield sample("Refill by", "refill-by")


def _refills(scene: Scene, pump: ReservoirCourse) -> Grid:
    rows = [_row(scene, seen) for seen in reversed(pump.refills)]
    first = [
        moment(scene, pump.first_fill.at),
        "–",
        "–",
        "–",
        "–",
        amount(pump.first_fill.ml),
        "at the operation",
        "",
    ]
    rows.append([Cell(text) for text in first])
    heads = ["Filled at", "Expected", "Worked out", "Aspirated", "Difference", "Filled", "Judged", "By"]
    label = "Fills in mL, the latest first. Expected: as the programmer showed; worked out: by the programs on record"
    return grid(label, heads, rows, "-nnnnn--")


def _row(scene: Scene, seen: RefillSeen) -> list[Cell]:
    return [
        Cell(moment(scene, seen.at), todo_link(seen.todo_id)),
        Cell(amount(seen.expected_ml)),
        Cell(amount(seen.computed_ml)),
        Cell(amount(seen.aspirated_ml)),
        Cell(_difference(seen), strong=bool(seen.warnings)),
        Cell(amount(seen.filled_ml)),
        Cell(" ".join(seen.warnings) or "as expected"),
        Cell(seen.by),
    ]


def _difference(seen: RefillSeen) -> str:
    return "–" if seen.difference_ml is None else signed(seen.difference_ml)


def _events(scene: Scene, pump: ReservoirCourse) -> Grid:
    rows = [
        [
            Cell(moment(scene, seen.at), todo_link(seen.todo_id)),
            Cell(seen.what),
            Cell(amount(seen.ml, 3)),
            Cell(seen.by),
        ]
        for seen in reversed(pump.events)
    ]
    return grid("Between the refills, the latest first", ["When", "What", "mL", "By"], rows, "--n-")
