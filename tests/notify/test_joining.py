"""The mail to somebody who joins: it leaves at any hour, alone, and its link sets a password once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from pathway.engine.joining import Newcomer, give_role, invite, invite_again
from pathway.models import Clinician, Mail
from pathway.notify.outbox import drain
from pathway.protocol.roles import Role
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.notify.tastes import wants
from tests.views.desk import at

pytestmark = pytest.mark.django_db
NIGHT = MONDAY + timedelta(hours=17)  # 20:00 at the clinic: quiet hours
PASSWORD = "correct horse battery staple"


def invited(cast: Cast, *roles: Role) -> Clinician:
    newcomer = Newcomer("sam", "Sam", "Newcomb", "sam@clinic.example")
    values: dict[str, Any] = {"clinic_id": cast.clinic.id, "by": cast.cora, "at": NIGHT}
    joined = invite(newcomer=newcomer, roles=roles or (Role.NURSE,), **values)
    return Clinician.objects.get(pk=joined.clinician_id)


def link_in(mail: Any) -> str:
    """The path that the message's link leads to."""
    found = re.search(r"https?://[^/\s]+(/accounts/\S+)", mail.body)
    assert found is not None, mail.body
    return found[1]


def opened(path: str) -> tuple[Client, str]:
    """A browser that followed the link, and what it shows."""
    client = Client()
    return client, client.get(path, follow=True).content.decode()


def sets_password(path: str, moment: datetime) -> Client:
    """Follow the link and send the form."""
    with at(moment):
        client = Client()
        form = client.get(path, follow=True)
        where = form.redirect_chain[-1][0]
        sent = client.post(where, {"password1": PASSWORD, "password2": PASSWORD})
        assert sent.status_code == 302, sent.content.decode()
    return client


def test_the_link_leaves_at_once_and_sets_a_password(mailoutbox: list[Any]) -> None:
    sam = invited(make_cast(), Role.NURSE, Role.COORDINATOR)
    with at(NIGHT):
        drain(at=NIGHT)
    (mail,) = mailoutbox
    assert mail.to == ["sam@clinic.example"]
    assert mail.subject == "Your account at Riverside: set your password"
    assert "coordinator and nurse at Riverside" in mail.body
    assert "User name: sam" in mail.body
    assert "for 3 days" in mail.body
    sets_password(link_in(mail), NIGHT + timedelta(hours=2))
    sam.refresh_from_db()
    assert sam.check_password(PASSWORD)


def test_the_link_works_once_and_for_three_days(mailoutbox: list[Any]) -> None:
    cast = make_cast()
    sam = invited(cast)
    with at(NIGHT):
        drain(at=NIGHT)
    path = link_in(mailoutbox[0])
    with at(NIGHT + timedelta(days=4)):
        assert "password1" not in opened(path)[1]
        later = NIGHT + timedelta(days=4)
        invite_again(clinic_id=cast.clinic.id, clinician_id=sam.id, by=cast.cora, at=later)
        drain(at=later)
    again = link_in(mailoutbox[1])
    sets_password(again, later + timedelta(hours=1))
    with at(later + timedelta(hours=2)):
        assert "password1" not in opened(again)[1]


def test_the_link_stands_in_no_row(mailoutbox: list[Any]) -> None:
    invited(make_cast())
    with at(NIGHT):
        drain(at=NIGHT)
    key = link_in(mailoutbox[0]).rstrip("/").rsplit("-", 1)[-1]
    assert key not in str(list(Mail.objects.values()))


def test_it_is_not_part_of_a_digest(mailoutbox: list[Any]) -> None:
    """Sam is told of open to-dos too: those wait for the morning, the link does not."""
    cast = make_cast()
    sam = invited(cast, Role.PHYSIATRIST)
    referred(cast, at=NIGHT, team={Role.PHYSIATRIST: [sam.id]})
    with at(NIGHT):
        drain(at=NIGHT)
        assert [mail.subject for mail in mailoutbox if mail.to == ["sam@clinic.example"]] == [
            "Your account at Riverside: set your password"
        ]
        drain(at=NIGHT + timedelta(hours=12))
    assert len([mail for mail in mailoutbox if mail.to == ["sam@clinic.example"]]) == 2


def test_a_further_role_is_told_as_the_person_chose(mailoutbox: list[Any]) -> None:
    cast = make_cast()
    wants(cast.phil)
    give_role(clinic_id=cast.clinic.id, clinician_id=cast.phil.id, role=Role.NURSE, by=cast.cora, at=MONDAY)
    drain(at=MONDAY)
    (mail,) = mailoutbox
    assert mail.subject == "You are nurse at Riverside"
    assert "/accounts/" not in mail.body
