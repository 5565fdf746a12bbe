"""Incidents as people meet them: reported in a minute, judged as it is typed, acknowledged, worked on and closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from pathway.clinical.signs import Alarm, Signs, Wound
from pathway.engine.incidents import acknowledge, report
from pathway.models import Case, Incident, IncidentAssessment, Notice
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.queries import incidents as listed
from pathway.views.incident_page import sign_label
from tests.cast import Cast, make_cast, person, referred
from tests.engine.test_incidents import answer_all, close_it
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, fresh_case, hidden, todo_url, words
from tests.walk import Walk


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def walk(cast: Cast) -> Iterator[Walk]:
    walk = fresh_case(cast)
    with at(walk.at):
        yield walk


def new_url(walk: Walk) -> str:
    return f"{case_url(walk.case_id, 'incidents')}new/"


def check_url(walk: Walk) -> str:
    return f"{case_url(walk.case_id, 'incidents')}check/"


def url_of(incident: Incident, verb: str = "") -> str:
    return f"/incidents/{incident.id}/{verb}"


def found(walk: Walk, signs: Signs, **more: Any) -> Incident:
    values = {"request_id": new_id(), "by": walk.cast.cora, "at": walk.at, **more}
    report(case_id=walk.case_id, signs=signs, **values)
    return Incident.objects.latest("opened_at")


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


# --- beside it: the case, the list, the history ---


def test_the_case_shows_its_open_incident_first_and_offers_the_report(walk: Walk) -> None:
    desk = Desk(walk.cast.cora)
    before = desk.get(case_url(walk.case_id))
    assert f'href="{new_url(walk)}"' in before
    assert "Report a problem" in words(before)
    incident = found(walk, Signs(alarm=Alarm.TWO_TONE))
    html = desk.get(case_url(walk.case_id))
    text = words(html)
    assert f'href="{url_of(incident)}"' in html
    assert "Incident, red: Motor stall or pump failure" in text
    assert "Nobody has acknowledged it yet." in text
    assert "Add findings to the incident" in text
    assert "Incident 1 reported" in text
    acknowledge(incident_id=incident.id, by=walk.cast.nora, at=walk.at)
    text = words(desk.get(case_url(walk.case_id)))
    assert "Acknowledged by nora." in text
    assert "Acknowledged: incident, red" in text


def test_my_work_and_the_board_say_that_nobody_has_it(cast: Cast, walk: Walk) -> None:
    desk = Desk(cast.phil)
    [name] = re.findall(r'name="seen" value="([^"]+)"', desk.get("/"))
    incident = found(walk, Signs(seizure=True))
    changed = desk.client.get(f"/?part=rows&seen={name}").content.decode()
    said = "Nobody has acknowledged this red incident: Person, Sample"
    assert said in changed, "the poll brings it"
    assert f'href="{url_of(incident)}"' in changed
    assert changed.index(said) < changed.index("Overdue"), "before the list"
    assert "Red incident" in words(desk.get("/board/"))
    assert "Answer your steps" in desk.get(url_of(incident))
    assert "Answer your steps" not in Desk(cast.cora).get(url_of(incident)), "nobody asks the coordinator"
    with at(walk.at + timedelta(minutes=16)):
        assert "the time is over" in words(desk.get("/"))
    acknowledge(incident_id=incident.id, by=cast.nora, at=walk.at)
    assert "Nobody has acknowledged" not in words(desk.get("/"))
    assert "Red incident" in words(desk.get("/board/")), "until it is closed"
    assert "Red incident" not in words(Desk(cast.omar).get("/board/"))


def test_a_line_names_three_conditions_and_counts_the_rest() -> None:
    few = ["withdrawal", "seroma", "catheter"]
    assert "more" not in listed.names_of(few)
    assert listed.names_of([*few, "overdose", "infection"]).endswith("; 2 more")


def test_who_is_asked_finds_the_own_steps_on_top_and_further_plans_folded(walk: Walk) -> None:
    incident = found(walk, Signs(itch=True, wound=Wound.OPEN_OR_PUS, alarm=Alarm.SINGLE))
    html = Desk(walk.cast.nora).get(url_of(incident))
    mine = walk.todo("incident_neurosurgeon")
    assert "Answer your steps" in html
    assert html.index(todo_url(mine)) < html.index('id="why"')
    plans = len(incident.conditions)
    assert plans > 1
    assert html.count('<summary class="app-list-note">') == plans - 1


def several(cast: Cast, walk: Walk) -> dict[str, Incident]:
    """A closed one, a yellow, an orange that waits, a red that somebody has."""
    made = {}
    for name, signs in (
        ("closed", Signs(wound=Wound.SWOLLEN)),
        ("yellow", Signs(wound=Wound.SWOLLEN)),
        ("orange", Signs(itch=True)),
        ("red", Signs(seizure=True)),
    ):
        other = Walk(cast, referred(cast, mrn=f"X-{name}"), walk.at)
        made[name] = found(other, signs)
        walk.at += timedelta(minutes=1)
        if name == "closed":
            answer_all(other)
            close_it(other)
    acknowledge(incident_id=made["red"].id, by=cast.phil, at=walk.at)
    return made


def order(html: str) -> list[str]:
    return re.findall(r"X-(\w+)", words(html))


def test_the_list_puts_open_ones_first_by_level_and_filters(cast: Cast, walk: Walk) -> None:
    several(cast, walk)
    desk = Desk(cast.cora)
    assert order(desk.get("/incidents/")) == ["red", "orange", "yellow", "closed"]
    assert order(desk.get("/incidents/?state=open")) == ["red", "orange", "yellow"]
    assert order(desk.get("/incidents/?state=waiting")) == ["orange", "yellow"]
    assert order(desk.get("/incidents/?state=closed")) == ["closed"]
    assert order(desk.get("/incidents/?level=yellow")) == ["yellow", "closed"]
    assert "No incident fits this filter" in words(desk.get("/incidents/?level=green"))
    assert order(Desk(cast.omar).get("/incidents/")) == []
    assert "No incident yet" in words(Desk(cast.omar).get("/incidents/"))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_follow_each_other_without_a_gap(
    cast: Cast, walk: Walk, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(cast, walk)
    monkeypatch.setattr(listed, "PAGE_ROWS", size)
    desk, seen, url = Desk(cast.cora), [], "/incidents/"
    while url:
        html = desk.get(url)
        seen += order(html)
        more = re.search(r'rel="next" href="([^"]+)"', html)
        url = "/incidents/" + more[1].replace("&amp;", "&") if more else ""
    assert seen == ["red", "orange", "yellow", "closed"]
    assert order(desk.get("/incidents/?after=nonsense"))[0] == "red"


def test_time_that_is_over_is_said_in_the_list(cast: Cast, walk: Walk) -> None:
    found(walk, Signs(seizure=True))
    with at(walk.at + timedelta(minutes=16)):
        text = words(Desk(cast.cora).get("/incidents/"))
    assert "Nobody, time is over" in text
    assert "16 min ago" in text


def test_the_pages_ask_few_questions(cast: Cast, walk: Walk) -> None:
    incident = found(walk, Signs(itch=True, wound=Wound.OPEN_OR_PUS, alarm=Alarm.SINGLE))
    for _ in range(3):
        found(walk, Signs(itch=True))
    desk = Desk(cast.phil)
    for url in ("/incidents/", new_url(walk), url_of(incident), case_url(walk.case_id)):
        assert desk.queries(url) <= MAX_QUERIES, url


def test_everybody_asked_is_told_by_a_notice(walk: Walk) -> None:
    Desk(walk.cast.cora).post(new_url(walk), {"request_id": str(new_id()), "seizure": "yes"})
    told = Notice.objects.filter(kind="page").values_list("recipient__username", flat=True)
    assert sorted(told) == ["anna", "nora", "phil"]
