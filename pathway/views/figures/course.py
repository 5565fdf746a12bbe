"""The figure of dose and spasticity: its series, its sentence, its tables. Reads frozen rows only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from pathway.clinical.scales import AshworthVariant
from pathway.models.assessment import ASHWORTH_SCALES
from pathway.queries.trends import DoseSet, Source, SpasticityScore
from pathway.views.charts.course import Course, Dose, Score, draw_course
from pathway.views.charts.panel import NARROW, WIDE
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
    lasting,
    moment,
    sample,
    sentence,
    short_day,
    signed,
    span_of,
    todo_link,
    went,
)

TITLE = "Dose and spasticity"
LONG_AT_ONE_DOSE = timedelta(days=14)
"""From then on the sentence says how long the dose has stood still."""
SCALES = dict(ASHWORTH_SCALES)


def course_figure(scene: Scene) -> Figure:
    """Dose above, mean MAS and Penn below, on one time axis."""
    trends = scene.trends
    if not trends.doses and not trends.scores:
        missing = awaited(
            scene, "baseline_spasticity", "No dose and no spasticity score yet", "The first scores come"
        )
        return Figure("course", TITLE, "activity", missing=missing)
    course = _course(scene)
    summary = _summary(scene)
    return Figure(
        key="course",
        title=TITLE,
        icon="activity",
        summary=summary,
        drawings=(("wide", draw_course(course, WIDE)), ("narrow", draw_course(course, NARROW))),
        legend=tuple(_legend(course)),
        tables=tuple(table for table in (_doses(scene), _scores(scene)) if table.rows),
        described="Two plots on one time axis: the daily dose as steps, and mean MAS with Penn.",
    )


def _course(scene: Scene) -> Course:
    trends = scene.trends
    seen = [*(dose.at for dose in trends.doses), *(score.at for score in trends.scores)]
    last = max(trends.doses_end_at if trends.doses else seen[-1], *seen)
    baseline = trends.baseline
    span = span_of(scene, min(seen), last)
    return Course(
        span=span,
        doses=tuple(Dose(dose.at, float(dose.mcg_per_day)) for dose in trends.doses),
        doses_end=trends.doses_end_at,
        scores=tuple(_score(score) for score in trends.scores),
        scale_top=5 if any(s.scale is AshworthVariant.ORIGINAL_1_5 for s in trends.scores) else 4,
        baseline=float(baseline.mas_mean)
        if trends.doses and baseline and baseline.mas_mean is not None and _joined(baseline)
        else None,
        notes=tuple(_strengths(trends.doses, span)),
        moments=tuple(
            (
                pump.first_fill.at,
                f"{'pump filled' if not index else 'new pump'} {short_day(scene, scene.local(pump.first_fill.at))}",
            )
            for index, pump in enumerate(trends.pumps)
        ),
    )


def _joined(score: SpasticityScore) -> bool:
    """Whether a line may lead to it: scored over all muscles tested, on the modified scale."""
    return score.source is not Source.TRIAL and score.scale is AshworthVariant.MODIFIED


def _score(score: SpasticityScore) -> Score:
    mas = float(score.mas_mean) if score.mas_mean is not None else None
    return Score(score.at, mas, score.penn, _joined(score))


def _strengths(doses: tuple[DoseSet, ...], span: TimeSpan) -> list[tuple[datetime, str]]:
    """The strength where the axis begins, and each time another one was filled."""
    known = [dose for dose in doses if dose.mcg_per_ml is not None]
    changes = [
        (dose.at, f"{dose.mcg_per_ml} mcg/mL")
        for dose, before in zip(known, (None, *known), strict=False)
        if before is None or before.mcg_per_ml != dose.mcg_per_ml
    ]
    earlier = [(span.first, words) for at, words in changes if at < span.first]
    return [*earlier[-1:], *(change for change in changes if change[0] >= span.first)]


def _legend(course: Course) -> Iterator[Sample]:
    if course.doses:
        yield sample("Daily dose; a diamond where it was changed", "dose", ("dose-mark", "diamond"))
    if len(course.notes) > 1:
        yield sample("Another strength in the pump", "note")
    if not course.scores:
        return
    yield sample("Mean MAS: all muscles scored, 1+ counts 1.5", "mas", ("mas-mark", "circle"))
    yield sample("Penn spasm frequency", "penn", ("penn-mark", "square"))
    if any(not score.joined and course.span.holds(score.at) for score in course.scores):
        yield sample(
            "Not comparable, so not joined: the trial’s target muscles only, or another Ashworth scale",
            mark=("mas-mark", "triangle"),
        )
    if course.baseline is not None:
        yield sample("Mean MAS at the last assessment before the pump", "baseline")


def _summary(scene: Scene) -> str:
    return sentence([*_dose_words(scene), *_score_words(scene)])


def _dose_words(scene: Scene) -> Iterator[str]:
    doses = scene.trends.doses
    if not doses:
        return
    first, last = doses[0], [dose for dose in doses if dose.changed][-1]
    if not last.mcg_per_day:
        yield f"the infusion is off since {moment(scene, last.at)}"
        return
    stood = scene.trends.doses_end_at - last.at
    if last is first:
        yield f"the dose has been {amount(last.mcg_per_day)} mcg/day for {lasting(stood)}"
        return
    path = went("the dose", first.mcg_per_day, last.mcg_per_day, " mcg/day")
    since = f" and has not changed for {lasting(stood)}" if stood >= LONG_AT_ONE_DOSE else ""
    yield f"{path} in {lasting(last.at - first.at)}{since}"


def _score_words(scene: Scene) -> Iterator[str]:
    """From the baseline, or the first score, to the last one; scales that do not compare are left out."""
    trends = scene.trends
    compared = [score for score in trends.scores if _joined(score)]
    if trends.baseline in compared and trends.baseline is not None:
        compared = compared[compared.index(trends.baseline) :]
    mas = [score.mas_mean for score in compared if score.mas_mean is not None]
    penn = [score.penn for score in compared if score.penn is not None]
    for name, values in (("mean MAS", mas), ("Penn", penn)):
        if len(values) > 1:
            yield went(name, values[0], values[-1])
        elif values:
            since = ", not scored since" if trends.doses else ""
            yield f"{name} was {amount(values[0])}{since}"


def _doses(scene: Scene) -> Grid:
    rows, before = [], None
    for dose in scene.trends.doses:
        rows.append(
            [
                Cell(moment(scene, dose.at)),
                Cell(amount(dose.mcg_per_day, 2), strong=dose.changed),
                Cell(_step(dose, before)),
                Cell(amount(dose.mcg_per_ml)),
                Cell(dose.source.label, todo_link(dose.todo_id)),
                Cell(dose.by),
            ]
        )
        before = dose
    heads = ["Set at", "mcg/day", "Change", "mcg/mL", "Record", "By"]
    return grid("Doses, the latest first", heads, rows[::-1], "-nnn--")


def _step(dose: DoseSet, before: DoseSet | None) -> str:
    if before is None:
        return "first"
    if not dose.changed:
        return "none"
    if not dose.mcg_per_day or not before.mcg_per_day:
        return "restart" if dose.mcg_per_day else "stop"
    return f"{signed((dose.mcg_per_day - before.mcg_per_day) / before.mcg_per_day * Decimal(100))} %"


def _scores(scene: Scene) -> Grid:
    rows = [
        [
            Cell(day(scene.local(score.at)) if score.day_only else moment(scene, score.at)),
            Cell(amount(score.mas_mean, 2)),
            Cell(amount(score.penn)),
            Cell(_origin(score), todo_link(score.todo_id)),
            Cell(score.by),
        ]
        for score in reversed(scene.trends.scores)
    ]
    return grid("Spasticity, the latest first", ["Scored", "Mean MAS", "Penn", "Record", "By"], rows, "-nn--")


def _origin(score: SpasticityScore) -> str:
    if score.scale is AshworthVariant.MODIFIED:
        return score.source.label
    return f"{score.source.label}: {SCALES[str(score.scale)]}"
