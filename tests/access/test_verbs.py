"""Who may do what: each verb with a body that fits, pressed by each member of the cast. A refusal leaves no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from pathway.clinical.signs import Signs
from pathway.clinical.site_pump import NUMBERS
from pathway.engine.absences import plan_absence
from pathway.engine.cases import close, hold
from pathway.engine.devices import NewModel, add_pump_model
from pathway.engine.incidents import report
from pathway.engine.todos import claim
from pathway.models import Absence, Clinician, Mail, Membership, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.queries.facts import facts_hash
from pathway.views.referral_file import COLUMNS, SAMPLE
from tests.cast import MONDAY, PASSWORD, Cast, make_cast, patient_values, person
from tests.engine.calendar_desk import closing, previewed
from tests.engine.reminded import agree, consent_form
from tests.engine.test_edges import ready
from tests.engine.test_trials import TrialDay
from tests.engine.traces import nothing_written
from tests.examples import written
from tests.pumps import typed
from tests.views.desk import Desk, at, case_url, fresh_case, todo_url
from tests.views.test_clinic import typed as typed_calendar
from tests.views.test_trial_day import sent
from tests.walk import Walk

pytestmark = pytest.mark.django_db
PEOPLE = ("nora", "phil", "anna", "cora", "omar", "admin")
REASON = "Because the team agreed."


@dataclass(frozen=True)
class Press:
    """A button: its address and what its form sends."""

    url: str
    data: dict[str, Any]


def evaluation(cast: Cast) -> Walk:
    return fresh_case(cast)


def versioned(walk: Walk, **data: Any) -> dict[str, Any]:
    return {"version": walk.case.event_seq, **data}


# --- to-dos: the one of the physiatrist ---


def claim_it(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(todo_url(walk.todo("goals"), "claim"), {})


def owned(cast: Cast) -> tuple[Walk, Todo]:
    walk = evaluation(cast)
    claim(todo_id=walk.todo("goals").id, by=cast.phil, at=walk.at)
    return walk, walk.todo("goals")


def release_it(cast: Cast) -> tuple[Walk, Press]:
    walk, todo = owned(cast)
    return walk, Press(todo_url(todo, "release"), {})


def hand_over(cast: Cast) -> tuple[Walk, Press]:
    walk, todo = owned(cast)
    colleague = person("pia", cast.clinic, Role.PHYSIATRIST)
    return walk, Press(todo_url(todo, "hand-over"), {"to": str(colleague.pk), "reason": REASON})


def complete_it(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(todo_url(walk.todo("goals")), written("goals", walk.today))


def not_applicable(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(todo_url(walk.todo("goals"), "not-applicable"), {"reason": REASON})


def reopen_todo(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    walk.do("goals")
    return walk, Press(todo_url(walk.todo("goals"), "reopen"), {"reason": REASON})


def candidate(cast: Cast) -> Walk:
    walk = ready(cast, "accept")
    walk.do("edge_accept")
    walk.do("eligibility")
    return walk


def sign_as(role: str) -> Callable[[Cast], tuple[Walk, Press]]:
    def prepare(cast: Cast) -> tuple[Walk, Press]:
        walk = candidate(cast)
        data = {"vote": "for", "facts_hash": facts_hash(walk.case_id, "candidacy")}  # type: ignore[arg-type]
        return walk, Press(todo_url(walk.todo(f"candidacy_{role}"), "sign"), data)

    return prepare


def withdraw_signature(cast: Cast) -> tuple[Walk, Press]:
    walk = candidate(cast)
    walk.sign("candidacy_physiatrist")
    return walk, Press(todo_url(walk.todo("candidacy_physiatrist"), "reopen"), {"reason": REASON})


# --- the trial day: its to-do reads the dose that was just given ---


def observe(cast: Cast) -> tuple[Walk, Press]:
    day = TrialDay(cast)
    day.walk.at = day.at(16)
    return day.walk, Press(todo_url(day.todo, "observe"), sent(day, 15))


# --- the whole case ---


def advance(edge: str) -> Callable[[Cast], tuple[Walk, Press]]:
    def prepare(cast: Cast) -> tuple[Walk, Press]:
        walk = ready(cast, edge)
        return walk, Press(f"{case_url(walk.case_id, 'advance')}{edge}/", versioned(walk, reason=REASON))

    return prepare


def hold_it(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    day = (walk.at + timedelta(days=14)).date().isoformat()
    return walk, Press(case_url(walk.case_id, "hold"), versioned(walk, reason=REASON, review_on=day))


def resume_it(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    later = (walk.at + timedelta(days=14)).date()
    hold(case_id=walk.case_id, by=cast.cora, at=walk.at, reason=REASON, review_on=later)
    return walk, Press(case_url(walk.case_id, "resume"), versioned(walk))


def close_it(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(case_url(walk.case_id, "close"), versioned(walk, reason="withdrew", note=REASON))


def reopen_case(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    close(case_id=walk.case_id, by=cast.cora, at=walk.at, reason="withdrew", evidence={"note": REASON})
    return walk, Press(case_url(walk.case_id, "reopen"), {"reason": REASON})


def name_team(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    data = {"role": "physiatrist", "clinicians": [str(cast.phil.pk)]}
    return walk, Press(case_url(walk.case_id, "team"), data)


# --- reminders of appointments ---


def record_consent_of_one(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(case_url(walk.case_id, "reminders"), consent_form(walk))


def withdraw_consent_of_one(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(case_url(walk.case_id, "reminders/stop"), {"contact": str(agree(walk).id)})


# --- incidents ---


def report_one(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(
        case_url(walk.case_id, "incidents") + "new/", {"request_id": str(new_id()), "itch": "yes"}
    )


def acknowledge_it(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    reported = report(
        case_id=walk.case_id, request_id=new_id(), signs=Signs(seizure=True), by=cast.cora, at=walk.at
    )
    return walk, Press(f"/incidents/{reported.incident_id}/acknowledge/", {"level": "red"})


def refer_one(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    patient = patient_values("R-2002")
    return walk, Press("/cases/new/", {**patient, "request_id": str(new_id()), "reason": REASON})


def import_file(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    text = "\n".join(",".join(cells) for cells in (COLUMNS, SAMPLE))
    return walk, Press("/cases/import/", {"file": SimpleUploadedFile("referrals.csv", text.encode())})


def add_pump(cast: Cast) -> Press:
    data = {"clinic": str(cast.clinic.id), "name": "Sample 20", "maker": "Sample"}
    for index, number in enumerate(NUMBERS):
        for cell, text in typed().get(number, {}).items():
            data[f"numbers-{index}-{cell}"] = text
    return Press("/devices/", data)


def retire_pump(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    model = add_pump_model(
        clinic_id=cast.clinic.id, new=NewModel("Sample 20", "Sample", typed()), by=cast.nora, at=walk.at
    )
    return walk, Press(f"/devices/{model.id}/retire/", {})


# --- absences and people ---


def enter_absence(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    data = {"clinic": str(cast.clinic.id), "request_id": str(new_id()), "clinician": str(cast.nora.pk)}
    day = walk.today.isoformat()
    return walk, Press("/cover/", {**data, "first_day": day, "last_day": day, "deputy": "", "note": ""})


def absence_of_phil(cast: Cast, walk: Walk, deputy: Clinician | None = None) -> Absence:
    return plan_absence(
        clinic_id=cast.clinic.id,
        clinician_id=cast.phil.pk,
        deputy_id=deputy.pk if deputy else None,
        first_day=walk.today,
        last_day=walk.today + timedelta(days=3),
        by=cast.phil,
        at=walk.at,
    )


def change_absence(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    absence = absence_of_phil(cast, walk)
    days = {"first_day": str(absence.first_day), "last_day": str(absence.first_day)}
    return walk, Press(f"/cover/{absence.id}/", {**days, "deputy": "", "note": ""})


def cancel_absence(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(f"/cover/{absence_of_phil(cast, walk).id}/cancel/", {})


def complete_as_deputy(cast: Cast) -> tuple[Walk, Press]:
    """Nora is a physiatrist too, and answers for Phil."""
    walk, todo = owned(cast)
    Membership.objects.create(clinician=cast.nora, clinic=cast.clinic, role="physiatrist")
    absence_of_phil(cast, walk, cast.nora)
    return walk, Press(todo_url(todo), written("goals", walk.today))


def of_member(verb: str, **data: Any) -> Callable[[Cast], tuple[Walk, Press]]:
    def prepare(cast: Cast) -> tuple[Walk, Press]:
        member = Membership.objects.get(clinician=cast.phil)
        return evaluation(cast), Press(f"/people/members/{member.id}/{verb}/", data)

    return prepare


def dead_letter(verb: str) -> Callable[[Cast], tuple[Walk, Press]]:
    def prepare(cast: Cast) -> tuple[Walk, Press]:
        walk = evaluation(cast)
        row = {"urgency": "soon", "created_at": walk.at, "due_at": walk.at}
        mail = Mail.objects.create(clinic=cast.clinic, recipient=cast.nora, state="dead", **row)
        return walk, Press(f"/watch/mails/{mail.id}/{verb}/", {})

    return prepare


def lead_clinic(cast: Cast) -> tuple[Walk, Press]:
    data = {"clinic": str(cast.clinic.id), "lead": str(cast.phil.pk)}
    return evaluation(cast), Press("/people/lead/", data)


def leave_clinic(cast: Cast) -> tuple[Walk, Press]:
    walk, _ = owned(cast)
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    data = {"clinic": str(cast.clinic.id), "reason": REASON, "successor_physiatrist": str(pia.pk)}
    return walk, Press(f"/people/{cast.phil.pk}/leave/", data)


def refused_address(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    Clinician.objects.filter(username="phil").update(email_refused_at=walk.at)
    return walk, Press(f"/watch/people/{cast.phil.id}/address/", {"email": "phil@new.example"})


# --- the clinic itself ---


def change_calendar(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    agreed = previewed(cast, closing(date(2026, 3, 9)), walk.at).fingerprint
    data = typed_calendar(cast, ("2026-03-09", "Painting"), do="save", agreed=agreed)
    return walk, Press("/clinic/", data)


def name_clinic(cast: Cast) -> tuple[Walk, Press]:
    data = {"clinic": str(cast.clinic.id), "do": "name", "hospital_name": "Riverside General"}
    return evaluation(cast), Press("/clinic/", data)


# Everybody who is not named is refused: with 403 in the clinic, with 404 outside it. Omar may refer: to his own clinic.
VERBS: dict[str, tuple[Callable[[Cast], tuple[Walk, Press]], set[str]]] = {
    "claim a to-do": (claim_it, {"phil"}),
    "give back one's own to-do": (release_it, {"phil"}),
    "hand a to-do over": (hand_over, {"phil", "cora"}),
    "complete a to-do": (complete_it, {"phil"}),
    "mark a to-do not applicable": (not_applicable, {"phil"}),
    "reopen a to-do": (reopen_todo, {"phil", "cora"}),
    "sign as neurosurgeon": (sign_as("neurosurgeon"), {"nora"}),
    "sign as physiatrist": (sign_as("physiatrist"), {"phil"}),
    "sign as anesthesiologist": (sign_as("anesthesiologist"), {"anna"}),
    "withdraw a signature": (withdraw_signature, {"phil"}),
    "record an observation": (observe, {"nora", "phil", "anna"}),
    "accept": (advance("accept"), {"cora"}),
    "start the trial": (advance("start_trial"), {"cora"}),
    "go to implant without a trial": (advance("waive_trial"), {"cora"}),
    "go on to implant": (advance("pass_trial"), {"cora"}),
    "start titration": (advance("start_titration"), {"cora", "phil"}),
    "settle": (advance("settle"), {"cora", "phil"}),
    "titrate again": (advance("retitrate"), {"cora", "phil"}),
    "plan a revision": (advance("revise"), {"cora", "nora"}),
    "hold": (hold_it, {"nora", "phil", "anna", "cora"}),
    "resume": (resume_it, {"nora", "phil", "anna", "cora"}),
    "close": (close_it, {"nora", "phil", "anna", "cora"}),
    "reopen a case": (reopen_case, {"nora", "phil", "anna", "cora"}),
    "name the care team": (name_team, {"cora"}),
    "record a consent to reminders": (record_consent_of_one, {"nora", "phil", "anna", "cora"}),
    "withdraw a consent to reminders": (withdraw_consent_of_one, {"nora", "phil", "anna", "cora"}),
    "report a problem": (report_one, {"nora", "phil", "anna", "cora"}),
    "acknowledge an incident": (acknowledge_it, {"nora", "phil", "anna", "cora"}),
    "refer a patient": (refer_one, {"cora", "omar"}),
    "import referrals": (import_file, {"cora", "omar"}),
    "change the clinic's calendar": (change_calendar, {"cora"}),
    "name the clinic": (name_clinic, {"cora"}),
    "enter one's own absence": (enter_absence, {"nora", "phil", "anna", "cora"}),
    "change an absence": (change_absence, {"phil", "cora"}),
    "cancel an absence": (cancel_absence, {"phil", "cora"}),
    "complete a to-do as deputy": (complete_as_deputy, {"phil", "nora"}),
    "set clinic days": (of_member("days", weekdays=["0"]), {"cora"}),
    "name the lead of a role": (of_member("lead", lead="1"), {"cora"}),
    "name the lead of a clinic": (lead_clinic, {"cora"}),
    "take somebody out of the clinic": (leave_clinic, {"cora"}),
    "send a dead letter again": (dead_letter("resend"), {"cora"}),
    "let a dead letter go": (dead_letter("let-go"), {"cora"}),
    "correct a colleague's address": (refused_address, {"phil", "cora"}),
    "retire a pump model": (retire_pump, {"nora", "phil", "cora"}),
}
#: Verbs that ask for no case: an outsider is told that they may not, not that there is nothing.
NO_CASE = {"refer a patient", "import referrals"}


@pytest.fixture
def cast() -> Iterator[Cast]:
    with at(MONDAY):
        yield make_cast()


@pytest.mark.parametrize("verb", VERBS)
def test_whoever_may_does_it_and_everybody_else_is_refused_without_a_trace(cast: Cast, verb: str) -> None:
    prepare, allowed = VERBS[verb]
    walk, press = prepare(cast)
    admin = Clinician.objects.create_superuser("admin", "admin@clinic.example", PASSWORD)
    found, wanted = {}, {}
    with at(walk.at):
        for name in PEOPLE:
            desk = Desk(admin if name == "admin" else getattr(cast, name))
            outside = name in ("omar", "admin") and verb not in NO_CASE
            wanted[name] = 303 if name in allowed else 404 if outside else 403
            found[name] = pressed(desk, press, refused=wanted[name] != 303)
    assert found == wanted


def test_who_adds_a_pump_model_to_this_clinic(cast: Cast) -> None:
    """Omar's form offers his own clinic only: this one is no choice."""
    press = add_pump(cast)
    wanted = {"nora": 303, "phil": 303, "cora": 303, "anna": 403, "omar": 422}
    found = {}
    for name, status in wanted.items():
        found[name] = pressed(Desk(getattr(cast, name)), press, refused=status != 303)
    assert found == wanted


def pressed(desk: Desk, press: Press, *, refused: bool) -> int:
    """The status of one press; what it did is undone, and what should be refused must write nothing."""
    for value in press.data.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    if refused:
        with nothing_written():
            return desk.post(press.url, press.data).status_code
    with transaction.atomic():
        status = desk.post(press.url, press.data).status_code
        transaction.set_rollback(True)
    return status
