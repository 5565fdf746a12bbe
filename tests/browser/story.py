"""The four people of a case and the days between their visits, told through mails and screens.

What more than one story tells stands here; each story is its own test.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, NamedTuple

from playwright.sync_api import expect

from pathway.models import Clinician, IncidentTimer, Mail, Notice, Timer
from pathway.protocol.loader import VERSIONS, load
from tests.browser.person import Person
from tests.browser.site import Site
from tests.cast import MONDAY
from tests.config.waiting import until
from tests.examples import written
from tests.notify.tastes import wants

TODOS = {todo.title: todo for todo in load(VERSIONS / "itb-1").todos.values()}
FIRST_DAY = MONDAY + timedelta(hours=12)  # afternoon in the clinic: what happened at noon is past


class Story:
    """The four people, the site, and the day it is. It begins with an empty inbox."""

    def __init__(self, site: Site, people: dict[str, Person]) -> None:
        self.site, self.people = site, people
        self.read: set[tuple[str, str, str]] = set()
        self.done: dict[str, list[str]] = {name: [] for name in people}
        self.now = FIRST_DAY
        for clinician in Clinician.objects.filter(username__in=people):
            wants(clinician)
        site.inbox.taken.clear()

    def day(self, number: int) -> None:
        """It is the afternoon this many days after the referral."""
        self.moment(FIRST_DAY + timedelta(days=number))

    def moment(self, now: datetime) -> None:
        """It is this moment; beat has its turn, and everything that is due by now is sent."""
        self.now = now
        self.site.move_to(self.now)
        self.site.turn_of_beat()
        self.settled()

    def settled(self) -> None:
        """Wait until nothing is due: every reminder of the days that passed has been sent."""
        soon = self.now + timedelta(hours=1)  # the clock runs on while the test does
        for timers in (Timer, IncidentTimer):
            until(lambda timers=timers: not timers.objects.filter(due_at__lte=self.now).exists())
        until(lambda: not Notice.objects.filter(state="pending", due_at__lte=soon).exists())
        until(lambda: not Mail.objects.filter(state__in=("pending", "leased"), due_at__lte=soon).exists())

    def link(self, name: str, title: str) -> str:
        """Wait for the mail that tells somebody of a duty, and take its link; each is read once."""
        person, found = self.people[name], []

        def came() -> bool:
            mails = self.site.inbox.to(person.address)
            told = {(name, line.title, line.link) for mail in mails for line in told_in(mail)}
            found[:] = [one for one in told - self.read if one[1] == title]
            return bool(found)

        until(came)
        self.read.add(found[0])
        return found[0][2]

    def follow(self, name: str, title: str) -> Person:
        """Open the link of the mail, sign in if the day is new, and land on the to-do."""
        link = self.link(name, title)
        self.done[name].append(title)
        person = self.people[name]
        person.go(link)
        expect(person.page).to_have_url(link)
        expect(person.page.locator("h1")).to_contain_text(title)
        return person

    def types(self, name: str, title: str, **changes: Any) -> Person:
        """Open a to-do from its mail and fill in its record by hand; nothing is saved."""
        person, kind = self.follow(name, title), TODOS[title].form
        assert kind is not None
        person.fill(person.page.locator("#record form"), written(kind, self.now.date(), **changes))
        return person

    def saves(self, name: str, title: str) -> None:
        """Complete the to-do whose record is filled in."""
        self.people[name].press("Save and complete")
        self.people[name].reads(f"{title}: Done.")

    def does(self, name: str, title: str, **changes: Any) -> None:
        """Complete a to-do with its record, filled in by hand."""
        self.types(name, title, **changes)
        self.saves(name, title)

    def signs(self, name: str, title: str) -> None:
        """Sign for, after reading what the signature rests on."""
        person = self.follow(name, title)
        person.fill(person.page.locator("#sign form"), {"vote": "for"})
        person.press("Sign")
        person.reads(f"{title}: Signed.")

    def moves(self, name: str, title: str, to: str) -> None:
        """Move the case on, from the to-do that says it is ready."""
        person = self.follow(name, title)
        person.press(title)
        person.reads(f"{title}: done.")
        expect(person.page.locator("#pathway [aria-current]")).to_contain_text(to)


def link_of(mail: EmailMessage) -> str:
    """The one address of this site in a mail that tells one thing."""
    part = mail.get_body(("plain",))
    assert part is not None
    [link] = {word for word in part.get_content().split() if word.startswith("http")}
    return link


class Told(NamedTuple):
    """One thing that a mail tells: what kind, of which duty, and its link."""

    label: str
    title: str
    link: str


def told_in(mail: EmailMessage) -> list[Told]:
    """What a mail tells of duties: one in its subject, or several in its lines."""
    part = mail.get_body(("plain",))
    assert part is not None
    text = part.get_content().replace("\r\n", "\n")
    lines = re.findall(r"^  ([^:\n]+): (.+), due .+\n\s+(http\S+/todos/\S+)$", text, re.MULTILINE)
    if lines:
        return [Told(*line) for line in lines]
    alone = re.match(r"(.+?): (.+?)(?: \((?:was )?due .+\))?$", str(mail["Subject"]))
    link = re.search(r"http\S+/todos/\S+", text)
    return [Told(alone[1], alone[2], link[0])] if alone and link else []


def sign_trial(story: Story) -> None:
    """Three signatures on the trial, and the move."""
    story.signs("nora", "Sign the trial result (neurosurgeon)")
    story.signs("phil", "Sign the trial result (physiatrist)")
    story.signs("anna", "Sign the trial result (anesthesiologist)")
    story.moves("cora", "Go on to implant", "Implant")


def plan_operation(story: Story) -> None:
    """A theatre in 26 days, and both plans."""
    story.does(
        "cora", "Book the theatre", booked="theatre", booked_for=(story.now + timedelta(days=26)).date()
    )
    story.does("nora", "Surgical plan")
    story.does("anna", "Anesthesia plan")


def check_after_operation(story: Story) -> None:
    """The third day: registration and card, education, both checks, and the move."""
    story.does("cora", "Register the device and hand over the emergency card")
    story.does("cora", "Second education")
    story.does("nora", "Day 3 check: wound and neurology")
    story.does("anna", "Day 3 check: headache and CSF leak")
    story.moves("cora", "Start titration", "Titration")


def texts(mail: EmailMessage) -> list[str]:
    """Every header and every body of a mail, decoded."""
    headers = [f"{name}: {value}" for name, value in mail.items()]
    bodies = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return [*headers, *bodies]
