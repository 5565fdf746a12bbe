"""One invented person: what a clinic would find in the history, and how this body will answer to the drug.

Drawn in the order of the fact sheet (cause, origin, age, tone, trial, doses) from one seeded generator, so that the
same seed is the same person. It knows no case and no clock beyond the day of the referral.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pathway.clinical.dosing import Origin
from pathway.synthetic import names
from pathway.synthetic.assumptions import assumed, lognormal_of, pick

ORIGIN_OF = {
    "multiple_sclerosis": Origin.SPINAL,
    "spinal_cord_injury": Origin.SPINAL,
    "hereditary_spastic_paraplegia": Origin.SPINAL,
    "other_myelopathy": Origin.SPINAL,
    "cerebral_palsy": Origin.CEREBRAL,
    "traumatic_brain_injury": Origin.CEREBRAL,
    "anoxic_brain_injury": Origin.CEREBRAL,
    "stroke": Origin.CEREBRAL,
}
ADULT_AGES = {
    "multiple_sclerosis": (34, 64),
    "spinal_cord_injury": (20, 62),
    "hereditary_spastic_paraplegia": (28, 66),
    "other_myelopathy": (40, 72),
    "cerebral_palsy": (18, 44),
    "traumatic_brain_injury": (19, 55),
    "stroke": (48, 74),
}
GOALS = (
    ("Sits in the wheelchair for two hours without sliding", "positioning"),
    ("Sleeps through with at most one spasm", "comfort"),
    ("Moves from bed to chair with one helper", "mobility"),
    ("Hygiene is possible without pain", "care"),
    ("Splints are worn through the night", "positioning"),
    ("Leaves the house twice a week", "participation"),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """An invented patient. Doses in mcg and mcg/day; `effective_mcg` None: no response to 100 mcg."""

    mrn: str
    given_name: str
    family_name: str
    sex: str
    birth_date: date
    language: str
    phone: str
    contact_name: str
    contact_phone: str
    child: bool
    diagnosis: str
    origin: Origin
    onset_on: date
    injury_on: date | None
    sci_level: str
    ambulatory: bool
    cannot_communicate: bool
    height_cm: float
    weight_kg: float
    mas: float
    mas_after: float
    penn: int
    goals: tuple[tuple[str, str], ...]
    oral_mg: int
    effective_mcg: int | None
    long_effect: bool
    negative_reaction: bool
    dose_1y: float
    dose_10y: float
    reservoir_ml: int

    def identity(self) -> dict[str, Any]:
        """What a referral asks about the patient."""
        return {
            "mrn": self.mrn,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "birth_date": self.birth_date,
            "sex": self.sex,
            "phone": self.phone,
            "language": self.language,
            "contact_name": self.contact_name,
            "contact_phone": self.contact_phone,
        }

    def target_dose(self, years: float) -> float:
        """The dose this patient would settle at so long after the implant, mcg/day."""
        if years <= 1:
            return self.dose_1y
        return self.dose_1y + (self.dose_10y - self.dose_1y) * min((years - 1) / 9, 1)


def draw_profile(rng: random.Random, *, mrn: str, referred_on: date, country: str) -> Profile:
    """An invented patient of a clinic, as of the day of the referral."""
    child = rng.random() < assumed("child_share")
    diagnosis = pick(rng, assumed("child_diagnosis_weight" if child else "adult_diagnosis_weight"))
    origin = ORIGIN_OF[diagnosis]
    age = rng.uniform(5, 17.3) if child else rng.uniform(*ADULT_AGES[diagnosis])
    born = referred_on - timedelta(days=int(age * 365.25))
    injury = diagnosis in ("traumatic_brain_injury", "spinal_cord_injury", "anoxic_brain_injury", "stroke")
    onset = born if diagnosis == "cerebral_palsy" else _onset(rng, born, referred_on, child)
    sex = rng.choice(("female", "male"))
    family = names.family_name(rng)
    return Profile(
        mrn=mrn,
        given_name=names.given_name(rng, sex),
        family_name=family,
        sex=sex,
        birth_date=born,
        language="German" if country == "DE" else rng.choice(("English",) * 6 + ("Spanish",)),
        phone=names.telephone(rng, country),
        contact_name=f"{names.given_name(rng, rng.choice(('female', 'male')))} {family}",
        contact_phone=names.telephone(rng, country),
        child=child,
        diagnosis=diagnosis,
        origin=origin,
        onset_on=onset,
        injury_on=onset if injury else None,
        sci_level=rng.choice(("C5", "C6", "C7", "T4", "T6", "T8", "T10"))
        if diagnosis == "spinal_cord_injury"
        else "",
        ambulatory=rng.random() < 0.25,
        cannot_communicate=origin is Origin.CEREBRAL and rng.random() < 0.3,
        **_body(rng, child, age),
        **_tone(rng),
        goals=tuple(rng.sample(GOALS, rng.randint(2, 4))),
        oral_mg=_oral_mg(rng, child),
        **_answer(rng, origin),
    )


def _onset(rng: random.Random, born: date, referred_on: date, child: bool) -> date:
    """Years before the referral, at least 14 months (a brain injury must be a year old) and not before birth."""
    table = assumed("onset_to_referral_years")
    years = rng.lognormvariate(math.log(table["child" if child else "adult"]), table["sigma"])
    earliest = born + timedelta(days=90)
    return max(earliest, referred_on - timedelta(days=int(max(years, 1.2) * 365.25)))


def _body(rng: random.Random, child: bool, age: float) -> dict[str, Any]:
    if child:
        return {"height_cm": round(80 + age * 5 + rng.gauss(0, 4), 1), "weight_kg": round(10 + age * 2.2, 1)}
    return {"height_cm": round(rng.gauss(169, 8), 1), "weight_kg": round(max(42, rng.gauss(68, 12)), 1)}


def _tone(rng: random.Random) -> dict[str, Any]:
    before, after = assumed("mas_before"), assumed("mas_after")
    mas = min(max(rng.gauss(before["mean"], before["sd"]), 2.5), 4)
    lower = min(max(rng.gauss(after["mean"], after["sd"]), 0.5), mas - 0.6)
    return {"mas": mas, "mas_after": lower, "penn": rng.choice((2, 3, 3, 4))}


def _oral_mg(rng: random.Random, child: bool) -> int:
    table = assumed("oral_baclofen_before")
    if rng.random() >= table["share"]:
        return 0
    return (
        rng.choice((20, 30, 40)) if child else min(80, rng.choice((40, 60, table["median_mg_per_day"], 80)))
    )


def _answer(rng: random.Random, origin: Origin) -> dict[str, Any]:
    """How this body answers to the drug: screening dose, duration, and the doses it will need."""
    responds = rng.random() < assumed(f"trial_success_{origin}")
    step = int(pick(rng, assumed("effective_step_share")))
    rank = rng.gauss(0, 1)
    one = assumed("dose_one_year_mcg_per_day")[origin]
    ten = assumed("dose_ten_years_mcg_per_day")[origin]
    dose_1y = min(max(lognormal_of(one["mean"], one["sd"], rank), 60), 950)
    dose_10y = min(max(lognormal_of(ten["mean"], ten["sd"], rank), dose_1y), 980)
    return {
        "effective_mcg": step if responds else None,
        "long_effect": rng.random() < assumed("long_effect_share"),
        "negative_reaction": rng.random() < assumed("negative_reaction_share"),
        "dose_1y": dose_1y,
        "dose_10y": dose_10y,
        "reservoir_ml": 40 if dose_1y > 350 and rng.random() < 0.8 else 20,
    }
