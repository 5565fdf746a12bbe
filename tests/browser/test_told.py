"""The right people, and only then: a gap in cover that appears and is closed, and thirty changes that are two mails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from pathway.models import Absence, Alarm, Incident, Mail, Notice
from pathway.protocol.roles import Role, Stage
from pathway.tasks import watch
from tests.browser.looking import faults, teach_axe
from tests.browser.marks import STORY
from tests.browser.person import Person
from tests.browser.site import Site
from tests.browser.story import FIRST_DAY, Story, link_of, texts, told_in
from tests.cast import Cast, referred
from tests.cast import person as employ
from tests.config.waiting import until
from tests.notify.tastes import wants
from tests.views.desk import case_url
from tests.walk import Walk

pytestmark = STORY


def looked(site: Site) -> None:
    """The sentinel looks once, at the programs' moment."""
    with site.same_time():
        watch.apply_async()


def test_a_gap_in_cover_is_the_coordinators_until_somebody_is_there(
    site: Site, cast: Cast, person: Callable[..., Person]
) -> None:
    walk = Walk(cast, referred(cast), FIRST_DAY)
    walk.do_all(until=Stage.TITRATION)
    refill = walk.todo("refill")
    story = Story(site, {"cora": person("cora"), "phil": person("phil")})
    cora, phil = story.people["cora"], story.people["phil"]
    for one in (cora, phil):
        teach_axe(one.context)
    story.moment(walk.at + timedelta(minutes=5))

    phil.go("/cover/")
    days = {"first_day": str(refill.due_on - timedelta(days=2)), "last_day": str(refill.due_on)}
    phil.fill(phil.page.locator("#enter form"), {**days, "note": "Nobody else can refill"})
    phil.press("Enter the absence", phil.page.locator("#enter form"))
    phil.reads("Nobody is there")
    assert faults(phil.page) == []

    looked(site)
    until(lambda: Alarm.objects.filter(rule="cover_gap", cleared_at=None).exists())
    story.settled()
    story.moment(story.now + timedelta(minutes=1))
    mails = [mail for mail in site.inbox.to(cora.address) if "cover" in " ".join(texts(mail)).lower()]
    assert len(mails) == 1, "told once, at once"
    cora.go("/")
    gap = cora.page.get_by_role("link", name="cover").first
    expect(gap).to_be_visible()
    assert faults(cora.page) == []
    cora.go("/cover/")
    cora.reads("Nobody is there")
    cora.page.set_viewport_size({"width": 390, "height": 844})
    assert faults(cora.page) == []
    cora.page.set_viewport_size({"width": 1280, "height": 900})

    pia = employ("pia", cast.clinic, Role.PHYSIATRIST)
    phil.go(f"/cover/{Absence.objects.get().id}/")
    phil.fill(phil.page.locator("#change form"), {**days, "deputy": str(pia.id), "note": "Pia refills"})
    phil.press("Save the change", phil.page.locator("#change form"))
    cora.go("/cover/")
    cora.reads("No gap")
    looked(site)
    until(lambda: not Alarm.objects.filter(rule="cover_gap", cleared_at=None).exists())
    cora.go("/")
    expect(cora.page.locator("main")).not_to_contain_text("cover gap")
    assert phil.complaints + cora.complaints == []


def test_thirty_changes_are_a_digest_and_an_urgent_mail(
    site: Site, cast: Cast, person: Callable[..., Person]
) -> None:
    walk = Walk(cast, referred(cast), FIRST_DAY)
    walk.do_all(until=Stage.TITRATION)
    story = Story(site, {"phil": person("phil"), "cora": person("cora")})
    phil, cora = story.people["phil"], story.people["cora"]
    teach_axe(phil.context)
    story.moment((walk.at + timedelta(days=1)).replace(hour=16, minute=5))
    wants(cast.phil, soon="hourly", news="hourly")
    site.inbox.taken.clear()
    Notice.objects.update(read_at=story.now)

    with site.same_time():
        for number in range(8):
            referred(cast, at=story.now + timedelta(minutes=1 + number), mrn=f"R-2{number:03d}")
    site.turn_of_beat()
    cora.go(case_url(walk.case_id))
    cora.page.get_by_role("link", name="Report a problem").click()
    for sign in ("altered_mind", "rigidity", "fever_reported"):
        cora.page.locator(f'#report [name="{sign}"][value="yes"]').check()
    cora.page.get_by_role("button", name="Report now").first.click()
    cora.reads("Everybody who is asked is being told now.")
    changes = Notice.objects.filter(recipient=cast.phil, created_at__gte=story.now + timedelta(minutes=1))
    assert changes.count() >= 30
    until(lambda: Mail.objects.filter(recipient=cast.phil, urgency="red", state="sent").exists())
    [urgent] = site.inbox.to(phil.address)
    assert "RED INCIDENT" in str(urgent["Subject"])
    phil.go(link_of(urgent))
    phil.press("Acknowledge: I have it")
    until(lambda: Incident.objects.filter(acknowledged_at__isnull=False).exists())

    story.moment(story.now.replace(hour=17, minute=0))
    _, digest = site.inbox.to(phil.address)
    assert str(digest["Subject"]).startswith("32 things for you at Riverside")
    assert {line.link.split("/todos/")[1].strip("/") for line in told_in(digest)} == {
        str(key) for key in changes.filter(state="mailed", urgency="news").values_list("todo_id", flat=True)
    }
    assert (digest["List-Unsubscribe"] is not None, urgent["List-Unsubscribe"]) == (True, None)

    phil.go("/notices/")
    phil.reads("Baseline spasticity")
    assert faults(phil.page) == []
    assert phil.complaints + cora.complaints == []
