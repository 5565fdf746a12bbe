"""The figure of the screening trial: what each dose did, against its own baseline. It gives no verdict of its own."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pathway.clinical.sources import Tag
from pathway.models.trial import RESPONSE_FALL
from pathway.queries.trends import Reading, TrialCourse
from pathway.views.charts.panel import NARROW, WIDE
from pathway.views.charts.trial import Response, draw_trial
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
    sample,
    sentence,
    short_day,
    signed,
    todo_link,
)

TITLE = "Trial readings"
FALL = f"fall of {amount(RESPONSE_FALL)} [{Tag.POLICY}]"


def trial_figure(scene: Scene) -> Figure:
    """Mean MAS and Penn by hours after each screening dose."""
    trial = scene.trends.trial
    if not trial:
        missing = awaited(scene, "trial_readings", "No trial reading yet", "The readings come")
        return Figure("trial", TITLE, "syringe", missing=missing)
    responses = [_response(scene, course) for course in trial]
    drawings = [
        (name, draw_trial(responses, float(RESPONSE_FALL), FALL, paper))
        for name, paper in (("wide", WIDE), ("narrow", NARROW))
    ]
    return Figure(
        key="trial",
        title=TITLE,
        icon="syringe",
        summary=" ".join(_summary(course) for course in trial),
        drawings=tuple(drawings),
        legend=tuple(_legend()),
        tables=tuple(_table(scene, course) for course in trial),
        described="For each dose two plots by hours after it: mean MAS and Penn, with the level before the dose.",
    )


def _verdict(course: TrialCourse) -> str:
    """The verdict without its explanation."""
    return course.verdict.partition(":")[0]


def _response(scene: Scene, course: TrialCourse) -> Response:
    return Response(
        heading=f"{course.dose_mcg} mcg on {short_day(scene, course.read_on)}: {_verdict(course).lower()}",
        mas=tuple((float(reading.hours), float(reading.mas_mean)) for reading in course.readings),
        penn=tuple(
            (float(reading.hours), reading.penn) for reading in course.readings if reading.penn is not None
        ),
    )


def _legend() -> Iterator[Sample]:
    yield sample("Mean MAS of the target muscles", "mas", ("mas-mark", "circle"))
    yield sample("Penn spasm frequency", "penn", ("penn-mark", "square"))
    yield sample("Level before the dose", "baseline")
    yield sample(
        "The usual measure, local policy [P]: a fall by 1 from before the dose. You judge it.", "threshold"
    )


def _summary(course: TrialCourse) -> str:
    """What one dose did: "After 50 mcg mean MAS fell from 3.1 to 1.5 at 4 h; Penn ...; verdict: positive."."""
    clauses = [_answer("mean MAS", [(r.hours, r.mas_mean) for r in course.readings])]
    penn = [(r.hours, Decimal(r.penn)) for r in course.readings if r.penn is not None]
    clauses.append(_answer("Penn", penn))
    said = [clause for clause in clauses if clause]
    if said:
        said[0] = f"after {course.dose_mcg} mcg {said[0]}"
    else:
        said = [f"{course.dose_mcg} mcg"]
    return sentence([*said, f"verdict: {_verdict(course).lower()}"])


def _answer(name: str, values: list[tuple[Decimal, Decimal]]) -> str:
    """From before the dose to the lowest value after it."""
    before = next((value for hours, value in values if hours == 0), None)
    lowest = min(((value, hours) for hours, value in values if hours), default=None)
    if before is None or lowest is None:
        return ""
    if lowest[0] >= before:
        return f"{name} did not fall from {amount(before)}"
    return f"{name} fell from {amount(before)} to {amount(lowest[0])} at {amount(lowest[1])} h"


def _table(scene: Scene, course: TrialCourse) -> Grid:
    before = course.before
    rows = [
        [
            Cell(
                "before" if reading.hours == 0 else f"{amount(reading.hours, 2)} h", todo_link(course.todo_id)
            ),
            Cell(amount(reading.mas_mean, 2)),
            Cell(_change(reading.mas_mean, before.mas_mean if before else None, reading)),
            Cell(amount(reading.penn)),
            Cell(_change(reading.penn, before.penn if before else None, reading)),
        ]
        for reading in course.readings
    ]
    heads = ["After the dose", "Mean MAS", "Change", "Penn", "Change of Penn"]
    label = f"{course.dose_mcg} mcg, read on {day(course.read_on)} by {course.by}: {course.target_muscles}"
    return grid(label, heads, rows, "-nnnn")


def _change(value: Decimal | int | None, before: Decimal | int | None, reading: Reading) -> str:
    if value is None or before is None or reading.hours == 0:
        return "–"
    return signed(Decimal(value) - Decimal(before), 2)
