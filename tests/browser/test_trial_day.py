"""A trial in the browser: 50 mcg is not enough, 75 mcg works; the change is seen while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from pathway.engine.trials import observe
from pathway.models import TrialObservation
from tests.browser.person import Person
from tests.browser.site import Site
from tests.cast import Cast
from tests.engine.test_trials import BETTER, TONE, TrialDay, values
from tests.examples import ZONE, written
from tests.views.desk import todo_url

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(300),
]
VITALS = {
    "see-heart_rate": "76",
    "see-systolic": "118",
    "see-diastolic": "74",
    "see-spo2": "96",
    "see-respiratory_rate": "15",
    "see-sedation": "awake",
}
ALMOST = [TONE[0], {"muscle": "knee_flexors", "left": "2", "right": "2"}]


def cells(tone: list[dict[str, str]]) -> dict[str, str]:
    """Tone as the form names its inputs: its rows are the muscles that were scored before the dose."""
    return {
        f"see-tone-{number}-{side}": row[side]
        for number, row in enumerate(tone)
        for side in ("left", "right")
    }


def local(moment: datetime) -> str:
    """A moment as the browser's own field takes it, in the clinic."""
    return f"{moment.astimezone(ZoneInfo(ZONE)):%Y-%m-%dT%H:%M}"


class Bedside:
    """One dose, its clock, and the window of whoever looks after it."""

    def __init__(self, site: Site, day: TrialDay, window: Person) -> None:
        self.site, self.day, self.window = site, day, window

    def opens(self, minute: float) -> Locator:
        """The page of the trial at this minute; returns the form of the observation."""
        self.site.move_to(self.day.at(minute))
        self.window.go(todo_url(self.day.walk.todo("trial_readings")))
        return self.window.page.locator("#observation")

    def records(self, minute: int, tone: list[dict[str, str]], **more: Any) -> None:
        """Type an observation two minutes after it was due, and send it."""
        form = self.opens(minute + 2)
        expect(form.locator('[name="minute"]')).to_have_value(str(minute))
        self.window.fill(form, VITALS | cells(tone) | more)
        self.window.press("Record the observation")
        self.window.reads("Observation recorded.")

    def says(self, verdict: str, **more: Any) -> None:
        """The physiatrist completes the record, which knows the observations."""
        self.opens(300)
        form = self.window.page.locator("#record form")
        expect(form.locator('[name="readings-0-mas_mean"]')).to_have_value("2.75")
        answers = {"rater": "P. Hartmann", "negative_reaction": "no", "over_8h": "no", "verdict": verdict}
        self.window.fill(form, answers | more)
        self.window.press("Save and complete")
        self.window.reads("Read the trial: Done.")


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
    bedside = Bedside(site, day, person("phil"))
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

    day.injected_at = again
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
    bedside = Bedside(site, day, person("nora"))
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
