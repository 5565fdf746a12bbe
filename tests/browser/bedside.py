"""One screening dose in the browser: its clock, and the windows of those who look after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, expect

from tests.browser.person import Person
from tests.browser.site import Site
from tests.examples import ZONE
from tests.views.desk import todo_url
from tests.walk import Walk

VITALS = {
    "see-heart_rate": "76",
    "see-systolic": "118",
    "see-diastolic": "74",
    "see-spo2": "96",
    "see-respiratory_rate": "15",
    "see-sedation": "awake",
}


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

    def __init__(self, site: Site, walk: Walk, injected_at: datetime, window: Person) -> None:
        self.site, self.walk, self.injected_at, self.window = site, walk, injected_at, window

    def at(self, minute: float) -> datetime:
        """The moment this long after the dose."""
        return self.injected_at + timedelta(minutes=minute)

    def opens(self, minute: float, by: Person | None = None, *, picked: str = "") -> Locator:
        """The page of the trial at this minute; returns the form of the observation that is due, or `picked`."""
        self.site.move_to(self.at(minute))
        window = by or self.window
        window.go(todo_url(self.walk.todo("trial_readings")) + (f"?minute={picked}" if picked else ""))
        return window.page.locator("#observation")

    def records(
        self, minute: int, tone: list[dict[str, str]], by: Person | None = None, **more: Any
    ) -> Person:
        """Type an observation two minutes after it was due, and send it; the one before the dose likewise."""
        window = by or self.window
        form = self.opens(minute + 2, window, picked="" if minute else "0")
        expect(form.locator('[name="minute"]')).to_have_value(str(minute))
        before = {} if minute else {"see-observed_at": local(self.at(-5))}
        window.fill(form, VITALS | cells(tone) | before | more)
        window.press("Record the observation")
        window.reads("Observation recorded.")
        return window

    def says(self, verdict: str, **more: Any) -> None:
        """The physiatrist completes the record, which knows the observations."""
        self.opens(300)
        form = self.window.page.locator("#record form")
        expect(form.locator('[name="readings-0-mas_mean"]')).to_have_value("2.75")
        answers = {"rater": "P. Hartmann", "negative_reaction": "no", "over_8h": "no", "verdict": verdict}
        self.window.fill(form, answers | more)
        self.window.press("Save and complete")
        self.window.reads("Read the trial: Done.")
