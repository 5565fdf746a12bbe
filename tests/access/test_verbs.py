"""Who may do what: each verb with a body that fits, pressed by each member of the cast. A refusal leaves no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from pathway.models import Clinician
from tests.access.clinic_presses import (
    cancel_absence,
    change_absence,
    change_calendar,
    complete_as_deputy,
    dead_letter,
    enter_absence,
    invite_once_more,
    join_clinic,
    lead_clinic,
    leave_clinic,
    name_clinic,
    of_member,
    one_more_role,
    one_role_less,
    refused_address,
)
from tests.access.presses import (
    Press,
    acknowledge_it,
    add_pump,
    advance,
    claim_it,
    close_it,
    complete_it,
    hand_over,
    hold_it,
    import_file,
    name_team,
    not_applicable,
    observe,
    record_consent_of_one,
    refer_one,
    release_it,
    reopen_case,
    reopen_todo,
    report_one,
    resume_it,
    retire_pump,
    sign_as,
    withdraw_consent_of_one,
    withdraw_signature,
)
from tests.cast import MONDAY, PASSWORD, Cast, make_cast
from tests.engine.traces import nothing_written
from tests.views.desk import Desk, at
from tests.walk import Walk

pytestmark = pytest.mark.django_db
PEOPLE = ("nora", "phil", "anna", "cora", "omar", "admin")

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
    "add somebody to the clinic": (join_clinic, {"cora"}),
    "give somebody a role": (one_more_role, {"cora"}),
    "end somebody's role": (one_role_less, {"cora"}),
    "invite somebody again": (invite_once_more, {"cora"}),
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
