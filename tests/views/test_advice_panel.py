"""What a program and a refill mean, beside the form: as it is typed, on the whole page, and outside the plan."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from pathway.models import Case, Event, ProgramRecord, Pump, Todo
from pathway.models.base import new_id
from pathway.protocol.roles import Role, Stage
from tests.cast import Cast, make_cast, person
from tests.engine.test_edges import at_stage, do_until
from tests.engine.traces import nothing_written
from tests.examples import written
from tests.views.desk import Desk, at, case_url, todo_url
from tests.walk import Walk

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """Titration: 100 mcg/day runs since the operation, at 500 mcg/mL; a review is open five days later."""
    walk = do_until(at_stage(cast, Stage.TITRATION), "titration_review")
    walk.wait(5)
    return walk


def posted(walk: Walk, kind: str = "program", **changes: Any) -> dict[str, Any]:
    return written(kind, walk.today) | changes


def words(page: str) -> str:
    """The text of a page in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def fragment(walk: Walk, key: str, kind: str = "program", by: str = "phil", **changes: Any) -> str:
    url = todo_url(walk.todo(key), "check")
    with at(walk.at), nothing_written():
        answer = Desk(getattr(walk.cast, by)).post(url, posted(walk, kind, **changes), **HX)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_a_blank_form_says_what_runs_and_where_the_limit_is(walk: Walk) -> None:
    with at(walk.at):
        page = words(Desk(walk.cast.phil).get(todo_url(walk.todo("titration_review"))))
    assert "100 mcg/day at 500 mcg/mL" in page
    assert "not above 30 % (adult, spinal origin, titration)" in page
    assert "24 mcg/day at 500 mcg/mL (0.048 mL/day)" in page


def test_a_dose_is_judged_as_it_is_typed(walk: Walk) -> None:
    said = fragment(walk, "titration_review", daily_dose_mcg_per_day="120")
    assert "100 → 120 mcg/day, +20.0 %" in said
    assert "0.24 mL/day at 500 mcg/mL" in said
    assert "Refill by" in said
    assert "7 days before the earlier limit" in said
    over = fragment(walk, "titration_review", daily_dose_mcg_per_day="150")
    assert "Needs a reason. +50 % is above the step limit of 30 %" in over


def test_a_patient_prone_to_withdrawal_is_planned_from_4_ml_and_the_pump_keeps_its_own_volumes(
    cast: Cast,
) -> None:
    walk = do_until(
        at_stage(cast, Stage.TITRATION, neuro_history={"earlier_withdrawal": True}), "titration_review"
    )
    walk.wait(5)
    url = todo_url(walk.todo("titration_review"), "check")
    with at(walk.at):
        typed = posted(walk, daily_dose_mcg_per_day="120")
        html = Desk(cast.phil).post(url, typed, **HX).content.decode()
        case = Desk(cast.phil).get(case_url(walk.case_id))
    said = words(html)
    assert "at 2 mL" in said
    assert "with 1.4 mL that cannot be used" in said
    assert "Planned from 4 mL, because withdrawal is more dangerous for this patient." in said
    assert "Planned from 4 mL, because withdrawal is more dangerous" in words(case)
    for page in (html, case):
        assert "/help/sources/#S32" in page


def test_a_dose_that_the_pump_cannot_run_says_what_it_can(walk: Walk) -> None:
    said = fragment(walk, "titration_review", daily_dose_mcg_per_day="20", over_limit_reason="x")
    assert "below the least flow of SynchroMed II, 0.048 mL/day" in said


def test_another_strength_shows_the_bridge_and_asks_for_two_people(walk: Walk) -> None:
    said = fragment(walk, "titration_review", concentration_mcg_per_ml="2000", daily_dose_mcg_per_day="120")
    # path 0.199 + 92 cm x 0.0022 = 0.4014 mL; 0.4014 x 500 / 120 x 24 = 40.1 h; 0.4014 x 2000 = 802.8 mcg
    assert "40.1 h at 0.24 mL/day; the programmer shows 802.8 mcg, 200.7 mcg really flow" in said
    assert "Needs a second clinician. A new concentration takes two people." in said


def test_a_first_program_stands_beside_the_labels_start(cast: Cast) -> None:
    walk = do_until(at_stage(cast, Stage.IMPLANT), "first_program")
    said = fragment(walk, "first_program", daily_dose_mcg_per_day="150")
    assert "2 x 50 mcg = 100 mcg over 24 h" in said
    assert "150 mcg/day is above the label&#x27;s start" in said


def test_a_refill_shows_expected_against_found_and_the_new_dates(walk: Walk) -> None:
    # 18 mL, 0.2 mL/day for five days: 17.0 mL are left
    said = fragment(walk, "refill", "refill", expected_residual_ml="", aspirated_ml="19")
    assert "19 mL is more than the 18 mL that were in the pump after its last fill" in said
    said = fragment(walk, "refill", "refill", expected_residual_ml="", aspirated_ml="14.5")
    assert "Expected by the records 17 mL" in said
    assert "14.5 - 17 = -2.5 mL: more was delivered than programmed" in said
    assert "2.5 mL off the expected volume; the limit is 2 mL." in said
    said = fragment(walk, "refill", "refill", expected_residual_ml="", aspirated_ml="17")
    assert "17 - 17 = 0 mL: as expected" in said
    assert "100 mcg/day, as before" in said


def test_a_refill_starts_with_the_dose_that_runs_and_never_with_a_strength(walk: Walk) -> None:
    with at(walk.at):
        page = Desk(walk.cast.phil).get(todo_url(walk.todo("refill")))
    assert 'name="daily_dose_mcg_per_day" value="100"' in page
    assert not re.search(r'<option value="(500|1000|2000)" selected', page)


def test_nothing_typed_yet_is_no_error_in_the_panel(walk: Walk) -> None:
    url = todo_url(walk.todo("titration_review"), "check")
    with at(walk.at):
        said = words(Desk(walk.cast.phil).post(url, {}, **HX).content.decode())
    assert "Enter time, strength and dose" in said


def test_without_script_the_whole_page_comes_back_with_what_was_typed(walk: Walk) -> None:
    url = todo_url(walk.todo("titration_review"), "check")
    with at(walk.at), nothing_written():
        answer = Desk(walk.cast.phil).post(url, posted(walk, daily_dose_mcg_per_day="120"))
    page = answer.content.decode()
    assert "100 → 120 mcg/day" in words(page)
    assert 'value="120"' in page


def test_a_colleague_of_another_role_is_told_so(walk: Walk) -> None:
    url = todo_url(walk.todo("titration_review"), "check")
    with at(walk.at), nothing_written():
        assert Desk(walk.cast.nora).post(url, posted(walk)).status_code == 403


def record_url(walk: Walk, key: str = "program_change", check: bool = False) -> str:
    return f"/cases/{walk.case_id}/record/{key}/{'check/' if check else ''}"


def test_a_program_is_recorded_outside_the_plan_once(walk: Walk) -> None:
    desk = Desk(walk.cast.phil)
    with at(walk.at):
        page = desk.get(record_url(walk))
        [request_id] = re.findall(r'name="request_id" value="([^"]+)"', page)
        data = posted(walk, daily_dose_mcg_per_day="120") | {"request_id": request_id}
        assert desk.post(record_url(walk), data).status_code == 303
        before = Event.objects.count()
        assert desk.post(record_url(walk), data).status_code == 303
    assert Event.objects.count() == before
    assert ProgramRecord.objects.filter(daily_dose_mcg_per_day=120).count() == 1
    assert Pump.objects.get().daily_dose_mcg_per_day == 120
    assert Todo.objects.get(key="program_change").state == "done"


def test_a_record_outside_the_plan_keeps_what_was_typed_and_its_id(walk: Walk) -> None:
    request_id = str(new_id())
    with at(walk.at), nothing_written():
        answer = Desk(walk.cast.phil).post(
            record_url(walk), posted(walk, daily_dose_mcg_per_day="0.12") | {"request_id": request_id}
        )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "enter 120" in words(page)
    assert f'value="{request_id}"' in page


def test_what_may_be_recorded_is_offered_on_the_case_to_whoever_may(walk: Walk) -> None:
    with at(walk.at):
        assert record_url(walk) in Desk(walk.cast.phil).get(f"/cases/{walk.case_id}/")
        assert record_url(walk) not in Desk(walk.cast.cora).get(f"/cases/{walk.case_id}/")
        assert Desk(walk.cast.phil).post(record_url(walk, check=True), posted(walk), **HX).status_code == 200
        Desk(walk.cast.phil).get(record_url(walk, "refill"), status=404)


def test_two_people_answer_for_another_strength(walk: Walk, cast: Cast) -> None:
    second = person("petra", cast.clinic, Role.PHYSIATRIST)
    changed = {"concentration_mcg_per_ml": "1000", "concentration_mcg_per_ml_again": "1000", "bridge": "done"}
    url = todo_url(walk.todo("titration_review"))
    desk = Desk(cast.phil)
    with at(walk.at):
        refused = desk.post(url, posted(walk, **changed))
        assert refused.status_code == 422
        assert "Name the second clinician who checks it." in words(refused.content.decode())
        assert desk.post(url, posted(walk, **changed, second_clinician=str(second.pk))).status_code == 303
    todo = Todo.objects.get(key="second_check")
    assert (todo.owner_id, todo.state, todo.safety) == (second.pk, "open", True)
    with at(walk.at + timedelta(hours=1)):
        page = words(Desk(second).get(todo_url(todo)))
        assert "1000 mcg/mL" in page, "the second clinician sees what is to be checked"
        assert Desk(second).post(todo_url(todo), {"agrees": "yes"}).status_code == 303


def test_what_cannot_be_used_is_the_pumps_own_for_a_patient_prone_to_withdrawal_too(walk: Walk) -> None:
    """The refill is planned from 4 mL for such a patient; that is not the volume at which the pump is empty."""
    before = fragment(walk, "titration_review")
    Case.objects.update(withdrawal_risk=["earlier_withdrawal"])
    after = fragment(walk, "titration_review")
    assert "Planned from 4 mL" in after
    for text in (before, after):
        assert "with 1.4 mL that cannot be used" in text


@pytest.fixture
def theatre(cast: Cast) -> Walk:
    return do_until(at_stage(cast, Stage.IMPLANT), "operation")


def test_an_operation_shows_path_prime_and_the_first_dates(theatre: Walk) -> None:
    said = fragment(theatre, "operation", "operation", by="nora", prime_ml="0.4")
    # 0.199 mL in the pump, 92 cm x 0.0022 mL/cm in the catheter
    assert "0.199 mL in the pump + 0.2024 mL in the catheter = 0.4014 mL" in said
    assert "0.4014 mL; 0.2024 mL where the pump itself was primed before" in said
    assert "A prime of 0.4 mL moves 200 mcg" in said
    assert "In the reservoir after the prime 17.6 mL" in said
    assert "until the first program is recorded" in said
    assert "at 2 mL, as the maker sets it" in said
    assert "End of service" in said


def test_an_operation_without_a_measured_catheter_says_what_cannot_be_worked_out(theatre: Walk) -> None:
    missing = {"catheter_implanted_cm": "", "catheter_trimmed_cm": "", "catheter_total_cm": ""}
    said = fragment(theatre, "operation", "operation", by="nora", **missing)
    assert "Cannot be worked out: The catheter length is missing" in said


def test_an_operation_with_a_pump_of_unknown_life_says_who_finds_it_out(theatre: Walk) -> None:
    said = fragment(
        theatre, "operation", "operation", by="nora", pump_model="synchromed-iii", alarm_setting_ml="3"
    )
    assert "Not known: a to-do asks for it." in said
    assert "at 3 mL, as set here" in said
    blank = fragment(theatre, "operation", "operation", by="nora", pump_model="")
    assert "Choose pump and catheter" in blank


def test_an_operation_on_a_patient_prone_to_withdrawal_is_planned_from_more(cast: Cast) -> None:
    prone = {"neuro_history": {"earlier_withdrawal": True}}
    walk = do_until(at_stage(cast, Stage.IMPLANT, **prone), "operation")
    said = fragment(walk, "operation", "operation", by="nora")
    assert "from 4 mL at least: withdrawal is more dangerous for this patient" in said
