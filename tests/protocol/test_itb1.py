"""The protocol that ships: who does what in each stage, and that every name in it exists."""

from __future__ import annotations

import pytest

from pathway.models.records import RECORDS
from pathway.protocol.conditions import CONDITIONS
from pathway.protocol.guards import GUARDS
from pathway.protocol.lint import READS
from pathway.protocol.loader import VERSIONS, from_canonical, load
from pathway.protocol.roles import EDGES, OPEN_STAGES, CloseReason, Role, Stage
from tests.protocol.story import FORMS, ITB1

DUTIES = {
    Stage.EVALUATION: {
        "physiatrist": "baseline_spasticity medication_history neuro_history goals",
        "neurosurgeon": "surgical_review",
        "anesthesiologist": "anesthesia_review",
        "coordinator": "social_checklist education_first",
    },
    Stage.SELECTION: {
        "physiatrist": "eligibility candidacy_physiatrist",
        "neurosurgeon": "candidacy_neurosurgeon",
        "anesthesiologist": "candidacy_anesthesiologist",
        "coordinator": "mdt_minute trial_booking",
    },
    Stage.TRIAL: {
        "physiatrist": "trial_readings trial_result_physiatrist",
        "neurosurgeon": "trial_dose trial_result_neurosurgeon",
        "anesthesiologist": "trial_plan trial_result_anesthesiologist",
        "coordinator": "call_day1 call_day2 trial_failed_review",
    },
    Stage.IMPLANT: {
        "physiatrist": "first_program",
        "neurosurgeon": "surgical_plan operation postop_d1_neurosurgeon postop_d3_neurosurgeon",
        "anesthesiologist": "anesthesia_plan postop_d1_anesthesiologist postop_d3_anesthesiologist",
        "coordinator": "theatre_booking device_registration education_second",
    },
    Stage.TITRATION: {
        "physiatrist": "titration_review rehab_plan taper_plan goals_review",
        "neurosurgeon": "wound_d12 wound_d42 wound_d90",
        "anesthesiologist": "headache_closure",
        "coordinator": "weekly_call",
    },
    Stage.LONG_TERM: {
        "physiatrist": "review_6mo",
        "neurosurgeon": "device_plan_12 device_plan_6 device_plan_3",
        "anesthesiologist": "emergency_check",
        "coordinator": "education_yearly",
    },
}
ANYTIME = {
    "physiatrist": "refill emergency_plan program_change pump_event stopped_watch incident_physiatrist "
    "incident_closure",
    "neurosurgeon": "service_life replace_after_eri incident_neurosurgeon",
    "anesthesiologist": "incident_anesthesiologist",
    "coordinator": "book_refill emergency_card mdt_dissent hold_review next_step incident_coordinator",
}


@pytest.mark.parametrize("stage", OPEN_STAGES)
def test_each_discipline_has_its_duties(stage: Stage) -> None:
    found: dict[str, set[str]] = {}
    for todo in ITB1.stage[stage].todo:
        found.setdefault(str(todo.role), set()).add(todo.key)
    assert found == {role: set(keys.split()) for role, keys in DUTIES[stage].items()}


def test_the_duties_of_any_stage() -> None:
    found: dict[str, set[str]] = {}
    for todo in ITB1.anytime:
        found.setdefault(str(todo.role), set()).add(todo.key)
    assert found == {role: set(keys.split()) for role, keys in ANYTIME.items()}


def test_it_loads_against_the_records_that_exist() -> None:
    assert set(RECORDS) == FORMS
    assert load(VERSIONS / "itb-1", RECORDS) == ITB1
    used = {todo.form for todo in ITB1.todos.values() if todo.form}
    assert used == set(RECORDS), "a record that no duty asks for"


def test_it_names_every_move_but_the_engines_own() -> None:
    named = {(stage.stage, edge.edge) for stage in ITB1.stages for edge in stage.edge}
    declared = {
        (source, edge.name)
        for edge in EDGES
        for source in edge.sources
        if edge.name not in ("close", "reopen")
    }
    assert named == declared


def test_every_guard_and_condition_is_used() -> None:
    conditions = {todo.when for todo in ITB1.todos.values()} | {
        todo.repeat.when for todo in ITB1.todos.values() if todo.repeat
    }
    conditions |= {edge.prompt_when for stage in ITB1.stages for edge in stage.edge}
    assert conditions - {None} == set(CONDITIONS)
    assert {name for stage in ITB1.stages for edge in stage.edge for name in edge.guards} == set(GUARDS)
    assert set(READS) <= {*CONDITIONS, *GUARDS}


def test_every_duty_says_why_in_one_line() -> None:
    for stage in (*ITB1.stages,):
        for todo in stage.todo:
            assert 20 <= len(todo.help) <= 130, todo.key


def test_a_move_is_asked_of_somebody_except_going_back() -> None:
    unasked = {edge.edge for stage in ITB1.stages for edge in stage.edge if edge.prompt is None}
    assert unasked == {"revise", "retitrate"}
    assert set(ITB1.close_reasons) == set(CloseReason)
    assert Role.SYSTEM not in ITB1.close_roles


def test_the_frozen_text_gives_the_same_protocol_back() -> None:
    again = from_canonical(ITB1.canonical())
    assert again == ITB1
    assert again.sha256() == ITB1.sha256()
    assert from_canonical(ITB1.canonical()) is again, "cached by its hash"
