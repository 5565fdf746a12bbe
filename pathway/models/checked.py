"""How a clinical record checks itself: its own rules in Python with a sentence at the field, its dates
against today.

Knows no rule of any record; asks no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError

from pathway.models.record import ClinicalRecord

Problem = tuple[str, str]
"""The field to correct and a sentence for the person who fills it in."""


class CheckedRecord(ClinicalRecord):
    """A record whose rules are `problems()`.

    `LOCAL_DATES` names, for each instant, the column that keeps its date in the clinic's calendar. `PAST`
    names the dates that cannot lie in the future, `UNSHOWN` what says nothing to a reader.
    """

    LOCAL_DATES: ClassVar[dict[str, str]] = {}
    PAST: ClassVar[tuple[str, ...]] = ()
    UNSHOWN: ClassVar[tuple[str, ...]] = ()

    class Meta(ClinicalRecord.Meta):
        abstract = True

    def problems(self) -> Iterator[Problem]:
        """What is wrong across fields. A field that is missing is None or empty here."""
        yield from ()

    def clean(self) -> None:
        """All rules across fields at once; raises ValidationError by field."""
        raise_all((*self.problems(), *self._local_date_problems()))

    def problems_on(self, *, today: date, birth_date: date | None, origin: str) -> Iterator[Problem]:
        """What is wrong for this patient on this day. `origin`: spinal, cerebral, or empty: not known."""
        yield from date_problems(self, today=today, birth_date=birth_date)

    def check_on(self, *, today: date, birth_date: date | None = None, origin: str = "") -> None:
        """Raise `problems_on` as a ValidationError by field. Dates are dates of the clinic."""
        raise_all(self.problems_on(today=today, birth_date=birth_date, origin=origin))

    def validate_unique(self, exclude: Any = None) -> None:
        """Nothing: keys are never typed, and the database has the last word on one record a to-do."""

    def validate_constraints(self, exclude: Any = None) -> None:
        """Nothing: fields and `problems()` say the same in better words; asking costs a statement each."""

    def _local_date_problems(self) -> Iterator[Problem]:
        for instant_field, date_field in self.LOCAL_DATES.items():
            instant, day = getattr(self, instant_field), getattr(self, date_field)
            if not isinstance(instant, datetime):
                continue
            if instant.tzinfo is None:
                yield instant_field, "The time lacks its time zone."
            elif isinstance(day, date) and abs(instant.date() - day) > timedelta(days=1):
                yield instant_field, f"The time does not fall on {day.isoformat()}."


def date_problems(record: CheckedRecord, *, today: date, birth_date: date | None) -> Iterator[Problem]:
    """The dates of a record that lie after today or before the patient's birth."""
    shown_at = {date_field: instant for instant, date_field in record.LOCAL_DATES.items()}
    for name in (*record.PAST, *shown_at):
        day = getattr(record, name)
        if not isinstance(day, date):
            continue
        if day > today:
            yield shown_at.get(name, name), f"{day.isoformat()} lies in the future."
        if birth_date and day < birth_date:
            yield shown_at.get(name, name), f"{day.isoformat()} is before the patient's birth."


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise every problem at its field, or return."""
    by_field: dict[str, list[str]] = {}
    for field, message in problems:
        by_field.setdefault(field, []).append(message)
    if by_field:
        raise ValidationError(by_field)
