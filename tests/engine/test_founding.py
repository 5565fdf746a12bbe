"""A clinic opens with its first coordinator, or not at all; the command says what is missing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from pathway.engine.errors import Invalid
from pathway.engine.founding import NewClinic, open_clinic
from pathway.engine.joining import Newcomer, invite
from pathway.models import Clinic, ClinicEvent, Clinician, Membership, Notice
from pathway.protocol.roles import Role
from tests.cast import MONDAY, Cast
from tests.engine.traces import nothing_written

AT = MONDAY + timedelta(hours=6)
LAKESIDE = NewClinic("Lakeside ITB", "lakeside", "Europe/Zurich", "CH", "Stadt Zurich")
KIM = Newcomer("kim", "Kim", "Keeper", "kim@lakeside.example")
WORDS = {
    "time_zone": "Europe/Zurich",
    "country": "CH",
    "username": "kim",
    "given_name": "Kim",
    "family_name": "Keeper",
    "email": "kim@lakeside.example",
}

pytestmark = pytest.mark.django_db


def test_the_first_coordinator_adds_everybody_else() -> None:
    joined = open_clinic(clinic=LAKESIDE, coordinator=KIM, at=AT)
    clinic, kim = Clinic.objects.get(), Clinician.objects.get()
    assert (clinic.name, clinic.time_zone, clinic.country, clinic.subdivision) == (
        "Lakeside ITB",
        "Europe/Zurich",
        "CH",
        "Stadt Zurich",
    )
    assert Membership.objects.get().role == "coordinator"
    assert (joined.clinician_id, joined.invited, Notice.objects.get().kind) == (kim.id, True, "invited")
    assert (ClinicEvent.objects.get().verb, ClinicEvent.objects.get().actor_id) == ("open_clinic", None)
    nurse = Newcomer("nell", "Nell", "Nurse", "nell@lakeside.example")
    invite(clinic_id=clinic.id, newcomer=nurse, roles=[Role.NURSE], by=kim, at=AT)
    assert Clinician.objects.count() == 2


def test_a_coordinator_of_another_clinic_may_be_its_first(cast: Cast) -> None:
    cora = Newcomer("cora", "Cora", "Coordale", "cora@clinic.example")
    joined = open_clinic(clinic=LAKESIDE, coordinator=cora, at=AT)
    assert (joined.clinician_id, joined.invited) == (cast.cora.id, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 121}, "name"),
        ({"slug": "two words"}, "slug"),
        ({"slug": "riverside"}, "slug"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"country": "XX"}, "country"),
        ({"subdivision": "BY"}, "subdivision"),
    ],
)
def test_what_cannot_be_a_clinic_is_refused_whole(cast: Cast, changes: dict[str, str], field: str) -> None:
    with nothing_written(), pytest.raises(Invalid) as refusal:
        open_clinic(clinic=replace(LAKESIDE, **changes), coordinator=KIM, at=AT)
    assert set(refusal.value.errors) == {field}
    with nothing_written(), pytest.raises(Invalid):
        open_clinic(clinic=LAKESIDE, coordinator=replace(KIM, username="phil"), at=AT)


def run(**options: Any) -> str:
    out = StringIO()
    call_command("open_clinic", "Lakeside ITB", stdout=out, **{**WORDS, **options})
    return out.getvalue()


def test_the_command_prints_the_link_that_the_mail_brings() -> None:
    said = run()
    assert Clinic.objects.get().slug == "lakeside-itb"
    found = re.search(r"https?://[^/\s]+(/accounts/\S+)", said)
    assert found is not None
    assert "password1" in Client().get(found[1], follow=True).content.decode()
    with pytest.raises(CommandError, match="--slug: There is a clinic lakeside-itb already"):
        run()
    with pytest.raises(CommandError, match="--time-zone: "):
        run(slug="other", time_zone="Mars/Olympus")
