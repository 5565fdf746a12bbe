"""Somebody joins: a coordinator adds them, the mail brings a link, they set a password, sign in and see their work."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from pathway.models import Clinician
from tests.access.clinic_presses import NEWCOMER
from tests.browser.looking import faults, keyboard_faults, teach_axe
from tests.browser.marks import STORY
from tests.browser.person import Person
from tests.browser.site import Site
from tests.browser.story import FIRST_DAY, Story, link_of
from tests.cast import Cast, referred
from tests.config.waiting import until

pytestmark = STORY
SECRET = "correct horse battery staple"
SAM = {**NEWCOMER, "roles": ["physiatrist"]}


def test_a_newcomer_is_invited_sets_a_password_and_sees_their_work(
    site: Site, cast: Cast, person: Callable[..., Person]
) -> None:
    referred(cast)
    story = Story(site, {"cora": person("cora")})
    story.moment(FIRST_DAY)
    cora = story.people["cora"]
    teach_axe(cora.context)

    cora.go("/people/")
    cora.page.locator("summary", has_text="Add a person").click()
    form = cora.page.locator("#join form")
    cora.press("Add", form)
    cora.reads("Nobody is added yet")
    assert faults(cora.page) == []
    assert keyboard_faults(cora.page) == []
    cora.fill(form, SAM)
    cora.press("Add", form)
    cora.reads("They work here now.")
    cora.reads("No password is set yet")
    assert faults(cora.page) == []

    until(lambda: bool(site.inbox.to("sam@clinic.example")))
    (mail,) = site.inbox.to("sam@clinic.example")
    assert str(mail["Subject"]) == "Your account at Riverside: set your password"
    sam = person("sam")
    teach_axe(sam.context)
    sam.page.goto(link_of(mail))
    sam.page.locator('[name="password1"]').fill(SECRET)
    assert faults(sam.page) == []
    sam.page.locator('[name="password2"]').fill(SECRET)
    sam.page.get_by_role("button", name="Change Password").click()
    expect(sam.page.locator("body")).to_contain_text("Your password is now changed")
    assert faults(sam.page) == []
    assert Clinician.objects.get(username="sam").check_password(SECRET)

    sam.page.goto("/")
    sam.page.get_by_label("Username").fill("sam")
    sam.page.get_by_label("Password").fill(SECRET)
    sam.press("Sign in")
    sam.reads("Treatment goals")

    cora.page.locator("summary", has_text="Another role").click()
    cora.page.locator("#roles select").select_option("nurse")
    cora.press("Give the role")
    cora.reads("They are nurse here now.")
    expect(cora.page.locator("main")).not_to_contain_text("No password is set yet")
    cora.page.locator("summary", has_text="End this role").first.click()
    assert faults(cora.page) == []
    assert cora.complaints + sam.complaints == []
