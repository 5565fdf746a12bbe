"""Choices of attention: one's own, whole or refused by field, kept in the history of one's clinics."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from pathway.engine.attention import choose, mute_news
from pathway.engine.errors import Invalid, NotFound
from pathway.models import Attention, ClinicEvent, Membership
from pathway.protocol.attention import Pace, Taste
from pathway.queries.attention import taste_of
from tests.cast import MONDAY, Cast
from tests.engine.traces import nothing_written

CHOICE: dict[str, Any] = {
    "soon": "hourly",
    "news": "daily",
    "news_muted": False,
    "daily_at": time(8),
    "quiet_from": time(20),
    "quiet_to": time(7),
}


def test_who_chose_nothing_has_the_defaults(cast: Cast) -> None:
    assert taste_of(cast.nora.id) == Taste()


def test_a_choice_is_what_the_rule_takes_from_then_on(cast: Cast) -> None:
    choose(by=cast.nora, at=MONDAY, **CHOICE)
    assert taste_of(cast.nora.id) == Taste(Pace.HOURLY, Pace.DAILY, False, time(8), time(20), time(7))
    assert taste_of(cast.phil.id) == Taste()
    choose(by=cast.nora, at=MONDAY, **{**CHOICE, "quiet_from": None, "quiet_to": None})
    assert taste_of(cast.nora.id).quiet_from is None
    assert Attention.objects.count() == 1


def test_each_clinic_of_the_person_keeps_it(cast: Cast) -> None:
    Membership.objects.create(clinician=cast.nora, clinic=cast.other_clinic, role="nurse")
    choose(by=cast.nora, at=MONDAY, **CHOICE)
    events = ClinicEvent.objects.filter(verb="attention_chosen")
    assert {(event.clinic_id, event.role) for event in events} == {
        (cast.clinic.id, "neurosurgeon"),
        (cast.other_clinic.id, "nurse"),
    }
    assert {event.actor_id for event in events} == {cast.nora.id}
    assert events[0].data["daily_at"] == "08:00"
    assert events[0].data["news"] == "daily"


def test_chosen_as_it_was_nothing_is_written(cast: Cast) -> None:
    choose(by=cast.nora, at=MONDAY, **CHOICE)
    with nothing_written():
        choose(by=cast.nora, at=MONDAY + timedelta(days=1), **CHOICE)


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"soon": "weekly"}, "soon", "Choose how you take due and overdue."),
        ({"news": ""}, "news", "Choose how you take news."),
        ({"daily_at": None}, "daily_at", "Say when"),
        ({"quiet_from": None}, "quiet_from", "a beginning and an end"),
        ({"quiet_to": None}, "quiet_to", "a beginning and an end"),
        ({"quiet_from": time(7), "quiet_to": time(7)}, "quiet_to", "cannot end when they begin"),
        ({"daily_at": time(6)}, "daily_at", "06:00 lies in your quiet hours, 20:00 to 07:00"),
        ({"daily_at": time(6), "news": "hourly", "soon": "daily"}, "daily_at", "lies in your quiet hours"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    cast: Cast, wrong: dict[str, Any], field: str, says: str
) -> None:
    with nothing_written(), pytest.raises(Invalid) as refused:
        choose(by=cast.nora, at=MONDAY, **{**CHOICE, **wrong})
    assert list(refused.value.errors) == [field]
    assert says in refused.value.errors[field][0]


@pytest.mark.parametrize(
    "fits", [{"news": "hourly"}, {"news_muted": True}, {"quiet_from": None, "quiet_to": None}]
)
def test_the_time_of_a_daily_mail_that_never_comes_may_lie_in_quiet_hours(
    cast: Cast, fits: dict[str, Any]
) -> None:
    choose(by=cast.nora, at=MONDAY, **{**CHOICE, "daily_at": time(6), **fits})
    assert taste_of(cast.nora.id).daily_at == time(6)


def test_muting_by_link_keeps_every_other_choice_and_happens_once(cast: Cast) -> None:
    choose(by=cast.nora, at=MONDAY, **CHOICE)
    assert mute_news(clinician_id=cast.nora.id, at=MONDAY)
    assert taste_of(cast.nora.id) == Taste(Pace.HOURLY, Pace.DAILY, True, time(8), time(20), time(7))
    assert ClinicEvent.objects.filter(verb="news_muted").count() == 1
    with nothing_written():
        assert not mute_news(clinician_id=cast.nora.id, at=MONDAY)


def test_who_never_chose_mutes_with_the_defaults_around(cast: Cast) -> None:
    mute_news(clinician_id=cast.nora.id, at=MONDAY)
    assert taste_of(cast.nora.id) == Taste(news_muted=True)


def test_a_closed_account_chooses_nothing(cast: Cast) -> None:
    cast.nora.is_active = False
    cast.nora.save()
    with nothing_written():
        with pytest.raises(NotFound):
            choose(by=cast.nora, at=MONDAY, **CHOICE)
        with pytest.raises(NotFound):
            mute_news(clinician_id=cast.nora.id, at=MONDAY)
        with pytest.raises(NotFound):
            mute_news(clinician_id=uuid4(), at=MONDAY)
