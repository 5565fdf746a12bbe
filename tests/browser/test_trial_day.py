"""A trial in the browser: 50 mcg is not enough, 75 mcg works; the change is seen while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from pathway.engine.trials import observe
from pathway.models import TrialObservation
from tests.browser.bedside import Bedside, cells, local
from tests.browser.person import Person
from tests.browser.site import Site
from tests.cast import Cast
from tests.engine.test_trials import BETTER, TONE, TrialDay, values
from tests.examples import written
from tests.views.desk import todo_url

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(300),
]
ALMOST = [TONE[0], {"muscle": "knee_flexors", "left": "2", "right": "2"}]


def before_the_dose(day: TrialDay, todo_id: Any) -> None:
    """The reading at 0 min, taken before this dose."""
    taken = day.injected_at - timedelta(minutes=5)
    seen = values(taken, tone=TONE, penn=3)
    observe(todo_id=todo_id, by=day.cast.phil, at=day.at(3), minute=0, values=seen)


def test_fifty_is_not_enough_and_seventy_five_is(
    cast: Cast, site: Site, person: Callable[..., Person]
) -> None:
    day = TrialDay(cast)
    before_the_dose(day, day.todo.id)
    bedside = Bedside(site, day.walk, day.injected_at, person("phil"))
    window = bedside.window

    form = bedside.opens(62)
    assert form.locator('[name="minute"]').input_value() == "60", "the one that is due now"
    change = window.page.locator("#change")
    form.locator('[name="see-heart_rate"]').press_sequentially("88")
    expect(change).to_contain_text("+14 /min")
    window.fill(form, cells(BETTER))
    expect(change).to_contain_text("Mean MAS 2.75 - 1.625 = 1.125; the limit is a fall of 1 [")
    expect(change.locator('a[href$="#S28"]')).to_be_visible()
    expect(change).to_contain_text("A met threshold is not a positive trial.")
    assert not TrialObservation.objects.filter(minute=60).exists(), "looking is not recording"
    window.page.on("dialog", lambda dialog: dialog.accept())  # leave what was typed

    bedside.records(60, ALMOST)
    bedside.records(120, ALMOST)
    window.reads("1 h: mean 2.75 - 2.5 = 0.25")
    window.reads("The threshold is not met.")
    bedside.says("inadequate")

    nora = person("nora")
    again = day.injected_at + timedelta(hours=24)
    site.move_to(again + timedelta(minutes=30))
    nora.go(todo_url(day.walk.todo("trial_dose")))
    nora.reads("75 mcg [")
    nora.reads("1.5 mL of 50 mcg/mL [")
    form = nora.page.locator("#record form")
    expect(form.locator('[name="dose_mcg"]')).to_have_value("75")
    typed = written("trial_dose", again.date()) | {"dose_mcg": "75"}
    nora.fill(form, typed | {"given_at": local(again - timedelta(minutes=1))})
    nora.press("Save and complete")
    nora.reads("the next one is possible from")
    nora.page.locator('#record form [name="given_at"]').fill(local(again))
    nora.press("Save and complete")
    nora.reads("Give the screening dose: Done.")

    day.injected_at = bedside.injected_at = again
    before_the_dose(day, day.walk.todo("trial_readings").id)
    bedside.records(60, BETTER)
    bedside.records(120, BETTER)
    window.reads("The threshold is met")
    bedside.says("positive")
    assert day.walk.todo("trial_readings").result["verdict"] == "positive"
    assert not window.complaints + nora.complaints


def test_the_clock_refreshes_itself_and_leaves_what_is_typed(
    cast: Cast, site: Site, person: Callable[..., Person]
) -> None:
    day = TrialDay(cast)
    bedside = Bedside(site, day.walk, day.injected_at, person("nora"))
    form = bedside.opens(16)
    page = bedside.window.page
    expect(page.locator("#minute-15")).to_contain_text("Due now")
    pulse = form.locator('[name="see-heart_rate"]')
    pulse.fill("8")
    site.move_to(day.at(25))
    page.evaluate(
        "htmx.ajax('GET', document.querySelector('#trial-clock').getAttribute('hx-get'), '#trial-clock')"
    )
    expect(page.locator("#minute-15")).to_contain_text("Late by 10 min")
    expect(pulse).to_be_focused()
    expect(pulse).to_have_value("8")
