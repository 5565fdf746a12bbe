"""Invented people are plausible to the clinical rules and impossible as real persons."""

from __future__ import annotations

import random
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pathway.clinical.dosing import Origin, age_years
from pathway.clinical.steps import Phase
from pathway.synthetic.assumptions import ASSUMPTIONS, FILE
from pathway.synthetic.names import FIRST_PARTS, record_number, telephone
from pathway.synthetic.profile import Profile, draw_profile
from pathway.synthetic.pump import cycle_days, next_dose, strength_for

DAY = date(2026, 9, 30)


def _people(count: int) -> list[Profile]:
    return [
        draw_profile(random.Random(seed), mrn=record_number("riverside", seed), referred_on=DAY, country="US")
        for seed in range(count)
    ]


def test_people_fit_the_selection_rules() -> None:
    for person in _people(300):
        assert age_years(person.birth_date, DAY) >= 4
        assert person.birth_date <= person.onset_on < DAY
        if person.diagnosis == "traumatic_brain_injury":
            assert (DAY - person.injury_on).days >= 365
        assert person.mas_after < person.mas
        assert person.dose_1y <= person.dose_10y < 1000


def test_shares_are_near_what_is_assumed() -> None:
    people = _people(2000)
    children = sum(person.child for person in people) / len(people)
    assert children == pytest.approx(ASSUMPTIONS["child_share"].value, abs=0.03)
    for origin in Origin:
        group = [person for person in people if person.origin is origin]
        responders = sum(person.effective_mcg is not None for person in group) / len(group)
        assert responders == pytest.approx(ASSUMPTIONS[f"trial_success_{origin}"].value, abs=0.03)


def test_nobody_can_be_real() -> None:
    for person in _people(100):
        assert person.mrn.startswith("SYN-")
        assert person.family_name.startswith(FIRST_PARTS)
        assert re.search(r"555 01\d\d$", person.phone)
    assert telephone(random.Random(1), "DE").startswith("+49 30 23125 ")


def test_a_dose_path_reaches_its_target_inside_the_limits() -> None:
    for person in _people(60):
        from_dose = to_dose = Decimal(100)
        for _ in range(200):
            to_dose = next_dose(from_dose, person.dose_10y, person, DAY, Phase.TITRATION)
            if to_dose == from_dose:
                break
            limit = 30 if person.origin is Origin.SPINAL and not person.child else 15
            assert -20 <= (to_dose - from_dose) / from_dose * 100 <= limit
            from_dose = to_dose
        assert float(to_dose) == pytest.approx(person.dose_10y, rel=0.06)


def test_a_stronger_solution_only_where_the_pump_can_run_it() -> None:
    assert strength_for(Decimal(100), Decimal(20), 500) == 500
    assert strength_for(Decimal(400), Decimal(20), 500) == 2000
    assert strength_for(Decimal(50), Decimal(20), 500) == 500
    assert cycle_days(Decimal(20), 500, Decimal(100)) == 90


def test_every_assumption_has_its_source_and_is_used() -> None:
    package = "".join(path.read_text() for path in Path(FILE).parent.glob("*.py"))
    for each in ASSUMPTIONS.values():
        assert each.tag in "VMUP"
        assert each.source
        stem = each.name.removesuffix("_spinal").removesuffix("_cerebral")
        assert stem in package, f"{each.name} is not used"
