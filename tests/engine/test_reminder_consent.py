"""Consent to reminders of appointments: who records it, what is refused, what history keeps, how it ends."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from pathway.engine.errors import Invalid, NotFound, Refused
from pathway.engine.reminders import OWN_LINK, record_consent, withdraw_consent
from pathway.models import Event, ReminderContact
from pathway.models.base import new_id
from tests.cast import MONDAY, Cast, referred
from tests.engine.reminded import ADDRESS, agree, close_it, contact_of
from tests.engine.traces import nothing_written
from tests.walk import Walk

CARE = ("nora", "phil", "anna", "cora")


@pytest.fixture
def fresh(cast: Cast) -> Walk:
    """A case fresh from referral."""
    return Walk(cast, referred(cast), MONDAY + timedelta(hours=6))


@pytest.mark.parametrize("name", CARE)
def test_any_care_role_records_a_consent(cast: Cast, fresh: Walk, name: str) -> None:
    contact = agree(fresh, by=getattr(cast, name))
    assert (contact.email, contact.consent_on, contact.consent_how) == (ADDRESS, fresh.today, "by_phone")
    assert (contact.recorded_by, contact.recorded_at) == (getattr(cast, name), fresh.at)
    assert contact.withdrawn_at is None


def test_history_holds_the_contact_and_never_the_address(fresh: Walk) -> None:
    contact = agree(fresh)
    withdraw_consent(contact_id=contact.id, by=fresh.cast.phil, at=fresh.at)
    told = Event.objects.filter(case_id=fresh.case_id, verb__startswith="remind_").order_by("seq")
    assert [(event.verb, event.data["contact"], event.data["who"]) for event in told] == [
        ("remind_consent", str(contact.id), "patient"),
        ("remind_withdraw", str(contact.id), "patient"),
    ]
    assert [event.role for event in told] == ["coordinator", "physiatrist"]
    everything = json.dumps(list(Event.objects.values_list("data", flat=True)))
    assert "home.example" not in everything


def test_an_outsider_finds_no_case_and_a_closed_case_takes_no_consent(cast: Cast, fresh: Walk) -> None:
    with nothing_written(), pytest.raises(NotFound):
        agree(fresh, by=cast.omar)
    close_it(fresh)
    with nothing_written(), pytest.raises(Refused, match="reopen it first"):
        agree(fresh)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"who": "neighbour"}, "who", "patient or a caregiver"),
    ({"consent_how": ""}, "consent_how", "how they agreed"),
    ({"consent_on": None}, "consent_on", "Give the day"),
    ({"consent_on": date(2026, 3, 3)}, "consent_on", "future"),
    ({"consent_on": date(1980, 5, 16)}, "consent_on", "birth"),
    ({"email": ""}, "email", "Write the e-mail address"),
    ({"email": "   "}, "email", "Write the e-mail address"),
    ({"email": "someone"}, "email", "no e-mail address"),
    ({"email": "a@home.example, b@home.example"}, "email", "no e-mail address"),
    ({"email": f"{'a' * 250}@home.example"}, "email", "at most 254"),
]


@pytest.mark.parametrize(("change", "field", "says"), WRONG)
def test_what_does_not_fit_is_said_at_its_field(
    fresh: Walk, change: dict[str, Any], field: str, says: str
) -> None:
    with nothing_written(), pytest.raises(Invalid) as refused:
        agree(fresh, **change)
    assert list(refused.value.errors) == [field]
    assert says in refused.value.errors[field][0]


@pytest.mark.parametrize(
    "email",
    [
        "someone@home.example\n",
        "\nsomeone@home.example",
        "someone@home.example\r\nBcc: thief@elsewhere.example",
        "someone\u2028@home.example",
        "some\u200bone@home.example",
        "someone@home.example\x00",
    ],
)
def test_an_address_with_a_line_break_is_refused_never_mended(fresh: Walk, email: str) -> None:
    with nothing_written(), pytest.raises(Invalid) as refused:
        agree(fresh, email=email)
    assert "line break" in refused.value.errors["email"][0]


def test_everything_wrong_is_said_at_once(fresh: Walk) -> None:
    with pytest.raises(Invalid) as refused:
        record_consent(
            case_id=fresh.case_id,
            who="",
            email="",
            consent_on=None,
            consent_how="",
            by=fresh.cast.cora,
            at=fresh.at,
        )
    assert set(refused.value.errors) == {"who", "email", "consent_on", "consent_how"}


def test_the_same_again_changes_nothing_whatever_the_case_of_its_letters(fresh: Walk) -> None:
    agree(fresh)
    with nothing_written():
        agree(fresh, email=" Someone@HOME.example ")


def test_a_new_address_takes_the_place_of_the_old_one_which_stays_as_history(fresh: Walk) -> None:
    old = agree(fresh)
    beside = agree(fresh, "caregiver", "other@home.example")
    fresh.wait(3)
    new = agree(fresh, email="moved@home.example", by=fresh.cast.nora)
    old.refresh_from_db()
    beside.refresh_from_db()
    assert (old.email, old.withdrawn_at, old.withdrawn_by_id) == (ADDRESS, fresh.at, fresh.cast.nora.id)
    assert (new.email, new.withdrawn_at, beside.withdrawn_at) == ("moved@home.example", None, None)
    assert Event.objects.filter(case_id=fresh.case_id).latest("seq").data["replaced"] == str(old.id)


def test_a_consent_of_another_day_or_manner_is_a_consent_of_its_own(fresh: Walk) -> None:
    agree(fresh)
    agree(fresh, consent_how="in_writing")
    assert ReminderContact.objects.count() == 2
    assert contact_of(fresh).consent_how == "in_writing"


# --- withdrawing ---


def test_somebody_of_the_clinic_withdraws_and_twice_is_fine(cast: Cast, fresh: Walk) -> None:
    contact = agree(fresh)
    with nothing_written(), pytest.raises(NotFound):
        withdraw_consent(contact_id=contact.id, by=cast.omar, at=fresh.at)
    assert not withdraw_consent(contact_id=contact.id, by=cast.anna, at=fresh.at).repeated
    with nothing_written():
        assert withdraw_consent(contact_id=contact.id, by=cast.cora, at=fresh.at).repeated
        assert withdraw_consent(contact_id=contact.id, by=None, at=fresh.at).repeated
    contact.refresh_from_db()
    assert (contact.withdrawn_at, contact.withdrawn_by_id) == (fresh.at, cast.anna.id)


def test_the_persons_own_link_works_also_when_the_case_is_closed(fresh: Walk) -> None:
    contact = agree(fresh)
    close_it(fresh)
    withdraw_consent(contact_id=contact.id, by=None, at=fresh.at)
    contact.refresh_from_db()
    assert contact.withdrawn_by_id == OWN_LINK
    event = Event.objects.filter(case_id=fresh.case_id).latest("seq")
    assert (event.verb, event.actor_id, event.role) == ("remind_withdraw", None, "system")


def test_nobody_finds_a_contact_that_is_not_there(cast: Cast) -> None:
    with pytest.raises(NotFound):
        withdraw_consent(contact_id=new_id(), by=cast.cora, at=MONDAY)
