"""Verbs on absences: plan, change, cancel or end early. They reassign nothing: who answers follows from the rows.

Each is a transaction under the clinic's lock, so that two people at once build neither an overlap nor a ring of
deputies. Who is told stands in `engine.cover_notices`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from pathway.engine.clinic_action import COORDINATOR, ClinicAction, action_on, clinic_action, said
from pathway.engine.cover_notices import tell_cancelled, tell_over, tell_planned
from pathway.engine.errors import Invalid, Refused
from pathway.engine.permissions import require_role
from pathway.models import Absence, Clinician
from pathway.models.base import new_id
from pathway.protocol.cover import Away, ring_of
from pathway.protocol.verdict import refused

LONGEST = timedelta(days=366)
"""An absence lasts at most a year (P): who stays away longer leaves the clinic."""
AHEAD = timedelta(days=2 * 366)
"""So far ahead an absence may begin (P)."""
NOTE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for: days (both included) and who answers meanwhile."""

    deputy_id: UUID | None
    first_day: date
    last_day: date
    note: str = ""


def plan_absence(
    *,
    clinic_id: UUID,
    clinician_id: UUID,
    deputy_id: UUID | None,
    first_day: date,
    last_day: date,
    note: str = "",
    request_id: UUID | None = None,
    by: Clinician,
    at: datetime,
) -> Absence:
    """Enter an absence, one's own or, as a coordinator, anybody's. The deputy is told, and whom it was entered for.

    `request_id` is made with the form: sending the form twice makes one absence. Raises NotFound, NotAllowed, Invalid
    by field (clinician, deputy, first_day, last_day, note).
    """
    wish = Wish(deputy_id, first_day, last_day, note.strip())
    with clinic_action(clinic_id=clinic_id, by=by, at=at) as act:
        _require_own_or_coordinator(act, clinician_id)
        key = request_id or new_id()
        known = Absence.objects.filter(pk=key, clinic_id=clinic_id, planned_by_id=by.id).first()
        if known is not None:
            return known
        if clinician_id not in act.people:
            raise Invalid({"clinician": ["This person does not work in the clinic."]})
        _check(act, key, clinician_id, wish)
        absence = Absence.objects.create(
            id=key,
            clinic_id=clinic_id,
            clinician_id=clinician_id,
            deputy_id=wish.deputy_id,
            first_day=wish.first_day,
            last_day=wish.last_day,
            note=wish.note,
            planned_at=at,
            planned_by_id=by.id,
        )
        act.record("plan_absence", **_facts(absence))
        tell_planned(act, absence, to_person=True)
        return absence


def change_absence(
    *,
    absence_id: UUID,
    deputy_id: UUID | None,
    first_day: date,
    last_day: date,
    note: str = "",
    by: Clinician,
    at: datetime,
) -> Absence:
    """Change days, deputy or note of an absence that is not over. One that has begun keeps its first day.

    The new deputy is told, and so is the one who no longer is. Raises NotFound, NotAllowed, Refused, Invalid by field.
    """
    wish = Wish(deputy_id, first_day, last_day, note.strip())
    with _known(absence_id, by, at) as (act, absence):
        _require_not_over(act, absence)
        before = Wish(absence.deputy_id, absence.first_day, absence.last_day, absence.note)
        if wish == before:
            return absence
        if absence.first_day <= act.today and first_day != absence.first_day:
            raise Invalid({"first_day": [f"It began on {said(absence.first_day)}; that cannot change."]})
        _check(act, absence.id, absence.clinician_id, wish)
        if absence.deputy_id != deputy_id:
            tell_cancelled(act, absence, to_person=False, why="another_deputy")
            absence.begun_at = None  # the new deputy is told that it began; nobody else is told twice
        absence.deputy_id, absence.note = deputy_id, wish.note
        absence.first_day, absence.last_day = first_day, last_day
        absence.save(update_fields=["deputy", "note", "first_day", "last_day", "begun_at"])
        act.record("change_absence", **_facts(absence), was=_facts_of(before))
        if (deputy_id, first_day, last_day) != (before.deputy_id, before.first_day, before.last_day):
            tell_planned(act, absence, to_person=True)
        return absence


def cancel_absence(*, absence_id: UUID, by: Clinician, at: datetime) -> Absence:
    """Cancel an absence that has not begun, or end one early: the person answers again from today on.

    The row stays as history. Repeating it changes nothing. Raises NotFound, NotAllowed, Refused for one that is over.
    """
    with _known(absence_id, by, at) as (act, absence):
        if absence.cancelled_at is not None:
            return absence
        _require_not_over(act, absence)
        end_absence(act, absence)
        return absence


def end_absence(act: ClinicAction, absence: Absence) -> None:
    """End a locked absence: as over since yesterday where it has lasted a day, as cancelled where it has not."""
    yesterday = act.today - timedelta(days=1)
    if absence.first_day <= yesterday:
        absence.last_day = yesterday
        absence.begun_at, absence.over_at = absence.begun_at or act.at, act.at
        absence.save(update_fields=["last_day", "begun_at", "over_at"])
        act.record("end_absence", **_facts(absence))
        tell_over(act, absence)
        return
    absence.cancelled_at, absence.cancelled_by_id = act.at, act.actor.id
    absence.save(update_fields=["cancelled_at", "cancelled_by"])
    act.record("cancel_absence", **_facts(absence))
    tell_cancelled(act, absence, to_person=True)


def lose_deputy(act: ClinicAction, absence: Absence) -> None:
    """The deputy of a locked absence leaves the clinic: nobody is, until somebody names another. The person is told."""
    act.record("lose_deputy", **_facts(absence))
    absence.deputy_id = None
    absence.save(update_fields=["deputy"])
    tell_cancelled(act, absence, to_person=True, why="deputy_left")


@contextmanager
def _known(absence_id: UUID, by: Clinician, at: datetime) -> Iterator[tuple[ClinicAction, Absence]]:
    """An absence of a clinic where the person works, locked. Raises NotFound, NotAllowed."""
    missing = "There is no such absence for you."
    with action_on(Absence, absence_id, by=by, at=at, missing=missing) as (act, absence):
        _require_own_or_coordinator(act, absence.clinician_id)
        yield act, absence


def _require_own_or_coordinator(act: ClinicAction, clinician_id: UUID) -> None:
    if act.actor.id != clinician_id:
        require_role(act.actor, COORDINATOR, "enter or change the absence of somebody else")


def _require_not_over(act: ClinicAction, absence: Absence) -> None:
    if absence.cancelled_at is not None or absence.last_day < act.today:
        raise Refused(refused("absence_over", "This absence is over or was cancelled; it stays as history."))


def _facts(absence: Absence) -> dict[str, str | None]:
    """An absence as the clinic's history keeps it."""
    wish = Wish(absence.deputy_id, absence.first_day, absence.last_day)
    return {"absence": str(absence.id), "clinician": str(absence.clinician_id), **_facts_of(wish)}


def _facts_of(wish: Wish) -> dict[str, str | None]:
    deputy = str(wish.deputy_id) if wish.deputy_id else None
    return {"deputy": deputy, "first_day": str(wish.first_day), "last_day": str(wish.last_day)}


# --- what may be entered ---


def _check(act: ClinicAction, absence_id: UUID, person: UUID, wish: Wish) -> None:
    """Everything that is wrong with a wish, each at its field. Raises Invalid."""
    errors: dict[str, list[str]] = defaultdict(list)
    if len(wish.note) > NOTE_LENGTH:
        errors["note"].append(f"Write at most {NOTE_LENGTH} characters.")
    _check_days(act, wish, errors)
    _check_deputy(act, person, wish.deputy_id, errors)
    if not errors:
        others = list(
            Absence.objects.filter(
                clinic_id=act.clinic.id, cancelled_at__isnull=True, last_day__gte=wish.first_day
            )
            .exclude(pk=absence_id)
            .order_by("first_day")
        )
        _check_overlap(person, wish, others, errors)
        _check_ring(act, person, wish, others, errors)
    if errors:
        raise Invalid(errors)


def _check_days(act: ClinicAction, wish: Wish, errors: dict[str, list[str]]) -> None:
    if wish.last_day < wish.first_day:
        errors["last_day"].append("The last day away is before the first.")
    elif wish.last_day < act.today:
        errors["last_day"].append("This absence lies in the past.")
    elif wish.last_day - wish.first_day >= LONGEST:
        errors["last_day"].append("An absence lasts at most a year; who stays away longer leaves the clinic.")
    if wish.first_day - act.today > AHEAD:
        errors["first_day"].append("This is more than two years ahead.")


def _check_deputy(act: ClinicAction, person: UUID, deputy: UUID | None, errors: dict[str, list[str]]) -> None:
    if deputy is None:
        return
    if deputy == person:
        errors["deputy"].append("Nobody is their own deputy; choose a colleague.")
    elif deputy not in act.people:
        errors["deputy"].append("This person does not work in the clinic.")
    elif not act.people[deputy].is_active:
        errors["deputy"].append(f"{act.people[deputy]} no longer signs in; choose somebody else.")
    elif missing := act.roles.get(person, frozenset()) - act.roles[deputy]:
        roles = " and ".join(sorted(missing))
        text = f"{act.people[deputy]} is not a {roles} of this clinic, so cannot answer for {_name(act, person)}."
        errors["deputy"].append(text)


def _check_overlap(person: UUID, wish: Wish, others: list[Absence], errors: dict[str, list[str]]) -> None:
    for other in others:
        if other.clinician_id == person and other.first_day <= wish.last_day:
            days = f"{said(other.first_day)} to {said(other.last_day)}"
            errors["first_day"].append(f"This overlaps the absence from {days}. Change that one instead.")


def _check_ring(
    act: ClinicAction, person: UUID, wish: Wish, others: list[Absence], errors: dict[str, list[str]]
) -> None:
    new = Away(person, wish.deputy_id, wish.first_day, wish.last_day)
    away = [Away(row.clinician_id, row.deputy_id, row.first_day, row.last_day) for row in others]
    ring = ring_of(away, new)
    if ring is None:
        return
    day, chain = ring
    names = ", then ".join(_name(act, each) for each in chain[1:])
    text = f"On {said(day)} {names} would be away too, with {_name(act, person)} as deputy at the end."
    errors["deputy"].append(f"{text} Nobody would answer: choose somebody else.")


def _name(act: ClinicAction, person: UUID) -> str:
    return str(act.people[person]) if person in act.people else "a former colleague"
