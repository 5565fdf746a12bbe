"""Who is told how much in a clinic, and by which rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pathway.models import Membership, Todo
from pathway.queries.noise import RULES_SHOWN, Heard, led_by, noise_of
from tests.cast import MONDAY, Cast, referred
from tests.inboxes import carried, mail, tell

SINCE = MONDAY - timedelta(days=30)


def heard(cast: Cast, name: str) -> Heard:
    return next(one for one in noise_of(cast.clinic.id, since=SINCE).people if one.name == name)


def test_notices_by_urgency_and_mails_by_what_they_carried(cast: Cast) -> None:
    carried(cast.nora, cast.clinic, 1, urgency="red", kind="page", read_at=MONDAY)
    carried(cast.nora, cast.clinic, 1, urgency="soon", kind="due")
    carried(cast.nora, cast.clinic, 4)
    tell(cast.nora, cast.clinic, 2, urgency="safety", kind="alarm")
    tell(cast.nora, cast.clinic, 3, state="dropped")
    unsent = mail(cast.nora, cast.clinic, state="pending", sent_at=None)
    tell(cast.nora, cast.clinic, state="mailed", mail=unsent)
    assert heard(cast, "nora") == Heard(
        "nora", told=12, mails_single=2, mails_several=1, red=1, safety=2, soon=1, news=8, unread=8
    )
    assert heard(cast, "nora").mails == 3


def test_everybody_of_the_clinic_stands_there_the_loudest_first(cast: Cast) -> None:
    tell(cast.phil, cast.clinic, 3)
    tell(cast.cora, cast.clinic, 1)
    tell(cast.omar, cast.other_clinic, 9)
    found = noise_of(cast.clinic.id, since=SINCE)
    assert [(one.name, one.told) for one in found.people] == [
        ("phil", 3),
        ("cora", 1),
        ("anna", 0),
        ("nora", 0),
    ]
    assert (found.told, found.mails) == (4, 0)


def test_what_is_older_or_of_another_clinic_does_not_count(cast: Cast) -> None:
    tell(cast.nora, cast.clinic, created_at=SINCE - timedelta(seconds=1))
    tell(cast.nora, cast.other_clinic)
    tell(cast.nora, cast.clinic, created_at=SINCE)
    assert heard(cast, "nora").told == 1


def test_rules_by_kind_and_todo_with_their_share(cast: Cast) -> None:
    todo = Todo.objects.get(case_id=referred(cast), role="neurosurgeon")
    todo.notices.model.objects.all().delete()
    tell(cast.nora, cast.clinic, 6, kind="due", todo=todo, case_id=todo.case_id)
    tell(cast.phil, cast.clinic, 2, kind="opened", todo=todo, case_id=todo.case_id)
    tell(cast.phil, cast.clinic, 2)
    rules = noise_of(cast.clinic.id, since=SINCE).rules
    assert [(rule.kind, rule.title, rule.count, rule.share) for rule in rules] == [
        ("A to-do is due today", "Surgical review", 6, 0.6),
        ("An absence is over", "", 2, 0.2),
        ("A to-do opened", "Surgical review", 2, 0.2),
    ]


def test_two_statements_however_many(cast: Cast, django_assert_num_queries: Any) -> None:
    referred(cast)
    tell(cast.nora, cast.clinic, 300)
    noise_of(cast.clinic.id, since=SINCE)  # reads the protocol, once a process
    with django_assert_num_queries(2):
        assert len(noise_of(cast.clinic.id, since=SINCE).rules) <= RULES_SHOWN


def test_a_coordinator_a_lead_of_a_role_and_the_clinics_lead_see_their_clinic(cast: Cast) -> None:
    assert led_by(cast.cora.id) == [cast.clinic]
    assert led_by(cast.omar.id) == [cast.other_clinic]
    assert led_by(cast.nora.id) == []
    Membership.objects.filter(clinician=cast.nora).update(is_lead=True)
    assert led_by(cast.nora.id) == [cast.clinic]
    cast.other_clinic.lead = cast.nora
    cast.other_clinic.save()
    assert led_by(cast.nora.id) == [cast.other_clinic, cast.clinic]
