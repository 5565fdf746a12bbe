"""Cora, phil, nora and anna take one patient from referral to long-term care through the screens alone.

Each has a browser window; each finds out by mail what is to be done, follows the mail's link, signs in, and does it.
Web server, worker, broker and mail server are real. The clock moves from visit to visit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from pathway.models import Case, Mail, Notice
from pathway.protocol.roles import Stage
from tests.browser.person import Person
from tests.browser.site import Site
from tests.browser.story import Story, check_after_operation, plan_operation, sign_trial, texts, told_in
from tests.cast import Cast
from tests.examples import BIRTH_DATE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(600),
]

PATIENT = {
    "mrn": "KX-77310",
    "family_name": "Kestrelwood",
    "given_name": "Wendeline",
    "birth_date": BIRTH_DATE.isoformat(),
    "sex": "female",
    "phone": "+1 312 555 0142",
    "contact_name": "Marguerite",
    "reason": "Spasms keep her awake; tablets no longer help",
}
#: Nothing of this may leave the clinic in a mail.
IDENTITY = ("KX-77310", "Kestrelwood", "Wendeline", "1984-05-17", "17 May", "312 555", "Marguerite", "Spasms")
#: Duties that the mails announce and that lie beyond this story.
AHEAD = {
    "nora": [
        "Wound check, week 6",
        "Wound check, day 90",
        "Plan the replacement, 12 months ahead",
        "Plan the replacement, 6 months ahead",
        "Plan the replacement, 3 months ahead",
    ],
    "phil": ["Refill the pump", "Titration review", "Six-month review"],
    "anna": ["Yearly emergency plan check"],
    "cora": ["Book the refill", "Weekly call", "Yearly education"],
}


@pytest.mark.django_db(transaction=True)
def test_four_people_take_one_patient_from_referral_to_long_term_care(
    cast: Cast, site: Site, person: Callable[..., Person]
) -> None:
    story = Story(site, {name: person(name) for name in ("nora", "phil", "anna", "cora")})
    story.day(0)
    refer(story)
    evaluate(story)
    select(story)
    story.day(7)
    trial(story)
    story.day(9)
    story.does("cora", "Call on day 1 after the lumbar puncture")
    story.does("cora", "Call on day 2 after the lumbar puncture")
    plan_operation(story)
    story.day(35)
    operate(story)
    story.day(36)
    story.does("nora", "Day 1 check: wound and neurology")
    story.does("anna", "Day 1 check: headache and sedation")
    story.day(38)
    check_after_operation(story)
    story.day(66)
    titrate(story)
    everybody_sees_where_it_stands(story)
    the_mails_were_right(story)
    for one in story.people.values():
        assert one.complaints == []


def refer(story: Story) -> None:
    cora = story.people["cora"]
    cora.go("/cases/new/")
    form = cora.page.locator("main form")
    names = {"neurosurgeon": "nora", "physiatrist": "phil", "anesthesiologist": "anna", "coordinator": "cora"}
    cora.fill(form, PATIENT)
    for role, name in names.items():
        form.locator(f'[name="team_{role}"]').select_option(label=name)
    form.get_by_role("button", name="Open the case").click()
    cora.reads("The case is open.")


def evaluate(story: Story) -> None:
    story.does("phil", "Baseline spasticity")
    story.does("phil", "Oral antispastic history")
    story.does("phil", "Neurological history")
    story.does("phil", "Treatment goals")
    story.does("nora", "Surgical review")
    story.does("anna", "Pre-anesthesia assessment")
    story.does("cora", "Social checklist")
    story.does("cora", "First education")
    story.moves("cora", "Accept into selection", "Selection")


def select(story: Story) -> None:
    story.does("phil", "Eligibility")
    story.signs("nora", "Sign for candidacy (neurosurgeon)")
    story.signs("phil", "Sign for candidacy (physiatrist)")
    story.signs("anna", "Sign for candidacy (anesthesiologist)")
    story.does("cora", "MDT minute")
    story.does("cora", "Book the trial", booked_for=(story.now + timedelta(days=7)).date())
    story.moves("cora", "Start the trial", "Trial")
    story.does("anna", "Plan the trial day")


def trial(story: Story) -> None:
    story.does("nora", "Give the screening dose")
    story.does("phil", "Read the trial")
    sign_trial(story)


def operate(story: Story) -> None:
    story.does("nora", "Operation note")
    story.does("phil", "First program")
    story.does("phil", "Write the emergency plan")


def titrate(story: Story) -> None:
    story.does("phil", "Rehabilitation plan")
    story.does("phil", "Oral taper plan")
    story.does("phil", "Goals review")
    story.does("nora", "Wound check, day 10 to 14")
    story.does("anna", "Headache and CSF leak closed")
    story.moves("phil", "Settle into long-term care", "Long-term")


def everybody_sees_where_it_stands(story: Story) -> None:
    case = Case.objects.get()
    assert case.stage == Stage.LONG_TERM
    for one in story.people.values():
        one.go("/board/")
        card = one.page.locator("#stage-long_term .app-board-card")
        expect(card).to_have_count(1)
        expect(card).to_contain_text("Kestrelwood")
        card.get_by_role("link").click()
        expect(one.page.locator("#pathway [aria-current]")).to_contain_text("Long-term")


def the_mails_were_right(story: Story) -> None:
    """Each was told once of each duty and reminded where days had passed; no mail says who the patient is."""
    story.settled()
    inbox = story.site.inbox
    assert inbox.counts() == {str(mail.id): 1 for mail in Mail.objects.filter(state="sent")}, "each once"
    for name, one in story.people.items():
        told = [line for mail in inbox.to(one.address) for line in told_in(mail)]
        assert {line.title for line in told} >= {*story.done[name], *AHEAD[name]}, name
        assert len(told) == len(set(told)), f"{name}: the same thing about the same duty is told once"
        carried = Notice.objects.filter(recipient__username=name, state="mailed")
        assert {str(key) for key in carried.values_list("todo_id", flat=True)} == {
            line.link.split("/todos/")[1].strip("/") for line in told
        }
    for mail in inbox.taken:
        for text in texts(mail):
            assert not [word for word in IDENTITY if word in text], mail["Subject"]
