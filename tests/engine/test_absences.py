"""Planning, changing and ending an absence: every bad input, who may, who is told, and that nothing is reassigned."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from pathway.engine.absences import cancel_absence, change_absence, plan_absence
from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused
from pathway.engine.todos import claim
from pathway.models import Absence, ClinicEvent, Clinician, Membership, Notice, Todo
from pathway.protocol.roles import Role
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.traces import nothing_written

AT = MONDAY + timedelta(hours=6)
TODAY = date(2026, 3, 2)


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


class Office:
    """The cast, with two more physiatrists who can stand in for Phil."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.phil = cast.phil
        self.pia = person("pia", cast.clinic, Role.PHYSIATRIST)
        self.paul = person("paul", cast.clinic, Role.PHYSIATRIST)

    def plan(
        self,
        who: Clinician,
        deputy: Clinician | None,
        first: int,
        last: int,
        by: Clinician | None = None,
        **more: Any,
    ) -> Absence:
        values = {"clinic_id": self.cast.clinic.id, "by": by or who, "at": AT, **more}
        return plan_absence(
            clinician_id=who.id,
            deputy_id=deputy.id if deputy else None,
            first_day=day(first),
            last_day=day(last),
            **values,
        )


def change(absence: Absence, deputy: Clinician | None, first: int, last: int, **more: Any) -> Absence:
    values = {"by": absence.clinician, "at": AT, **more}
    return change_absence(
        absence_id=absence.id,
        deputy_id=deputy.id if deputy else None,
        first_day=day(first),
        last_day=day(last),
        **values,
    )


def told(kind: str = "") -> list[tuple[str, str]]:
    notices = Notice.objects.filter(absence__isnull=False).order_by("created_at", "recipient__username")
    found = notices.values_list("recipient__username", "kind")
    return [(name, each) for name, each in found if name is not None and kind in ("", each)]


@pytest.fixture
def office(cast: Cast) -> Office:
    return Office(cast)


def test_ones_own_absence_tells_the_deputy_and_keeps_every_duty(office: Office) -> None:
    referred(office.cast)
    todo = Todo.objects.filter(role="physiatrist").latest("due_on")
    claim(todo_id=todo.id, by=office.phil, at=AT)
    absence = office.plan(office.phil, office.pia, 3, 9, note=" Congress ")
    assert (absence.first_day, absence.last_day, absence.note) == (day(3), day(9), "Congress")
    assert told() == [("pia", "cover_planned")]
    notice = Notice.objects.get(absence=absence)
    assert (notice.case_id, notice.clinic_id, notice.role, notice.urgency) == (
        None,
        office.cast.clinic.id,
        "physiatrist",
        "news",
    )
    assert Todo.objects.get(pk=todo.pk).owner == office.phil
    event = ClinicEvent.objects.get(verb="plan_absence")
    assert (event.actor_id, event.role) == (office.phil.id, "physiatrist")
    assert event.data["deputy"] == str(office.pia.id)


def test_a_coordinator_enters_one_for_anybody_and_both_are_told(office: Office) -> None:
    office.plan(office.phil, office.pia, 0, 0, by=office.cast.cora)
    assert told() == [("phil", "cover_planned"), ("pia", "cover_planned")]


def test_nobody_else_enters_an_absence_for_somebody(office: Office) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="coordinator"):
        office.plan(office.phil, office.pia, 0, 3, by=office.pia)
    with nothing_written(), pytest.raises(NotFound):
        office.plan(office.phil, office.pia, 0, 3, by=office.cast.omar)
    Clinician.objects.filter(pk=office.cast.cora.pk).update(is_active=False)
    with nothing_written(), pytest.raises(NotFound):
        office.plan(office.phil, office.pia, 0, 3, by=office.cast.cora)


def test_the_same_form_twice_is_one_absence(office: Office) -> None:
    key = uuid4()
    first = office.plan(office.phil, office.pia, 3, 9, request_id=key)
    with nothing_written():
        again = office.plan(office.phil, office.pia, 3, 9, request_id=key)
    assert again == first


@pytest.mark.parametrize(
    ("deputy", "first", "last", "field", "sentence"),
    [
        ("pia", 5, 4, "last_day", "before the first"),
        ("pia", -9, -1, "last_day", "lies in the past"),
        ("pia", 0, 366, "last_day", "at most a year"),
        ("pia", 733, 740, "first_day", "two years ahead"),
        ("phil", 0, 3, "deputy", "their own deputy"),
        ("nora", 0, 3, "deputy", "nora is not a physiatrist of this clinic"),
        ("omar", 0, 3, "deputy", "does not work in the clinic"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    office: Office, deputy: str, first: int, last: int, field: str, sentence: str
) -> None:
    with nothing_written(), pytest.raises(Invalid) as error:
        office.plan(office.phil, Clinician.objects.get(username=deputy), first, last)
    assert set(error.value.errors) == {field}
    assert sentence in " ".join(error.value.errors[field])


def test_the_limits_themselves_are_allowed(office: Office) -> None:
    office.plan(office.phil, office.pia, -3, 0)
    office.plan(office.paul, office.pia, 0, 365)
    office.plan(office.phil, office.pia, 732, 732)


def test_a_deputy_who_no_longer_signs_in_is_refused(office: Office) -> None:
    Clinician.objects.filter(pk=office.pia.pk).update(is_active=False)
    with pytest.raises(Invalid, match="no longer signs in"):
        office.plan(office.phil, office.pia, 0, 3)


def test_a_deputy_holds_every_role_of_the_person(office: Office) -> None:
    Membership.objects.create(clinician=office.phil, clinic=office.cast.clinic, role="nurse")
    with pytest.raises(Invalid, match="pia is not a nurse of this clinic"):
        office.plan(office.phil, office.pia, 0, 3)
    Membership.objects.create(clinician=office.pia, clinic=office.cast.other_clinic, role="nurse")
    with pytest.raises(Invalid, match="not a nurse"):
        office.plan(office.phil, office.pia, 0, 3)
    office.plan(office.phil, None, 0, 3)


def test_somebody_of_another_clinic_has_no_absence_here(office: Office) -> None:
    with nothing_written(), pytest.raises(Invalid) as error:
        office.plan(office.cast.omar, None, 0, 3, by=office.cast.cora)
    assert set(error.value.errors) == {"clinician"}


def test_a_long_note_is_refused(office: Office) -> None:
    with pytest.raises(Invalid) as error:
        office.plan(office.phil, None, 0, 3, note="x" * 201)
    assert set(error.value.errors) == {"note"}


@pytest.mark.parametrize(("first", "last"), [(0, 3), (9, 12), (4, 5), (0, 20), (3, 9)])
def test_an_overlap_is_refused_and_names_the_other(office: Office, first: int, last: int) -> None:
    office.plan(office.phil, office.pia, 3, 9)
    with nothing_written(), pytest.raises(Invalid, match=r"5 Mar 2026 to 11 Mar 2026"):
        office.plan(office.phil, office.paul, first, last)


def test_days_beside_another_absence_and_those_of_a_cancelled_one_are_free(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9)
    office.plan(office.phil, office.pia, 0, 2)
    office.plan(office.phil, office.pia, 10, 12)
    cancel_absence(absence_id=absence.id, by=office.phil, at=AT)
    office.plan(office.phil, office.pia, 4, 8)


def test_rings_of_deputies_are_refused_on_common_days_only(office: Office) -> None:
    office.plan(office.pia, office.phil, 5, 9)
    with nothing_written(), pytest.raises(Invalid, match="On 7 Mar 2026 pia would be away too"):
        office.plan(office.phil, office.pia, 0, 5)
    office.plan(office.phil, office.pia, 0, 4)


def test_a_longer_ring_is_refused_also_when_a_change_would_close_it(office: Office) -> None:
    office.plan(office.pia, office.paul, 0, 9)
    office.plan(office.paul, office.phil, 3, 9)
    with pytest.raises(Invalid, match="pia, then paul would be away too, with phil as deputy"):
        office.plan(office.phil, office.pia, 0, 9)
    absence = office.plan(office.phil, office.pia, 0, 2)
    with nothing_written(), pytest.raises(Invalid, match="On 5 Mar 2026"):
        change(absence, office.pia, 0, 3)


def test_a_change_tells_the_new_deputy_and_the_old_one(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9)
    Notice.objects.all().delete()
    change(absence, office.paul, 3, 12)
    assert told() == [("paul", "cover_planned"), ("pia", "cover_cancelled")]
    assert ClinicEvent.objects.get(verb="change_absence").data["was"]["deputy"] == str(office.pia.id)
    with nothing_written():
        change(absence, office.paul, 3, 12)


def test_going_back_to_what_was_planned_first_is_told_too(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9)
    change(absence, office.pia, 3, 12, at=AT + timedelta(minutes=1))
    change(absence, office.pia, 3, 9, at=AT + timedelta(minutes=2))
    assert told() == [("pia", "cover_planned")] * 3


def test_a_new_note_alone_tells_nobody(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9)
    change(absence, office.pia, 3, 9, note="By phone on Friday")
    assert told() == [("pia", "cover_planned")]


def test_an_absence_that_has_begun_keeps_its_first_day(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 0, 9)
    with nothing_written(), pytest.raises(Invalid) as error:
        change(absence, office.pia, 1, 9)
    assert set(error.value.errors) == {"first_day"}
    change(absence, office.pia, 0, 12)


def test_only_the_person_or_a_coordinator_changes_or_cancels(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9)
    for by, refusal in ((office.pia, NotAllowed), (office.cast.omar, NotFound)):
        with nothing_written(), pytest.raises(refusal):
            change(absence, office.paul, 3, 9, by=by)
        with nothing_written(), pytest.raises(refusal):
            cancel_absence(absence_id=absence.id, by=by, at=AT)
    with pytest.raises(NotFound):
        cancel_absence(absence_id=uuid4(), by=office.phil, at=AT)
    cancel_absence(absence_id=absence.id, by=office.cast.cora, at=AT)


def test_a_cancelled_absence_stays_as_history_and_both_are_told(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 3, 9)
    Notice.objects.all().delete()
    cancel_absence(absence_id=absence.id, by=office.cast.cora, at=AT)
    kept = Absence.objects.get()
    assert (kept.cancelled_at, kept.cancelled_by, kept.last_day) == (AT, office.cast.cora, day(9))
    assert told() == [("phil", "cover_cancelled"), ("pia", "cover_cancelled")]
    with nothing_written():
        cancel_absence(absence_id=absence.id, by=office.cast.cora, at=AT)
    with nothing_written(), pytest.raises(Refused, match="stays as history"):
        change(absence, office.pia, 3, 10)


def test_back_early_the_person_answers_from_today_on(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 0, 9)
    later = AT + timedelta(days=4)
    cancel_absence(absence_id=absence.id, by=office.phil, at=later)
    kept = Absence.objects.get()
    assert (kept.last_day, kept.cancelled_at, kept.over_at) == (day(3), None, later)
    assert told("cover_ends") == [("pia", "cover_ends")]
    assert ClinicEvent.objects.filter(verb="end_absence").count() == 1
    with nothing_written(), pytest.raises(Refused):
        cancel_absence(absence_id=absence.id, by=office.phil, at=later)
    office.plan(office.phil, office.pia, 4, 6, at=later)


def test_an_absence_of_today_is_cancelled_whole(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 0, 9)
    cancel_absence(absence_id=absence.id, by=office.phil, at=AT)
    assert Absence.objects.get().cancelled_at == AT


def test_an_absence_that_is_over_is_left_alone(office: Office) -> None:
    absence = office.plan(office.phil, office.pia, 0, 2)
    later = AT + timedelta(days=3)
    with nothing_written(), pytest.raises(Refused, match="over"):
        change(absence, office.pia, 0, 5, at=later)
    with nothing_written(), pytest.raises(Refused, match="over"):
        cancel_absence(absence_id=absence.id, by=office.phil, at=later)


def test_days_are_the_clinics_own(office: Office) -> None:
    """Two in the morning in UTC is still the evening before in Chicago."""
    night = MONDAY.replace(hour=2) + timedelta(days=1)
    office.plan(office.phil, office.pia, 0, 0, at=night)
    with pytest.raises(Invalid, match="past"):
        office.plan(office.paul, office.pia, 0, 0, at=night + timedelta(hours=6))
