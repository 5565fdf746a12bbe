"""How a clinical record checks itself: its own rules in Python with a sentence at the field, its dates
against today.

Knows no rule of any record; asks no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError

from pathway.clinical.situation import Situation
from pathway.models.record import ClinicalRecord

Problem = tuple[str, str]
"""The field to correct and a sentence for the person who fills it in."""


class CheckedRecord(ClinicalRecord):
    """A record whose rules are `problems()`.

    `LOCAL_DATES` names, for each instant, the column that keeps its date in the clinic's calendar. `PAST`
    names the dates that cannot lie in the future. `READS` names what the checks look at beyond the patient:
    "pump", "pump_models" or "trial". `DERIVED` names the columns that the case knows and nobody types;
    `UNSHOWN` those that say nothing to a reader.
    """

    LOCAL_DATES: ClassVar[dict[str, str]] = {}
    PAST: ClassVar[tuple[str, ...]] = ()
    READS: ClassVar[frozenset[str]] = frozenset()
    DERIVED: ClassVar[tuple[str, ...]] = ()
    UNSHOWN: ClassVar[tuple[str, ...]] = ()

    class Meta(ClinicalRecord.Meta):
        abstract = True

    def problems(self) -> Iterator[Problem]:
        """What is wrong across fields. A field that is missing is None or empty here."""
        yield from ()

    def clean(self) -> None:
        """All rules across fields at once; raises ValidationError by field."""
        raise_all((*self.problems(), *self._local_date_problems()))

    def derive(self, situation: Situation) -> None:
        """Fill in the `DERIVED` columns from what the case knows; before any check."""

    def problems_on(self, situation: Situation) -> Iterator[Problem]:
        """What is wrong for this patient on this day."""
        yield from date_problems(self, situation)

    def check_on(self, situation: Situation) -> None:
        """Raise `problems_on` as a ValidationError by field. Dates are dates of the clinic."""
        raise_all(self.problems_on(situation))

    def second_look(self, situation: Situation) -> tuple[str, ...]:
        """Why a second clinician has to confirm this record (clinical.md 13.12), as sentences; mostly nothing."""
        return ()

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


def date_problems(record: CheckedRecord, situation: Situation) -> Iterator[Problem]:
    """The dates of a record that lie after today or before the patient's birth."""
    today, birth_date = situation.today, situation.birth_date
    shown_at = {date_field: instant for instant, date_field in record.LOCAL_DATES.items()}
    for name in (*record.PAST, *shown_at):
        day = getattr(record, name)
        if not isinstance(day, date):
            continue
        if day > today:
            yield shown_at.get(name, name), f"{day.isoformat()} lies in the future."
        if birth_date and day < birth_date:
            yield shown_at.get(name, name), f"{day.isoformat()} is before the patient's birth."
    for instant in record.LOCAL_DATES:
        moment = getattr(record, instant)
        late = situation.now is not None and isinstance(moment, datetime) and moment.tzinfo is not None
        if late and moment > situation.now and moment.date() <= today:
            yield instant, "This time lies in the future."


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise every problem at its field, or return."""
    by_field: dict[str, list[str]] = {}
    for field, message in problems:
        by_field.setdefault(field, []).append(message)
    if by_field:
        raise ValidationError(by_field)
