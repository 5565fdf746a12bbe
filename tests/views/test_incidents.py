"""Incidents as people meet them: reported in a minute, judged as it is typed, acknowledged, worked on and closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

import pytest

from pathway.clinical.signs import Signs, Wound
from pathway.engine.incidents import acknowledge
from pathway.models import Case, Incident, IncidentAssessment
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.views.incident_page import sign_label
from tests.cast import Cast, make_cast, person
from tests.engine.told import answer_all, close_it
from tests.engine.traces import nothing_written
from tests.views.desk import Desk, at, fresh_case, hidden, todo_url, words
from tests.views.incident_desk import check_url, found, new_url, url_of
from tests.walk import Walk


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def walk(cast: Cast) -> Iterator[Walk]:
    walk = fresh_case(cast)
    with at(walk.at):
        yield walk


# --- reporting ---


def test_the_report_begins_with_the_emergency_number_and_the_danger_signs(walk: Walk) -> None:
    html = Desk(walk.cast.anna).get(new_url(walk))
    text = words(html)
    first = text.index("call the local emergency number first")
    assert "Do not wait for this page" in text
    danger, measured, onset = (text.index(one) for one in ("Danger signs", "Measured", "When it began"))
    assert first < danger < measured < onset
    assert 'hx-post="' + check_url(walk) in html
    assert f'formaction="{check_url(walk)}"' in html


def test_a_report_leads_to_its_incident_and_pressing_twice_keeps_one(walk: Walk) -> None:
    desk = Desk(walk.cast.anna)
    key = hidden(desk.get(new_url(walk)), "request_id")
    data = {
        "request_id": key,
        "itch": "yes",
        "seizure": "no",
        "temp_c": "37.2",
        "alarm": "none",
        "wound": "clean",
        "onset_at": (walk.at - timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M"),
        "note": "Since the night.",
    }
    answer = desk.post(new_url(walk), data)
    incident = Incident.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, url_of(incident))
    findings = IncidentAssessment.objects.get()
    assert findings.signs == {
        "itch": True,
        "seizure": False,
        "temp_c": "37.2",
        "alarm": "none",
        "wound": "clean",
    }
    assert incident.onset_at == walk.at - timedelta(hours=2), "typed on the clinic's clock, six hours behind"
    assert "Everybody who is asked is being told" in words(desk.get(url_of(incident)))
    with nothing_written():
        assert desk.post(new_url(walk), data).status_code == 303


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Nothing is recorded yet. In doubt call the emergency number first."),
        ({"note": "Please look."}, "Nothing is recorded yet. In doubt call the emergency number first."),
        ({"temp_c": "99.5"}, "Temperature : Enter 25 to 45 degrees C; 99.5 °F is 37.5 °C."),
        ({"temp_c": "37,5"}, "Temperature : Write decimals with a point, for example 0.5."),
        ({"heart_rate": "fast"}, "Heart rate : Enter a whole number."),
        ({"gcs": "16"}, "Consciousness (GCS) : Enter 3 to 15 points."),
        ({"itch": "yes", "onset_at": "2026-03-02T23:00"}, "When it began : The onset lies in the future."),
        ({"itch": "perhaps"}, "Itch without a rash : Select a valid choice."),
    ],
)
def test_bad_input_is_said_at_its_field_and_keeps_what_was_typed(
    walk: Walk, data: dict[str, str], sentence: str
) -> None:
    with nothing_written():
        answer = Desk(walk.cast.phil).post(
            new_url(walk), {"request_id": str(new_id()), "weakness": "", **data}
        )
    html = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in words(html)
    for value in data.values():
        assert value in html


def test_triage_says_what_it_thinks_while_somebody_types(walk: Walk) -> None:
    desk = Desk(walk.cast.phil)
    with nothing_written():
        answer = desk.post(check_url(walk), {"itch": "yes"}, HX_Request="true")
    html = answer.content.decode()
    text = re.sub(r"<[^>]+>|\s+", " ", html)
    assert answer.status_code == 200
    assert "<main" not in html
    for expected in (
        "Orange",
        "Contact within 4 h",
        "Baclofen withdrawal",
        "Decision support",
        "Neurosurgeon",
    ):
        assert expected in text
    red = desk.post(check_url(walk), {"alarm": "two_tone"}, HX_Request="true").content.decode()
    assert "Call the local emergency number now." in red
    wrong = desk.post(check_url(walk), {"itch": "yes", "gcs": "99"}, HX_Request="true").content.decode()
    assert "Enter 3 to 15 points." in wrong
    assert "Baclofen withdrawal" in wrong, "a slip of typing hides no danger"
    empty = desk.post(check_url(walk), {}, HX_Request="true").content.decode()
    assert "Nothing is recorded yet." in empty


def test_without_script_the_check_button_shows_the_same_with_the_form(walk: Walk) -> None:
    with nothing_written():
        answer = Desk(walk.cast.phil).post(check_url(walk), {"request_id": str(new_id()), "itch": "yes"})
    text = words(answer.content.decode())
    assert "Contact within 4 h" in text
    assert "Report now" in text
    assert re.search(r'<option value="yes" selected', answer.content.decode())


# --- the page of one ---


def test_the_page_says_how_urgent_why_who_and_what_to_do(walk: Walk) -> None:
    incident = found(walk, Signs(itch=True, tone_back=True), onset_at=walk.at - timedelta(hours=1))
    html = Desk(walk.cast.phil).get(url_of(incident))
    text = words(html)
    assert 'href="/help/sources/#S77"' in html
    assert not re.search(r"\[[VMUP][:\]]", text), "every tag is a link"
    for expected in (
        "Red",
        "Not acknowledged",
        "Person, Sample",
        "Baclofen withdrawal (red): itch, tone or spasms back",
        "Not recorded: temperature",
        "within 15 min",
        "Airway, breathing, circulation; monitor.",
        "Reference only: ask the physician or toxicology.",
        "autonomic dysreflexia (never told apart by blood pressure alone)",
        "Acknowledge: I have it",
        "Decision support: it rules nothing out",
        "Open the steps of the physiatrist",
    ):
        assert expected in text, expected
    assert text.index("call the local emergency number first") < text.index("Why this level")


def test_acknowledging_by_button_ends_the_calls(walk: Walk) -> None:
    incident = found(walk, Signs(seizure=True))
    desk = Desk(walk.cast.phil)
    level = hidden(desk.get(url_of(incident)), "level")
    assert desk.post(url_of(incident, "acknowledge/"), {"level": level}).status_code == 303
    text = words(desk.get(url_of(incident)))
    assert "Acknowledged. The calls have stopped" in text
    assert "Acknowledge: I have it" not in text
    assert desk.post(url_of(incident, "acknowledge/"), {"level": level}).status_code == 303
    assert "It had been done before; nothing changed." in words(desk.get(url_of(incident)))


def test_what_became_worse_behind_the_page_is_shown_not_acknowledged(walk: Walk) -> None:
    incident = found(walk, Signs(itch=True))
    found(walk, Signs(seizure=True))
    with nothing_written():
        answer = Desk(walk.cast.phil).post(url_of(incident, "acknowledge/"), {"level": "orange"})
    assert answer.status_code == 409
    assert "It is red now. Read it again, then acknowledge." in words(answer.content.decode())


def test_a_late_acknowledgement_is_said(walk: Walk) -> None:
    incident = found(walk, Signs(seizure=True))
    acknowledge(incident_id=incident.id, by=walk.cast.phil, at=walk.at + timedelta(minutes=40))
    with at(walk.at + timedelta(hours=1)):
        assert re.search(r"Late\s+by 25 min", words(Desk(walk.cast.phil).get(url_of(incident))))


def test_who_may_not_acknowledge_reads_who_can(walk: Walk) -> None:
    incident = found(walk, Signs(seizure=True))
    tess = person("tess", walk.cast.clinic, Role.THERAPIST)
    text = words(Desk(tess).get(url_of(incident)))
    assert "It can be acknowledged by the anesthesiologist or the coordinator" in text
    assert "Acknowledge: I have it" not in text


def test_the_steps_are_answered_in_their_form_and_shown_on_the_page(walk: Walk) -> None:
    incident = found(walk, Signs(wound=Wound.SWOLLEN))
    desk = Desk(walk.cast.nora)
    url = todo_url(walk.todo("incident_neurosurgeon"))
    text = words(desk.get(url))
    assert "Ultrasound; rule out CSF and infection. (Pocket seroma or haematoma)" in text
    refused = desk.post(url, {"steps-0-answer": "done", "steps-1-answer": "not_done"})
    assert refused.status_code == 422
    assert "not done: write why in its note." in words(refused.content.decode())
    data = {
        "steps-0-answer": "done",
        "steps-1-answer": "not_needed",
        "steps-1-note": "It is small.",
        "findings": "A thin rim.",
    }
    assert desk.post(url, data).status_code == 303
    text = words(desk.get(url_of(incident)))
    assert "Not needed It is small." in text
    assert "Everybody has answered. Close the incident" in text


def test_findings_that_come_while_somebody_fills_in_the_steps_ask_for_the_new_ones(walk: Walk) -> None:
    found(walk, Signs(wound=Wound.SWOLLEN))
    url = todo_url(walk.todo("incident_neurosurgeon"))
    found(walk, Signs(wound=Wound.OPEN_OR_PUS))
    with nothing_written():
        answer = Desk(walk.cast.nora).post(url, {"steps-0-answer": "done", "steps-1-answer": "done"})
    assert answer.status_code == 422
    assert "Vitals, blood count, CRP, culture. (Infection or meningitis)" in words(answer.content.decode())


def test_a_duty_leads_to_its_own_incident(walk: Walk) -> None:
    first = found(walk, Signs(wound=Wound.SWOLLEN))
    answer_all(walk)
    close_it(walk)
    duty = walk.todo("incident_neurosurgeon")
    walk.at += timedelta(minutes=1)
    second = found(walk, Signs(wound=Wound.SWOLLEN))
    desk = Desk(walk.cast.nora)
    assert url_of(first) in desk.get(todo_url(duty))
    assert url_of(second) in desk.get(todo_url(walk.todo("incident_neurosurgeon")))


def test_every_sign_has_words_on_the_page() -> None:
    assert all(sign_label(field.name) for field in fields(Signs))


def test_at_high_risk_the_steps_times_are_shorter(walk: Walk) -> None:
    Case.objects.filter(pk=walk.case_id).update(withdrawal_risk=["cannot_communicate"])
    incident = found(walk, Signs(itch=True))
    assert (incident.level, incident.contact_by) == ("red", walk.at + timedelta(minutes=7))
    text = words(Desk(walk.cast.phil).get(url_of(incident)))
    assert "within 3 h" in text
    assert "within 7 min" in text
    assert "From the records: High risk in withdrawal" in text


def test_an_answered_step_keeps_the_time_that_counted(walk: Walk) -> None:
    incident = found(walk, Signs(itch=True))
    answer_all(walk)
    close_it(walk, confirmed=["withdrawal"], cause="catheter", remedies=["revision"])
    assert walk.case.withdrawal_risk, "the next one is more dangerous"
    text = words(Desk(walk.cast.phil).get(url_of(incident)))
    assert "within 15 min" in text
    assert "within 7 min" not in text


def test_a_correction_starts_from_what_was_answered(walk: Walk) -> None:
    found(walk, Signs(wound=Wound.SWOLLEN))
    answer_all(walk)
    desk = Desk(walk.cast.nora)
    url = todo_url(walk.todo("incident_neurosurgeon"))
    assert desk.post(f"{url}reopen/", {"reason": "The wrong side."}).status_code == 303
    assert desk.get(url).count('<option value="done" selected') == 2


def test_a_closed_incident_says_what_it_was(walk: Walk) -> None:
    incident = found(walk, Signs(wound=Wound.SWOLLEN))
    answer_all(walk)
    close_it(walk, confirmed=["seroma"], cause="other", remedies=["observation", "medication"])
    text = words(Desk(walk.cast.cora).get(url_of(incident)))
    for expected in (
        "Closed",
        "Pocket seroma or haematoma",
        "Other",
        "Observation, Medication",
        "Read the closure",
    ):
        assert expected in text
    assert "call the local emergency number first" not in text
    assert "Add findings" not in text
