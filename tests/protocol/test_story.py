"""Whole passages without a database: what opens when, on which date, and what falls away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from pathway.protocol.plan import replan_on
from pathway.protocol.roles import Decision, Role, Stage, TodoState
from tests.protocol.story import (
    CHICAGO,
    ITB1,
    Story,
    evaluated,
    give_and_read,
    in_implant,
    in_long_term,
    in_titration,
    in_trial,
    operate,
    selected,
)

TRIAL_RESULTS = {f"trial_result_{role}" for role in ("neurosurgeon", "physiatrist", "anesthesiologist")}
CANDIDACIES = {f"candidacy_{role}" for role in ("neurosurgeon", "physiatrist", "anesthesiologist")}


class TestHappyPathway:
    def test_a_referral_opens_the_whole_evaluation_with_dates_in_working_days(self) -> None:
        story = Story(date(2026, 6, 29))  # 3 July is the observed holiday
        assert set(story.open) == {
            "baseline_spasticity",
            "medication_history",
            "neuro_history",
            "goals",
            "surgical_review",
            "anesthesia_review",
            "social_checklist",
            "education_first",
        }
        assert story.on("baseline_spasticity") == date(2026, 7, 14)
        assert story.on("goals") == date(2026, 7, 21)

    def test_the_last_required_duty_asks_the_coordinator_to_accept(self) -> None:
        story = evaluated()
        assert set(story.open) == {"edge_accept"}
        assert story.open["edge_accept"].role is Role.COORDINATOR
        assert story.on("edge_accept") == date(2026, 3, 4)

    def test_selection_waits_for_eligibility_then_for_three_signatures(self) -> None:
        story = evaluated()
        story.advance("accept")
        assert set(story.open) == {"eligibility"}
        story.do("eligibility", eligible=True)
        assert set(story.open) == CANDIDACIES
        story.sign_all(Decision.CANDIDACY)
        assert set(story.open) == {"mdt_minute", "trial_booking"}
        story.do("trial_booking", date="2026-03-16")
        story.do("mdt_minute")
        assert set(story.open) == {"edge_start_trial"}

    def test_a_waived_trial_books_none_and_goes_to_implant(self) -> None:
        story = selected(waives=True)
        assert set(story.open) == {"edge_waive_trial"}
        story.advance("waive_trial")
        assert story.facts.stage is Stage.IMPLANT
        assert set(story.open) == {"theatre_booking"}

    def test_the_trial_is_dated_from_its_booking_and_follows_it(self) -> None:
        story = selected()
        story.do("trial_booking", date="2026-03-16")
        story.advance("start_trial")
        assert story.on("trial_plan") == date(2026, 3, 9)
        story.do("trial_plan")
        assert story.on("trial_dose") == date(2026, 3, 16)
        story.reopen("trial_booking")
        story.do("trial_booking", date="2026-03-23")
        assert story.on("trial_dose") == date(2026, 3, 23)

    def test_a_positive_trial_is_signed_and_passed_while_the_calls_go_on(self) -> None:
        story = in_trial()
        give_and_read(story, 50, "positive")
        assert set(story.open) == {*TRIAL_RESULTS, "call_day1", "call_day2"}
        story.sign_all(Decision.TRIAL_RESULT)
        assert set(story.open) == {"edge_pass_trial", "call_day1", "call_day2"}
        story.advance("pass_trial")
        assert set(story.open) == {"theatre_booking", "call_day1", "call_day2"}

    def test_the_implant_goes_from_booking_to_the_first_program(self) -> None:
        story = in_implant()
        story.do("call_day1", "call_day2")
        story.do("theatre_booking", date="2026-04-20")
        assert story.on("surgical_plan") == date(2026, 4, 6)
        story.do("surgical_plan")
        assert "operation" not in story.open
        story.do("anesthesia_plan")
        assert story.on("operation") == date(2026, 4, 20)
        story.wait((date(2026, 4, 20) - story.facts.today).days)
        story.fill(days=90)
        story.do("operation", operated_on="2026-04-20")
        assert story.on("first_program") == date(2026, 4, 20)
        assert story.on("postop_d3_neurosurgeon") == date(2026, 4, 23)
        assert (
            story.on("refill")
            == CHICAGO.last_working_day_on_or_before(date(2026, 7, 19))
            == date(2026, 7, 17)
        )
        assert story.on("book_refill") == date(2026, 6, 26)

    def test_titration_settles_when_the_dose_held_still_and_goals_were_reviewed(self) -> None:
        story = in_titration()
        story.do("headache_closure", "rehab_plan", "taper_plan", "wound_d12", "goals_review")
        assert story.verdict("settle").codes() == {"dose_not_settled"}
        pump = story.facts.pump
        assert pump is not None
        assert pump.dose_since is not None
        settled_on = replan_on(ITB1, story.facts)
        assert settled_on == pump.dose_since + timedelta(days=28)
        story.wait((settled_on - story.facts.today).days)
        assert "edge_settle" in story.open
        assert replan_on(ITB1, story.facts) is None
        story.advance("settle")
        assert {"review_6mo", "refill", "wound_d42", "wound_d90", "device_plan_12"} <= set(story.open)
        assert not {"titration_review", "weekly_call"} & set(story.open)

    def test_weekly_duties_come_back_a_week_after_they_were_done(self) -> None:
        story = in_titration()
        story.wait(5)
        story.do("titration_review", "weekly_call")
        assert story.on("titration_review") == story.facts.today + timedelta(days=7)
        assert story.open["weekly_call"].occurrence == 2

    def test_long_term_has_a_review_every_six_months_and_a_plan_for_the_next_pump(self) -> None:
        story = in_long_term()
        entered, pump = story.facts.today, story.facts.pump
        assert pump is not None
        assert pump.end_of_service_on is not None
        assert entered + timedelta(days=178) <= story.on("review_6mo") <= entered + timedelta(days=184)
        months_before = [pump.end_of_service_on - story.on(f"device_plan_{months}") for months in (12, 6, 3)]
        assert months_before == sorted(months_before, reverse=True)
        story.do("review_6mo")
        assert story.open["review_6mo"].occurrence == 2


class TestTrialEscalation:
    def test_inadequate_doses_climb_by_steps_and_each_is_read_anew(self) -> None:
        story = in_trial()
        for occurrence, dose in enumerate((50, 75), 1):
            give_and_read(story, dose, "inadequate")
            assert "trial_readings" not in story.open
            assert not TRIAL_RESULTS & set(story.open)
            assert story.open["trial_dose"].occurrence == occurrence + 1
            assert story.on("trial_dose") == story.facts.today + timedelta(days=1)
            story.wait(1)
        story.do("trial_dose", given_on=str(story.facts.today), dose_mcg=100)
        assert story.open["trial_readings"].occurrence == 3
        assert "trial_dose" not in story.open
        assert not TRIAL_RESULTS & set(story.open)
        story.do("trial_readings", verdict="positive", dose_mcg=100, read_on=str(story.facts.today))
        assert set(story.open) >= TRIAL_RESULTS
        assert "trial_dose" not in story.open

    def test_the_highest_dose_without_a_response_ends_the_trial_as_failed(self) -> None:
        story = in_trial()
        for dose in (50, 75, 100):
            give_and_read(story, dose, "inadequate")
            story.wait(1)
        assert "trial_dose" not in story.open
        assert {"trial_failed_review", *TRIAL_RESULTS} <= set(story.open)
        assert "no_positive_response" in story.verdict("pass_trial").codes()

    def test_a_declined_further_dose_ends_the_trial_on_the_readings_there_are(self) -> None:
        story = in_trial()
        give_and_read(story, 50, "inadequate")
        story.skip("trial_dose")
        assert "trial_dose" not in story.open
        assert "trial_readings" not in story.open
        assert "trial_failed_review" in story.open

    def test_an_adverse_reaction_is_never_followed_by_a_higher_dose(self) -> None:
        story = in_trial()
        give_and_read(story, 50, "adverse")
        assert "trial_dose" not in story.open
        assert "trial_failed_review" in story.open

    def test_after_a_failed_trial_somebody_must_still_decide(self) -> None:
        story = in_trial()
        give_and_read(story, 50, "adverse")
        story.sign_all(Decision.TRIAL_RESULT)
        story.do("trial_failed_review", "call_day1", "call_day2")
        assert set(story.open) == {"next_step"}
        story.do("next_step")
        assert story.open["next_step"].occurrence == 2

    def test_each_dose_is_followed_by_calls_of_its_own(self) -> None:
        story = in_trial()
        story.do("trial_dose", given_on=str(story.facts.today), dose_mcg=50)
        story.wait(2)
        story.do("call_day1", "call_day2")
        story.do("trial_readings", verdict="inadequate", dose_mcg=50, read_on=str(story.facts.today))
        story.do("trial_dose", given_on=str(story.facts.today), dose_mcg=75)
        assert story.on("call_day1") == story.facts.today + timedelta(days=1)
        assert story.open["call_day2"].occurrence == 2

    def test_a_duty_is_never_lost_for_want_of_a_date(self) -> None:
        story = in_trial()
        story.skip("trial_dose")
        assert story.facts.day("trial_dose.given_on") is None
        assert story.on("trial_readings") == story.facts.today


class TestSignatures:
    def test_dissent_opens_a_meeting_and_the_meeting_a_new_round(self) -> None:
        story = evaluated()
        story.advance("accept")
        story.do("eligibility", eligible=True)
        story.sign(Decision.CANDIDACY, Role.NEUROSURGEON, "against")
        story.sign(Decision.CANDIDACY, Role.PHYSIATRIST)
        assert set(story.open) == {"mdt_dissent", "candidacy_anesthesiologist"}
        story.sign(Decision.CANDIDACY, Role.ANESTHESIOLOGIST)
        assert set(story.open) == {"mdt_dissent"}, "nothing is booked or minuted as long as they disagree"
        assert "dissent" in story.verdict("start_trial").codes()
        story.wait(4)
        story.do("mdt_dissent")
        assert set(story.open) == CANDIDACIES
        assert story.on("candidacy_neurosurgeon") == CHICAGO.add_working_days(story.facts.today, 3)
        story.sign_all(Decision.CANDIDACY)
        assert set(story.open) == {"mdt_minute", "trial_booking"}
        assert len(story.facts.signoffs) == 6, "the dissent stays on record"

    def test_a_second_dissent_opens_a_second_meeting(self) -> None:
        story = evaluated()
        story.advance("accept")
        story.do("eligibility", eligible=True)
        for occurrence in (1, 2):
            story.sign(Decision.CANDIDACY, Role.PHYSIATRIST, "against")
            assert story.open["mdt_dissent"].occurrence == occurrence
            story.do("mdt_dissent")

    def test_corrected_facts_lapse_the_signatures_and_ask_again_once_they_are_settled(self) -> None:
        story = selected()
        story.reopen("goals")
        assert {lapse.role for lapse in story.plan.lapses} == {
            Role.NEUROSURGEON,
            Role.PHYSIATRIST,
            Role.ANESTHESIOLOGIST,
        }
        assert set(story.open) == {"goals", "trial_booking"}, "nobody signs on facts about to change"
        story.do("goals")
        assert set(story.open) >= CANDIDACIES
        story.sign_all(Decision.CANDIDACY)
        assert set(story.open) == {"trial_booking"}

    def test_signatures_of_an_earlier_round_stay_on_record_when_facts_change(self) -> None:
        story = evaluated()
        story.advance("accept")
        story.do("eligibility", eligible=True)
        story.sign(Decision.CANDIDACY, Role.PHYSIATRIST, "against")
        story.do("mdt_dissent")
        story.sign(Decision.CANDIDACY, Role.PHYSIATRIST)
        story.reopen("goals")
        assert [(lapse.round, lapse.vote) for lapse in story.plan.lapses] == [(2, "for")]
        assert [(signed.round, signed.vote) for signed in story.facts.signoffs] == [(1, "against")]

    def test_a_withdrawn_signature_is_asked_for_again(self) -> None:
        story = selected()
        story.facts = replace(story.facts, signoffs=story.facts.signoffs[1:])
        story.settle()
        assert story.opened() == {"candidacy_neurosurgeon"}

    def test_an_earlier_stage_can_be_corrected_without_going_back(self) -> None:
        story = in_titration()
        story.reopen("medication_history")
        assert "medication_history" in story.open
        story.wait(1)
        story.do("medication_history")
        assert "medication_history" not in story.open


class TestHold:
    def test_a_hold_asks_for_its_review_and_shuts_the_gate(self) -> None:
        story = evaluated()
        story.hold(date(2026, 4, 1))
        assert set(story.open) == {"hold_review"}
        assert story.on("hold_review") == date(2026, 4, 1)
        story.hold(None)
        assert set(story.open) == {"edge_accept"}

    def test_a_reviewed_hold_is_reviewed_again_as_long_as_it_lasts(self) -> None:
        story = evaluated()
        story.hold(date(2026, 4, 1))
        story.wait(30)
        story.do("hold_review")
        assert story.on("hold_review") == CHICAGO.add_working_days(story.facts.today, 10)

    def test_a_hold_never_silences_the_pump(self) -> None:
        story = in_titration()
        story.hold(story.facts.today + timedelta(days=30))
        assert {"refill", "book_refill", "hold_review"} <= set(story.open)


class TestPump:
    def test_a_refill_opens_the_next_one_at_once(self) -> None:
        story = in_long_term()
        story.wait(50)
        story.fill(days=120)
        story.do("refill")
        assert story.open["refill"].occurrence == 2
        assert story.open["book_refill"].occurrence == 2

    def test_a_changed_dose_moves_the_refill(self) -> None:
        story = in_long_term()
        pump = story.facts.pump
        assert pump is not None
        assert pump.refill_by is not None
        earlier = pump.refill_by - timedelta(days=20)
        story.facts = replace(story.facts, pump=replace(pump, refill_by=earlier))
        story.settle()
        assert story.on("refill") == CHICAGO.last_working_day_on_or_before(earlier)

    def test_an_appointment_after_the_new_refill_date_is_booked_anew(self) -> None:
        story = in_long_term()
        pump = story.facts.pump
        assert pump is not None
        assert "book_refill" not in story.open
        story.facts = replace(
            story.facts, pump=replace(pump, refill_by=story.facts.today + timedelta(days=10))
        )
        story.settle()
        assert story.on("book_refill") == story.facts.today, (
            "the window has begun, but it is not overdue from birth"
        )

    def test_a_missed_appointment_is_booked_anew_on_the_day_the_case_is_planned_again(self) -> None:
        story = in_long_term()
        booked_for = story.facts.day("book_refill.date")
        assert booked_for is not None
        story.wait((booked_for - story.facts.today).days)
        assert "book_refill" not in story.open
        assert replan_on(ITB1, story.facts) == booked_for + timedelta(days=1)
        story.wait(1)
        assert "book_refill" in story.open
        assert replan_on(ITB1, story.facts) is None

    def test_no_pump_no_refill(self) -> None:
        story = in_long_term()
        story.facts = replace(story.facts, pump=None)
        story.settle()
        assert not {"refill", "book_refill", "device_plan_12"} & set(story.open)


class TestGoingBack:
    def test_a_revision_asks_for_a_whole_operation_again(self) -> None:
        story = in_long_term()
        story.advance("revise")
        assert "theatre_booking" in story.open
        assert {"wound_d42", "wound_d90", "refill"} <= set(story.open), "these outlive the stage"
        assert "review_6mo" not in story.open
        assert story.verdict("start_titration").codes() == {"no_operation", "no_program", "todo_missing"}
        operate(story)
        story.advance("start_titration")
        operated_on = date.fromisoformat(story.facts.value("operation.operated_on"))
        assert story.on("wound_d12") == operated_on + timedelta(days=12)
        assert story.on("wound_d90") == operated_on + timedelta(days=90)

    def test_titrating_again_asks_for_the_dose_but_not_for_the_wound(self) -> None:
        story = in_long_term()
        story.do("wound_d42")
        story.advance("retitrate")
        assert {"titration_review", "goals_review", "weekly_call"} <= set(story.open)
        assert not {"wound_d12", "wound_d42", "headache_closure"} & set(story.open)
        assert "wound_d90" in story.open, "what was open goes on"

    def test_a_case_closed_by_mistake_goes_on_where_it_was(self) -> None:
        story = in_titration()
        story.do("rehab_plan")
        before = set(story.open)
        story.enter(Stage.CLOSED)
        assert not story.open
        story.wait(3)
        story.enter(Stage.TITRATION)
        assert set(story.open) == before
        assert story.facts.todos["rehab_plan"].state is TodoState.DONE
