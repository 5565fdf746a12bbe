"""What a message says, to whom it leads, and that it names nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.core import mail

from pathway.models import CareTeamMember, Case, Notice, Patient
from pathway.models.notice import KINDS
from pathway.notify.compose import IncidentSubject, Subject, compose, compose_incident
from pathway.notify.letter import JOINING
from pathway.notify.outbox import drain
from pathway.protocol.attention import urgency_of
from pathway.protocol.paging import Call
from tests.cast import MONDAY, Cast, patient_values, referred
from tests.walk import Walk

MAIL_ID = UUID("11111111-1111-4111-8111-111111111111")
ABOUT = Subject(
    kind="opened",
    told_as="physiatrist",
    todo_id=UUID("22222222-2222-4222-8222-222222222222"),
    role="physiatrist",
    title="Penn & Ashworth <baseline>",
    stage="evaluation",
    due_on=date(2026, 3, 16),
    clinic="Riverside",
)
ABOUT_INCIDENT = IncidentSubject(
    kind="page",
    told_as="physiatrist",
    incident_id=UUID("33333333-3333-4333-8333-333333333333"),
    level="red",
    opened_at=datetime(2026, 3, 16, 14, 0, tzinfo=UTC),
    contact_by=datetime(2026, 3, 16, 14, 15, tzinfo=UTC),
    time_zone="America/Chicago",
    clinic="Riverside",
)
OF_INCIDENTS = [str(call) for call in Call]
OF_ABSENCES = [key for key, _ in KINDS if key.startswith("cover_")]
OF_NO_TODO = {*OF_INCIDENTS, *OF_ABSENCES, *JOINING, "alarm", "appointment"}
OF_TODOS = [key for key, _ in KINDS if key not in OF_NO_TODO]


@pytest.mark.parametrize("kind", OF_TODOS)
def test_every_kind_says_what_by_when_and_where(kind: str) -> None:
    message = compose(MAIL_ID, replace(ABOUT, kind=kind))
    assert "Penn & Ashworth <baseline>" in message.subject
    for body in (message.text, message.html):
        assert "http://127.0.0.1:8000/todos/22222222-2222-4222-8222-222222222222/" in body
        assert "Mon 16 March 2026" in body
        assert "Riverside" in body
    assert "{" not in message.subject + message.text
    assert "\n" not in message.subject


def test_the_kinds_read_differently() -> None:
    assert len({compose(MAIL_ID, replace(ABOUT, kind=kind)).text for kind in OF_TODOS}) == len(OF_TODOS)


@pytest.mark.parametrize("kind", OF_INCIDENTS)
def test_every_call_about_an_incident_says_how_urgent_by_when_and_where(kind: str) -> None:
    message = compose_incident(MAIL_ID, replace(ABOUT_INCIDENT, kind=kind))
    assert "red" in message.subject.lower()
    assert "by Mon 16 March 2026, 09:15" in message.subject, "the clinic's clock"
    for body in (message.text, message.html):
        assert "http://127.0.0.1:8000/incidents/33333333-3333-4333-8333-333333333333/" in body
        assert "Open the incident" in body
        assert "Mon 16 March 2026, 09:00" in body
        assert "Riverside" in body
    assert "{" not in message.subject + message.text
    assert message.headers["References"] == "<33333333-3333-4333-8333-333333333333@127.0.0.1>"


def test_the_calls_read_differently_and_one_without_a_target_says_so() -> None:
    calls = [replace(ABOUT_INCIDENT, kind=kind) for kind in OF_INCIDENTS]
    assert len({compose_incident(MAIL_ID, call).text for call in calls}) == len(calls)
    quiet = compose_incident(
        MAIL_ID, replace(ABOUT_INCIDENT, kind="incident", level="green", contact_by=None)
    )
    assert "without a time target" in quiet.text


def test_only_the_html_part_escapes() -> None:
    message = compose(MAIL_ID, ABOUT)
    assert "Penn &amp; Ashworth &lt;baseline&gt;" in message.html
    assert "Penn & Ashworth <baseline>" in message.text


def test_styles_are_in_the_elements_and_nothing_is_loaded() -> None:
    html = compose(MAIL_ID, ABOUT).html
    assert '<a class="button"' in html
    assert "background-color: #0066cc" in html.split('<a class="button"')[1].split(">")[0]
    for loading in ("<img", "<link", "<script", "url(", "@import"):
        assert loading not in html


def test_a_line_break_in_a_name_ends_no_header() -> None:
    message = compose(MAIL_ID, replace(ABOUT, title="Baseline\r\nBcc: thief@elsewhere.example"))
    assert message.subject == "To do: Baseline Bcc: thief@elsewhere.example (due Mon 16 March 2026)"


def test_headers_are_the_notices_own() -> None:
    headers = compose(MAIL_ID, ABOUT).headers
    assert headers == compose(MAIL_ID, ABOUT).headers
    assert headers["Message-ID"] == f"<{MAIL_ID}@127.0.0.1>"
    assert headers["X-Pathway-Mail"] == str(MAIL_ID)
    assert headers["Auto-Submitted"] == "auto-generated"


def test_a_coordinator_reads_of_anothers_overdue_to_do_as_such() -> None:
    own = compose(MAIL_ID, replace(ABOUT, kind="escalate"))
    keepers = compose(MAIL_ID, replace(ABOUT, kind="escalate", told_as="coordinator"))
    assert own.text.startswith("A to-do for the physiatrist at Riverside was due")
    assert keepers.text.startswith("A to-do of the physiatrist at Riverside was due")


def test_no_message_holds_anything_of_the_patient(cast: Cast) -> None:
    """Every free text and identifier of a case and its patient is a canary; no kind of message may sing."""
    names = {
        field.name: f"canary-{field.name}"
        for field in Patient._meta.concrete_fields
        if field.get_internal_type() in ("CharField", "TextField")
        and field.name != "sex"
        and not field.choices
    }
    case_id = referred(cast)
    Patient.objects.update(**{**patient_values(), **names, "birth_date": date(1944, 4, 24)})
    Case.objects.update(
        hold_reason="canary-hold", referred_by="canary-referrer", referral_reason="canary-reason"
    )
    todo = Walk(cast, case_id, MONDAY).open()[0]
    Notice.objects.all().delete()
    for kind in OF_TODOS:
        Notice.objects.create(
            case_id=case_id,
            clinic=cast.clinic,
            todo=todo,
            recipient=cast.cora,
            role="coordinator",
            kind=kind,
            urgency=urgency_of(kind),
            data={"note": "canary-data"},
            created_at=MONDAY,
            due_at=MONDAY,
        )
    assert drain(at=MONDAY + timedelta(hours=10)).bundled == len(OF_TODOS)
    assert len(mail.outbox) >= 2, "one of them alone, and several together"
    canaries = ["canary", "1944", "24 April", "Sample Person", "R-1001", str(Patient.objects.get().pk)]
    for sent in mail.outbox:
        whole = sent.message().as_string() + sent.subject + sent.body + str(sent.alternatives)
        assert not [canary for canary in canaries if canary in whole]


def test_the_wording_of_a_case_with_a_team_names_no_colleague(cast: Cast) -> None:
    case_id = referred(cast)
    CareTeamMember.objects.create(case_id=case_id, role="physiatrist", clinician=cast.phil, since=MONDAY)
    cast.phil.first_name, cast.phil.last_name = "Canary", "Bird"
    cast.phil.save()
    drain(at=MONDAY + timedelta(hours=10))
    assert mail.outbox
    assert not [sent for sent in mail.outbox if "Canary" in sent.message().as_string()]
