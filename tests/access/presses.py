"""What each verb on a case, an incident, a referral or a pump model is sent, with a body that fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from pathway.clinical.signs import Signs
from pathway.clinical.site_pump import NUMBERS
from pathway.engine.cases import close, hold
from pathway.engine.devices import NewModel, add_pump_model
from pathway.engine.incidents import report
from pathway.engine.todos import claim
from pathway.models import Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from pathway.queries.facts import facts_hash
from pathway.views.referral_file import COLUMNS, SAMPLE
from tests.cast import Cast, patient_values, person
from tests.engine.reminded import agree, consent_form
from tests.engine.test_edges import ready
from tests.engine.test_trials import TrialDay
from tests.examples import written
from tests.pumps import typed
from tests.views.desk import case_url, fresh_case, todo_url
from tests.views.test_trial_day import sent
from tests.walk import Walk

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
