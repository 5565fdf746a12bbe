"""Many synthetic cases with the rates of the fact sheet, and what came out beside what is published."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pathway.clinical.dosing import Origin
from pathway.protocol.roles import Stage
from pathway.synthetic.assumptions import ASSUMPTIONS, assumed, pick
from pathway.synthetic.cases import draw, drive
from pathway.synthetic.drive import Walked
from pathway.synthetic.profile import Profile
from pathway.synthetic.scenario import Scenario, Turn
from pathway.synthetic.staff import Staff

YEARS = 3.0
"""Referrals are spread evenly over so many years before the end [P]."""
HOLD = "Infection; treated before the pathway goes on"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: what was counted, out of how many, and what the assumptions or sources say."""

    what: str
    number: float
    of: int
    expected: str

    @property
    def share(self) -> str:
        """As a person reads it."""
        return f"{self.number / self.of:.0%}" if self.of else "-"


def make_cohort(
    staff: Staff, *, patients: int, seed: int, end: datetime, first_number: int = 1
) -> Iterator[Walked]:
    """Drive so many patients, referred over the last years, each to wherever the rules let it come by `end`."""
    for number in range(first_number, first_number + patients):
        case_seed = f"cohort:{seed}:{number}"
        rng = random.Random(f"{case_seed}:fate")
        referred_at = end - timedelta(days=rng.uniform(1, YEARS * 365))
        profile, course = draw(staff, seed=case_seed, number=number, referred_on=referred_at.date(), spread=3)
        scenario = fate(profile, rng)
        yield drive(staff, profile, course, scenario, seed=case_seed, referred_at=referred_at, end=end)


def fate(profile: Profile, rng: random.Random) -> Scenario:
    """What will happen to this patient, by the rates assumed. Nothing here names a stage to end in."""
    scenario = Scenario("cohort", Stage.LONG_TERM)
    if rng.random() < assumed("not_eligible_share"):
        refusal = Turn("close", Stage.SELECTION, 0.4, "eligibility", reason="declined")
        return replace(scenario, not_eligible=True, turns=(refusal,))
    turns: list[Turn] = []
    if profile.effective_mcg is None:
        turns.append(Turn("close", Stage.TRIAL, 2, "trial_failed_review", reason="non_responder"))
    elif rng.random() < assumed("declines_after_positive_trial"):
        turns.append(Turn("close", Stage.IMPLANT, rng.uniform(2, 9), reason="withdrew"))
    if rng.random() < assumed("hold_share"):
        stage = rng.choice((Stage.EVALUATION, Stage.SELECTION))
        turns.append(Turn("hold", stage, rng.uniform(2, 7), reason=HOLD, length=rng.uniform(14, 42)))
    against = ("candidacy_anesthesiologist",) if rng.random() < assumed("dissent_share") else ()
    yearly = assumed("leaves_per_year")["child" if profile.child else "adult"]
    leaves_after_years = rng.expovariate(yearly)
    if leaves_after_years < YEARS:
        reason = pick(rng, assumed("leaves_because"))
        turns.append(Turn("close", Stage.LONG_TERM, leaves_after_years * 365, reason=reason))
    elif (revised_after := rng.expovariate(assumed("revisions_per_year"))) < YEARS:
        turns.append(Turn("revise", Stage.LONG_TERM, revised_after * 365, reason="Catheter or pump at fault"))
    return replace(scenario, turns=tuple(turns), against=against)


def report(walked: Iterable[Walked]) -> list[Row]:
    """Stages and rates of a cohort, beside what was assumed."""
    cases = list(walked)
    rows = [Row(f"in {stage.label.lower()}", number, len(cases), "") for stage, number in _stages(cases)]
    for origin in Origin:
        read = [case for case in cases if case.memory.profile.origin is origin and case.memory.verdict]
        positive = sum(case.memory.verdict == "positive" for case in read)
        rows.append(Row(f"trial positive, {origin}", positive, len(read), _said(f"trial_success_{origin}")))
    positive_doses = Counter(
        int(case.memory.given[-1].dose_mcg) for case in cases if case.memory.verdict == "positive"
    )
    for dose in (50, 75, 100):
        expected = f"{assumed('effective_step_share')[str(dose)]:.0%} assumed (P; none found)"
        rows.append(Row(f"effective dose {dose} mcg", positive_doses[dose], positive_doses.total(), expected))
    children = sum(case.memory.profile.child for case in cases)
    rows.append(Row("children", children, len(cases), _said("child_share")))
    refills = sum(case.memory.refills for case in cases)
    late = sum(case.memory.late_refills for case in cases)
    rows.append(Row("refills after their date", late, refills, _said("late_refill_share")))
    return rows


def doses(walked: Iterable[Walked]) -> list[str]:
    """Mean dose (standard deviation) a year after the implant by origin, as sentences."""
    found: dict[Origin, list[float]] = {origin: [] for origin in Origin}
    for case in walked:
        if case.memory.dose_at_one_year is not None:
            found[case.memory.profile.origin].append(float(case.memory.dose_at_one_year))
    lines = []
    for origin, values in found.items():
        table = assumed("dose_one_year_mcg_per_day")[origin]
        published = f"published {table['mean']} ({table['sd']})"
        if len(values) > 1:
            mean, sd = statistics.fmean(values), statistics.stdev(values)
            lines.append(
                f"dose at one year, {origin}: {mean:.0f} ({sd:.0f}) mcg/day, n={len(values)}; {published}"
            )
    return lines


def _stages(cases: list[Walked]) -> list[tuple[Stage, int]]:
    counted = Counter(case.stage for case in cases)
    return [(stage, counted[stage]) for stage in Stage]


def _said(name: str) -> str:
    assumption = ASSUMPTIONS[name]
    return f"{assumption.value:.0%} assumed ({assumption.tag}; {assumption.source})"
