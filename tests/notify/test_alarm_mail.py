"""The mail of alarms: it says how many there are, still leaves while one of them stands, and outlives its rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from pathway.models import Alarm, Notice
from pathway.models.base import new_id
from pathway.notify.outbox import drain
from tests.cast import MONDAY, Cast
from tests.views.desk import Desk, at, words

AT = MONDAY + timedelta(hours=6)
SAYS = "An open case has no next duty: nobody is asked to do anything."


def told(cast: Cast, rule: str = "case_without_duty", **data: Any) -> Alarm:
    """Cora is told of an alarm of this rule."""
    stands = {"raised_at": AT, "seen_at": AT, "told_at": AT}
    alarm = Alarm.objects.create(rule=rule, subject=str(new_id()), clinic=cast.clinic, **stands)
    Notice.objects.create(
        id=new_id(),
        clinic=cast.clinic,
        alarm=alarm,
        recipient=cast.cora,
        role="coordinator",
        kind="alarm",
        urgency="safety",
        data=data,
        created_at=AT,
        due_at=AT,
    )
    return alarm


def inbox(cast: Cast) -> str:
    with at(AT):
        return words(Desk(cast.cora).get("/notices/?show=all"))


@pytest.mark.parametrize(
    ("count", "says"),
    [(1, SAYS), (2, f"{SAYS} And 1 more of this kind."), (7, "And 6 more of this kind.")],
)
def test_it_says_how_many_there_are(cast: Cast, count: int, says: str) -> None:
    told(cast, rule="case_without_duty", says=SAYS, count=count)
    drain(at=AT)
    body = " ".join(mail.outbox[0].body.split())
    assert says in body
    assert ("more of this kind" in body) == (count > 1)
    assert ("more of this kind" in inbox(cast)) == (count > 1)
    assert SAYS.removesuffix(".") in inbox(cast)


def test_a_rule_that_was_retired_breaks_no_mail_and_no_inbox(cast: Cast) -> None:
    told(cast, rule="moon_full")
    drain(at=AT)
    assert mail.outbox[0].subject == "Pathway needs somebody: Moon full"
    assert "You are told again day by day" in mail.outbox[0].body
    assert "Moon full" in inbox(cast)


def test_in_a_list_it_says_the_same(cast: Cast) -> None:
    alarm = told(cast, says=SAYS, count=3)
    told(cast, rule="moon_full")
    Notice.objects.update(urgency="soon")
    drain(at=AT + timedelta(days=1))
    body = " ".join(mail.outbox[0].body.split())
    assert f"{SAYS} And 2 more of this kind." in body
    assert "Moon full" in body
    assert alarm.cleared_at is None


@pytest.mark.parametrize(("count", "mails"), [(1, 0), (2, 1)])
def test_what_is_mended_is_not_mailed_unless_it_stands_for_others(cast: Cast, count: int, mails: int) -> None:
    alarm = told(cast, says=SAYS, count=count)
    Alarm.objects.filter(pk=alarm.pk).update(cleared_at=AT)
    drain(at=AT)
    assert len(mail.outbox) == mails
