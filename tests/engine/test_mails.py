"""Dead letters sent again or let go, and addresses corrected: who may, what is refused, and what stays of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused
from pathway.engine.mails import correct_address, let_go, resend
from pathway.models import ClinicEvent, Clinician, Mail, Patient, ReminderContact
from pathway.protocol.roles import Role
from tests.cast import MONDAY, Cast, person, referred
from tests.engine.traces import nothing_written
from tests.engine.watched import HOUR

LATER = MONDAY + HOUR


def dead(cast: Cast, **values: Any) -> Mail:
    row = {"recipient": cast.phil, "state": "dead", "attempts": 3, "error": "550 5.1.1", **values}
    return Mail.objects.create(clinic=cast.clinic, urgency="soon", created_at=MONDAY, due_at=MONDAY, **row)


def contact(cast: Cast, **values: Any) -> ReminderContact:
    referred(cast)
    return ReminderContact.objects.create(
        patient=Patient.objects.get(),
        who="patient",
        email="someone@home.example",
        consent_on=MONDAY.date(),
        consent_how="in_person",
        recorded_at=MONDAY,
        recorded_by=cast.cora,
        **values,
    )


def refuse(name: str) -> None:
    Clinician.objects.filter(username=name).update(email_refused_at=MONDAY)


def events() -> list[tuple[Any, ...]]:
    return list(ClinicEvent.objects.order_by("id").values_list("verb", "role", "actor_id", "data"))


def test_a_dead_letter_goes_out_again_under_its_own_id(cast: Cast) -> None:
    mail = dead(cast)
    resend(mail_id=mail.id, by=cast.cora, at=LATER)
    again = Mail.objects.get()
    assert again.id == mail.id
    assert (again.state, again.attempts, again.error, again.due_at) == ("pending", 0, "", LATER)
    assert events() == [("resend_mail", "coordinator", cast.cora.id, {"mail": str(mail.id)})]


def test_pressed_twice_it_goes_once(cast: Cast) -> None:
    mail = dead(cast)
    resend(mail_id=mail.id, by=cast.cora, at=LATER)
    with nothing_written():
        resend(mail_id=mail.id, by=cast.cora, at=LATER + HOUR)


def test_what_was_sent_is_not_sent_again(cast: Cast) -> None:
    mail = dead(cast, state="sent", sent_at=MONDAY)
    with nothing_written():
        assert resend(mail_id=mail.id, by=cast.cora, at=LATER).state == "sent"


def test_to_a_contact_it_goes_again_as_well(cast: Cast) -> None:
    mail = dead(cast, recipient=None, contact=contact(cast))
    assert resend(mail_id=mail.id, by=cast.cora, at=LATER).state == "pending"


def test_an_address_that_is_refused_comes_first(cast: Cast) -> None:
    mail = dead(cast)
    refuse("phil")
    with nothing_written(), pytest.raises(Refused, match="Correct it first"):
        resend(mail_id=mail.id, by=cast.cora, at=LATER)
    correct_address(clinician_id=cast.phil.id, email="phil@new.example", by=cast.cora, at=LATER)
    assert resend(mail_id=mail.id, by=cast.cora, at=LATER).state == "pending"


@pytest.mark.parametrize("values", [{"refused_at": MONDAY}, {"withdrawn_at": MONDAY}])
def test_a_contact_who_cannot_or_will_not_be_written_to(cast: Cast, values: dict[str, Any]) -> None:
    if "withdrawn_at" in values:
        values = {**values, "withdrawn_by_id": cast.cora.id}
    mail = dead(cast, recipient=None, contact=contact(cast, **values))
    with nothing_written(), pytest.raises(Refused, match="record a new one first"):
        resend(mail_id=mail.id, by=cast.cora, at=LATER)


def test_mail_of_somebody_who_left_is_let_go(cast: Cast) -> None:
    mail = dead(cast)
    Clinician.objects.filter(username="phil").update(is_active=False)
    with nothing_written(), pytest.raises(Refused, match="let the mail go"):
        resend(mail_id=mail.id, by=cast.cora, at=LATER)
    let_go(mail_id=mail.id, by=cast.cora, at=LATER)
    assert Mail.objects.get().state == "dropped"
    assert [event[0] for event in events()] == ["let_mail_go"]
    with nothing_written():
        let_go(mail_id=mail.id, by=cast.cora, at=LATER)


@pytest.mark.parametrize("verb", [resend, let_go])
def test_only_a_coordinator_of_the_clinic_may(cast: Cast, verb: Any) -> None:
    mail = dead(cast)
    with nothing_written():
        for name in ("nora", "phil", "anna"):
            with pytest.raises(NotAllowed, match="coordinator"):
                verb(mail_id=mail.id, by=getattr(cast, name), at=LATER)
        with pytest.raises(NotFound):
            verb(mail_id=mail.id, by=cast.omar, at=LATER)
        with pytest.raises(NotFound):
            verb(mail_id=uuid4(), by=cast.cora, at=LATER)


@pytest.mark.parametrize("name", ["cora", "phil"])
def test_a_refused_address_is_corrected_by_its_owner_or_a_coordinator(cast: Cast, name: str) -> None:
    refuse("phil")
    by = getattr(cast, name)
    correct_address(clinician_id=cast.phil.id, email=" phil@new.example ", by=by, at=LATER)
    phil = Clinician.objects.get(username="phil")
    assert (phil.email, phil.email_refused_at) == ("phil@new.example", None)
    [(verb, _, actor, data)] = events()
    assert (verb, actor, data) == ("correct_address", by.id, {"clinician": str(phil.id)})


def test_the_same_address_says_that_the_mailbox_works_again(cast: Cast) -> None:
    refuse("phil")
    correct_address(clinician_id=cast.phil.id, email=cast.phil.email, by=cast.cora, at=LATER)
    assert Clinician.objects.get(username="phil").email_refused_at is None
    with nothing_written():  # pressed twice
        correct_address(clinician_id=cast.phil.id, email=cast.phil.email, by=cast.cora, at=LATER)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "phil",
        "phil@",
        "a@b.example, c@d.example",
        "phil@new.example\nBcc: x@y.example",
        f"{'a' * 250}@b.example",
    ],
)
def test_what_is_no_address_is_refused_at_its_field(cast: Cast, email: str) -> None:
    refuse("phil")
    with nothing_written(), pytest.raises(Invalid) as wrong:
        correct_address(clinician_id=cast.phil.id, email=email, by=cast.cora, at=LATER)
    assert set(wrong.value.errors) == {"email"}


def test_who_may_not_correct_an_address(cast: Cast) -> None:
    refuse("phil")
    with nothing_written():
        with pytest.raises(NotAllowed, match="coordinator"):
            correct_address(clinician_id=cast.phil.id, email="a@b.example", by=cast.nora, at=LATER)
        with pytest.raises(NotFound):
            correct_address(clinician_id=cast.phil.id, email="a@b.example", by=cast.omar, at=LATER)


def test_an_address_nobody_refused_is_its_owners_own(cast: Cast) -> None:
    """Whoever may write an address could have the password of its owner sent there."""
    with nothing_written(), pytest.raises(Refused, match="in their account"):
        correct_address(clinician_id=cast.phil.id, email="cora2@clinic.example", by=cast.cora, at=LATER)


def test_an_administrators_address_is_no_coordinators_matter(cast: Cast) -> None:
    person("root", cast.clinic, Role.NURSE)
    Clinician.objects.filter(username="root").update(is_superuser=True)
    refuse("root")
    root = Clinician.objects.get(username="root")
    with nothing_written(), pytest.raises(NotAllowed, match="administration"):
        correct_address(clinician_id=root.id, email="a@b.example", by=cast.cora, at=LATER)
