"""Names, record numbers and telephone numbers that cannot belong to anybody."""

from __future__ import annotations

import random

GIVEN = {
    "female": (
        "Ada",
        "Bella",
        "Clara",
        "Dora",
        "Edith",
        "Flora",
        "Greta",
        "Hilda",
        "Ines",
        "Judith",
        "Klara",
        "Lena",
    ),
    "male": (
        "Albert",
        "Bruno",
        "Conrad",
        "David",
        "Emil",
        "Felix",
        "Gustav",
        "Henry",
        "Ivan",
        "Jonas",
        "Karl",
        "Leo",
    ),
}
FIRST_PARTS = ("Sample", "Mock", "Fable", "Fiction", "Invent", "Example", "Pretend", "Sham")
COHORT_NUMBERS = 1000
"""Cohorts number their patients above this, so that they never meet the demonstration's cases."""
LAST_PARTS = ("wood", "brook", "field", "ford", "ley", "stone", "well", "dale", "berg", "mere")


def family_name(rng: random.Random) -> str:
    """A family name nobody bears, such as Samplewood."""
    return rng.choice(FIRST_PARTS) + rng.choice(LAST_PARTS)


def given_name(rng: random.Random, sex: str) -> str:
    """A given name."""
    return rng.choice(GIVEN[sex])


def record_number(clinic_slug: str, number: int) -> str:
    """An MRN that says it is synthetic, and of which clinic: SYN-RIVERSIDE-000017."""
    return f"SYN-{clinic_slug[:12].upper()}-{number:06d}"


def telephone(rng: random.Random, country: str) -> str:
    """A number out of the ranges that are kept for fiction in the US (555-01xx) and in Germany (030 23125)."""
    if country == "DE":
        return f"+49 30 23125 {rng.randrange(1000):03d}"
    return f"+1 312 555 01{rng.randrange(100):02d}"
