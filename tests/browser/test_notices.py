"""Told, read, chosen, subscribed: the pages about being told as one person uses them, on a wide and a narrow window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import vobject
from playwright.sync_api import expect

from pathway.models import Notice
from pathway.notify.unsubscribe import mute_link
from pathway.queries.attention import taste_of
from tests.browser.looking import faults, keyboard_faults, teach_axe
from tests.browser.marks import STORY
from tests.browser.person import WIDE, Person
from tests.browser.site import Site
from tests.cast import MONDAY, Cast, referred

pytestmark = STORY


def looks_right(one: Person) -> None:
    """No rule of accessibility broken, light and dark, at 390 and 1280 px; every control reached by the Tab key."""
    assert not faults(one.page) + one.complaints
    one.page.set_viewport_size(WIDE)
    assert not keyboard_faults(one.page)


def test_told_read_chosen_and_subscribed(cast: Cast, site: Site, person: Callable[..., Any]) -> None:
    site.move_to(MONDAY + timedelta(hours=1))
    referred(cast)
    phil: Person = person("phil")
    teach_axe(phil.context)

    phil.go("/")
    badge = phil.page.get_by_role("navigation", name="Main").get_by_role("link", name="Notices")
    expect(badge).to_contain_text("4 unread")
    badge.click()
    phil.reads("A to-do opened")
    looks_right(phil)
    phil.page.get_by_role("link", name="Baseline spasticity").first.click()
    expect(phil.page.get_by_role("heading", level=1)).to_contain_text("Baseline spasticity")
    phil.go("/notices/")
    expect(badge).to_contain_text("3 unread")
    phil.press("Mark all read")
    phil.reads("Nothing unread")
    assert not Notice.objects.filter(recipient=cast.phil, read_at=None).exists()
    looks_right(phil)

    phil.page.get_by_role("link", name="How you are told").last.click()
    phil.reads("reaches you at 06:30 the next day")
    phil.page.get_by_label("Quiet to").fill("")
    phil.press("Save")
    phil.reads("Quiet hours need a beginning and an end.")
    looks_right(phil)
    phil.page.get_by_label("Quiet from").fill("")
    phil.page.get_by_label("News in the inbox only").check()
    phil.press("Save")
    phil.reads("This is how you are told from now on.")
    phil.reads("News at 10:05 stands in your inbox only.")
    assert taste_of(cast.phil.id).quiet_from is None

    phil.press("Make a private address")
    address = phil.page.locator("#address code").inner_text()
    looks_right(phil)
    assert PurePosixPath(urlsplit(address).path).suffix == ".ics"
    stranger: Person = person("nobody")
    teach_axe(stranger.context)
    answer = stranger.context.request.get(address)
    calendar = vobject.readOne(answer.text())
    assert len(calendar.vevent_list) == 4
    phil.go("/settings/notices/")
    phil.page.get_by_text("Revoke the address").click()
    phil.press("Revoke it")
    phil.reads("The address no longer answers.")
    assert stranger.context.request.get(address).status == 404

    stranger.go(urlsplit(mute_link(cast.nora.id)).path)
    looks_right(stranger)
    stranger.press("Stop mail about news")
    stranger.reads("No more mail about news")
    looks_right(stranger)
    assert taste_of(cast.nora.id).news_muted

    cora: Person = person("cora")
    teach_axe(cora.context)
    cora.go("/attention/")
    cora.reads("Which rule makes most noise")
    looks_right(cora)
