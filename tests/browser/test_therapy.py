"""One therapy in the browser: two trial doses, implant, program, titration, refills, card, and one red incident.

The engine walks the case to its trial; from there on everything happens on screens, with the real worker, broker and
mail server. Every new kind of screen is looked at (axe, width, console) and photographed at both widths.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from pathway.models import Incident, Patient, ProgramRecord, Todo, TrialObservation
from pathway.protocol.roles import Role, Stage
from tests.browser.bedside import Bedside, cells, local
from tests.browser.looking import teach_axe
from tests.browser.marks import STORY
from tests.browser.person import Person
from tests.browser.site import Site
from tests.browser.story import FIRST_DAY, check_after_operation, link_of, plan_operation, sign_trial
from tests.browser.therapy import FACTS, SOURCE, Therapy, calls, printed_card
from tests.cast import Cast
from tests.cast import person as colleague
from tests.engine.test_edges import at_stage
from tests.engine.test_trials import BETTER, TONE
from tests.views.desk import case_url

pytestmark = STORY
ALMOST = [TONE[0], {"muscle": "knee_flexors", "left": "2", "right": "2"}]
_OPERATED = 29
"""Days from the referral to the operation."""


def test_a_therapy_from_the_first_dose_to_a_withdrawal(
    cast: Cast, site: Site, person: Callable[..., Person], tmp_path: Path
) -> None:
    colleague("nell", cast.clinic, Role.NURSE)
    people = {name: person(name) for name in ("nora", "phil", "anna", "cora", "nell")}
    for one in people.values():
        teach_axe(one.context)
        one.page.on("dialog", lambda dialog: dialog.accept())  # leave what was typed and not sent
    story = Therapy(site, people, at_stage(cast, Stage.TRIAL), tmp_path)
    Patient.objects.update(contact_name="Marguerite", contact_phone="+1 312 555 0142")
    story.day(0)
    fifty_is_not_enough(story)
    seventy_five_is(story)
    implant(story)
    card(story)
    titrate(story)
    change_the_strength_at_a_refill(story)
    refill_with_a_difference(story)
    the_difference_is_worked_up(story)
    a_withdrawal_nobody_acknowledges(story)
    it_is_acknowledged_late_and_closed(story)
    assert not story.faults, "\n".join(story.faults)
    assert [one.complaints for one in people.values()] == [[]] * len(people)


# --- the trial ---


def give(story: Therapy, at: datetime, **changes: Any) -> Bedside:
    """Nora gives the dose that the page asks for, and writes it down a minute later."""
    story.moment(at + timedelta(minutes=1))
    nora = story.types("nora", "Give the screening dose", given_at=at, **changes)
    story.looks("nora", f"dose-{changes['dose_mcg']}")
    story.saves("nora", "Give the screening dose")
    return Bedside(story.site, story.walk, at, nora)


def fifty_is_not_enough(story: Therapy) -> None:
    phil = story.people["phil"]
    story.moment(FIRST_DAY + timedelta(hours=17))
    story.does("anna", "Plan the trial day")
    bedside = give(story, story.now + timedelta(minutes=5), dose_mcg=50)
    bedside.window = phil
    bedside.records(0, TONE, **{"see-penn": "3"})
    bedside.records(15, [], story.people["nell"])
    bedside.records(30, [], story.people["nora"])

    form = bedside.opens(62)
    phil.fill(form, cells(BETTER))
    change = phil.page.locator("#change")
    expect(change).to_contain_text("Mean MAS 2.75 - 1.625 = 1.125; the limit is a fall of 1 [")
    expect(change.locator(SOURCE)).to_contain_text("local policy: S28")
    story.looks("phil", "trial-typed")
    assert not TrialObservation.objects.filter(minute=60).exists(), "looking is not recording"
    bedside.records(60, ALMOST)
    bedside.records(120, ALMOST)
    phil.reads("1 h: mean 2.75 - 2.5 = 0.25")
    phil.reads("The threshold is not met.")
    story.looks("phil", "trial-inadequate")
    bedside.says("inadequate")
    story.now = bedside.injected_at


def seventy_five_is(story: Therapy) -> None:
    again = story.now + timedelta(hours=24)
    early = again - timedelta(hours=1)
    story.moment(early + timedelta(minutes=1))
    nora = story.types("nora", "Give the screening dose", given_at=early, dose_mcg=75)
    nora.reads("75 mcg [")
    nora.reads("24 h after the last dose [")
    nora.press("Save and complete")
    nora.reads("the next one is possible from")
    story.looks("nora", "dose-too-early")

    story.site.move_to(again + timedelta(minutes=1))
    nora.page.locator('#record form [name="given_at"]').fill(local(again))
    nora.press("Save and complete")
    nora.reads("Give the screening dose: Done.")
    bedside = Bedside(story.site, story.walk, again, story.people["phil"])
    bedside.records(0, TONE, **{"see-penn": "3"})
    bedside.records(60, BETTER)
    phil = bedside.records(120, BETTER)
    phil.reads("The threshold is met")
    phil.reads("1 h: mean 2.75 - 1.625 = 1.125")
    story.looks("phil", "trial-positive")
    bedside.says("positive")
    assert story.walk.todo("trial_readings").result["verdict"] == "positive"


# --- the implant ---


def implant(story: Therapy) -> None:
    story.day(3)
    sign_trial(story)
    plan_operation(story)
    story.day(_OPERATED)
    story.types("nora", "Operation note", prime_ml=Decimal("0.4"))
    story.looks("nora", "operation")
    story.saves("nora", "Operation note")
    first_program(story)
    story.does("phil", "Write the emergency plan")
    story.day(_OPERATED + 1)
    story.does("nora", "Day 1 check: wound and neurology")
    story.does("anna", "Day 1 check: headache and sedation")
    story.day(_OPERATED + 3)
    check_after_operation(story)


def first_program(story: Therapy) -> None:
    twice = "Twice the effective screening dose of 75 mcg"
    phil = story.types("phil", "First program", daily_dose_mcg_per_day=Decimal(150), reason=twice)
    advice = phil.page.locator("#advice")
    expect(advice).to_contain_text("150 mcg/day, the first program")
    expect(advice).to_contain_text("2 x 75 mcg")
    expect(advice.locator("dd", has_text="2 x 75 mcg").locator(SOURCE)).to_contain_text("V: S4, S14")
    story.looks("phil", "first-program")
    shown = story.dates(phil, "#advice")
    story.saves("phil", "First program")
    story.keeps(shown)


# --- the dose ---


def review(story: Therapy, day: int, dose: int) -> Person:
    """A titration review is typed in."""
    story.day(day)
    why = f"Spasms at night; {dose} mcg/day agreed"
    return story.types("phil", "Titration review", daily_dose_mcg_per_day=Decimal(dose), reason=why)


def titrate(story: Therapy) -> None:
    phil = review(story, _OPERATED + 11, 250)
    advice = phil.page.locator("#advice")
    expect(advice).to_contain_text("180 → 250 mcg/day, +38.9 %")
    over = advice.locator(
        ".pf-v6-c-alert", has_text="Needs a reason. +38.9 % is above the step limit of 30 %"
    )
    expect(over).to_contain_text("V: S6b, S14")
    expect(over.locator(SOURCE).first).to_be_visible()
    phil.press("Save and complete")
    expect(phil.page.locator("[data-error-summary]")).to_contain_text("above the step limit of 30 %")
    story.looks("phil", "step-over-the-limit")
    before = ProgramRecord.objects.count()
    phil.page.locator('[name="over_limit_reason"]').fill("Cannot sit for the spasms; watched on the ward")
    story.saves("phil", "Titration review")
    assert ProgramRecord.objects.count() == before + 1
    review(story, _OPERATED + 18, 300)
    story.saves("phil", "Titration review")


def card(story: Therapy) -> None:
    """The card of the patient is current; the first step of the dose makes it old; a new one is handed over."""
    cora = story.people["cora"]
    cora.go(case_url(story.walk.case_id, "card"))
    cora.reads("Handed over")
    assert not Todo.objects.filter(key="emergency_card").exists()
    review(story, _OPERATED + 4, 180)
    story.saves("phil", "Titration review")

    cora.go(case_url(story.walk.case_id, "card"))
    cora.reads("The patient's card is out of date")
    story.looks("cora", "card-out-of-date")
    text = printed_card(story, cora)
    assert "180 mcg/day" in text
    duty = story.walk.todo("emergency_card")
    assert duty.is_open
    story.types("cora", "Hand over a new emergency card", facts_hash="")  # the page knows its edition
    printing = cora.page.get_by_role("link", name="Open the emergency card and print it")
    expect(printing).to_have_attribute("href", case_url(story.walk.case_id, "card"))
    story.looks("cora", "card-handed-over")
    story.saves("cora", "Hand over a new emergency card")
    duty.refresh_from_db()
    assert not duty.is_open
    cora.go(case_url(story.walk.case_id, "card"))
    expect(cora.page.locator("main")).not_to_contain_text("out of date")


# --- the refills ---


def refill(story: Therapy, extra: str, **changes: Any) -> Person:
    """A refill is typed in: as much is aspirated as the records expect, and this much more."""
    at = story.now - timedelta(minutes=10)
    blank = {"expected_residual_ml": None, "refilled_at": at, "daily_dose_mcg_per_day": Decimal(300)}
    phil = story.types("phil", "Refill the pump", aspirated_ml=None, **(blank | changes))
    advice = phil.page.locator("#advice")
    expect(advice).to_contain_text("Expected by the records")
    expected = re.search(r"[\d.]+", advice.evaluate(FACTS)["Expected by the records"])
    assert expected is not None
    aspirated = Decimal(expected[0]) + Decimal(extra)
    phil.page.locator('[name="aspirated_ml"]').fill(str(aspirated))
    expect(advice).to_contain_text(f"{aspirated.normalize()} - {Decimal(expected[0]).normalize()} = ")
    return phil


def change_the_strength_at_a_refill(story: Therapy) -> None:
    """From 500 to 1000 mcg/mL: a bridge, and a second clinician, who confirms."""
    story.day(_OPERATED + 24)
    stronger = {"concentration_mcg_per_ml": 1000, "filled_ml": Decimal(20), "bridge": "done"}
    phil = refill(story, "0", **stronger)
    advice = phil.page.locator("#advice")
    expect(advice).to_contain_text("Needs a second clinician.")
    expect(advice).to_contain_text("Without it")
    phil.press("Save and complete")
    expect(phil.page.locator("[data-error-summary]")).to_contain_text(
        "Name the second clinician who checks it."
    )
    story.looks("phil", "refill-second-clinician")
    phil.page.locator('[name="second_clinician"]').select_option(label="nora")
    phil.page.locator('[name="concentration_mcg_per_ml_again"]').select_option("1000")
    expect(advice).to_contain_text("Refill by")
    shown = story.dates(phil, "#advice")
    story.saves("phil", "Refill the pump")
    story.keeps(shown)
    story.types("nora", "Check a program as the second clinician")
    story.looks("nora", "second-check")
    story.saves("nora", "Check a program as the second clinician")


def refill_with_a_difference(story: Therapy) -> None:
    """2.5 mL more than expected: nothing is saved before somebody wrote what was done about it."""
    story.day(_OPERATED + 70)
    phil = refill(story, "2.5", concentration_mcg_per_ml=1000, filled_ml=Decimal(20))
    advice = phil.page.locator("#advice")
    expect(advice).to_contain_text("= +2.5 mL")
    off = advice.locator(".pf-v6-c-alert", has_text="2.5 mL off the expected volume; the limit is 2 mL.")
    expect(off.locator(SOURCE)).to_contain_text("V: S57")
    phil.press("Save and complete")
    expect(phil.page.locator("[data-error-summary]")).to_contain_text("write what was done")
    story.looks("phil", "refill-difference")
    phil.page.locator('[name="residual_action"]').fill("Aspirated again, the same; log read, no stall")
    shown = story.dates(phil, "#advice")
    story.saves("phil", "Refill the pump")
    story.keeps(shown)
    story.looks("phil", "case")


# --- incidents ---


def answer(story: Therapy, name: str, role: str) -> None:
    """One role answers every step that the incident asks of it."""
    person = story.people[name]
    person.go(f"/incidents/{Incident.objects.get(closed_at__isnull=True).id}/")
    person.page.get_by_role("link", name="Answer your steps").click()
    expect(person.page.locator("h1")).to_contain_text(f"Incident: steps of the {role}")
    steps = person.page.locator('#record form select[name^="steps-"]')
    assert steps.count() > 0
    for number in range(steps.count()):
        steps.nth(number).select_option("done")
    if name == "phil":
        story.looks(name, "incident-steps")
    story.saves(name, f"Incident: steps of the {role}")


def work_through(story: Therapy) -> Incident:
    """Everybody who is asked answers; the incident as it stands then."""
    incident = Incident.objects.get(closed_at__isnull=True)
    for role in incident.asked:
        answer(story, story.walk.cast.of(role).username, role)
    incident.refresh_from_db()
    assert not incident.waiting
    return incident


def the_difference_is_worked_up(story: Therapy) -> None:
    """The refill has opened the work-up of catheter and pump for the roles that do it."""
    incident = Incident.objects.get()
    assert (incident.level, "catheter" in incident.conditions) == ("orange", True)
    assert {"physiatrist", "neurosurgeon"} <= set(incident.asked)
    assert set(calls(story, "Incident, orange")) >= {"phil", "nora"}
    work_through(story)
    found = {"confirmed": [], "cause": "not_found", "remedies": ["observation"]}
    story.does("phil", "Close the incident", **found, outcome="Query and dye study: nothing found.")
    assert not Incident.objects.filter(closed_at__isnull=True).exists()


def a_withdrawal_nobody_acknowledges(story: Therapy) -> None:
    story.day(_OPERATED + 72)
    cora = story.case("cora")
    presses = ["Report a problem"]
    cora.page.get_by_role("link", name="Report a problem").click()
    for sign in ("altered_mind", "rigidity", "fever_reported"):
        cora.page.locator(f'#report [name="{sign}"][value="yes"]').check()
        presses.append(sign)
    expect(cora.page.locator("#preview")).to_contain_text("Fever, altered mind and rigidity together.")
    expect(cora.page.locator("#preview")).to_contain_text("Contact within 15 min")
    story.looks("cora", "report")
    cora.page.get_by_role("button", name="Report now").first.click()
    presses.append("Report now")
    cora.reads("Reported. Everybody who is asked is being told now.")
    assert len(presses) <= 6, "in under a minute"
    incident = Incident.objects.get(closed_at__isnull=True)
    assert (incident.level, "withdrawal" in incident.conditions) == ("red", True)
    story.looks("cora", "incident-red")

    asked = {story.walk.cast.of(role).username for role in incident.asked}
    assert {"phil", "nora", "anna"} <= asked
    assert calls(story, "RED INCIDENT") == dict.fromkeys(asked, 1)
    for minute, pages in ((6, 2), (11, 3)):
        story.moment(incident.opened_at + timedelta(minutes=minute))
        assert calls(story, "RED INCIDENT") == dict.fromkeys(asked, pages)
    assert not calls(story, "NOT ACKNOWLEDGED")
    story.moment(incident.opened_at + timedelta(minutes=16))
    assert calls(story, "NOT ACKNOWLEDGED") == dict.fromkeys(asked | {"cora"}, 1)


def it_is_acknowledged_late_and_closed(story: Therapy) -> None:
    incident = Incident.objects.get(closed_at__isnull=True)
    story.moment(incident.opened_at + timedelta(minutes=22))
    [*_, page] = [
        mail for mail in story.site.inbox.to("anna@clinic.example") if "ACKNOWLEDGE" in str(mail["Subject"])
    ]
    anna = story.people["anna"]
    anna.go(link_of(page))
    anna.reads("The time for contact is over by")
    story.looks("anna", "incident-late")
    anna.press("Acknowledge: I have it")
    anna.reads("Acknowledged. The calls have stopped; the steps wait for you.")
    expect(anna.page.locator("#contact")).to_contain_text("Late")
    heard = calls(story, "NOT ACKNOWLEDGED")
    story.moment(incident.opened_at + timedelta(minutes=60))
    assert calls(story, "NOT ACKNOWLEDGED") == heard, "nobody is called any more"

    work_through(story)
    before = story.dates(story.case("phil"), "#pump")
    cause = {"confirmed": ["withdrawal"], "cause": "catheter", "remedies": ["revision", "medication"]}
    story.types(
        "phil", "Close the incident", **cause, outcome="Disconnected catheter revised; awake, tone as before."
    )
    story.looks("phil", "incident-closure")
    story.saves("phil", "Close the incident")
    phil = story.people["phil"]
    phil.go(f"/incidents/{incident.id}/")
    expect(phil.page.locator("#closure")).to_contain_text("Catheter")
    expect(phil.page.locator("#closure")).to_contain_text("Revision, Medication")
    expect(phil.page.locator("#plan-1")).to_contain_text(
        "within 15 min"
    )  # as it was asked, before the risk rose
    story.looks("phil", "incident-closed")
    story.case("phil")
    pump = phil.page.locator("#pump")
    expect(pump).to_contain_text("Planned from 4 mL")
    expect(pump.locator(SOURCE)).to_contain_text("V: S32")
    story.looks("phil", "case-after-withdrawal")
    after = story.dates(phil, "#pump")
    assert after["Refill by"] != before["Refill by"]
    assert {**after, "Refill by": ""} == {**before, "Refill by": ""}, "the pump's own dates stay"
    phil.page.get_by_role("link", name="Trends: dose, spasticity, reservoir").click()
    phil.reads("1000 mcg/mL")
    story.looks("phil", "trends")
