"""One therapy as a visitor of its screens sees it: photographs, safety dates, calls by mail, the printed card."""

from __future__ import annotations

import io
import re
from pathlib import Path

from pypdf import PdfReader

from pathway.clinical.card import missing_of, notices_of, sections_of
from tests.browser.looking import faults
from tests.browser.person import NARROW, WIDE, Person
from tests.browser.site import Site
from tests.browser.story import Story, texts
from tests.views.desk import case_url
from tests.walk import Walk

DATES = ("Refill by", "Low-reservoir alarm", "Alarm at worst", "Empty", "Drug stable until")
#: Nothing of this may leave the clinic in a mail.
IDENTITY = ("Sample", "R-1001", "1980-05-17", "17 May", "Marguerite", "312 555")
#: The mark behind a limit: its tag and its sources, which leads to the page of sources.
SOURCE = 'a[href^="/help/sources/#"]'
FACTS = """root => Object.fromEntries([...root.querySelectorAll("dl > div")].map(
  pair => [pair.querySelector("dt").innerText, pair.querySelector("dd").innerText]))"""


class Therapy(Story):
    """The story of one case, with what a visitor of its screens would photograph and complain about."""

    def __init__(self, site: Site, people: dict[str, Person], walk: Walk, album: Path) -> None:
        super().__init__(site, people)
        self.walk, self.album = walk, album
        self.faults: list[str] = []

    def looks(self, name: str, what: str) -> None:
        """Photograph the open page at both widths, and write down what is wrong with it."""
        page = self.people[name].page
        for width in (NARROW, WIDE):
            page.set_viewport_size(width)
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=self.album / f"{what}-{width['width']}.png", full_page=True)
        self.faults += [f"{what}: {line}" for line in faults(page)]
        page.set_viewport_size(WIDE)

    def case(self, name: str) -> Person:
        """Somebody opens the case."""
        person = self.people[name]
        person.go(case_url(self.walk.case_id))
        return person

    def dates(self, person: Person, where: str) -> dict[str, str]:
        """The safety dates that a part of the page shows, without weekday and words around them."""
        facts = person.page.locator(where).evaluate(FACTS)
        found = {term: re.search(r"\d+ [A-Z][a-z]{2}", facts[term]) for term in DATES if term in facts}
        return {term: date[0] for term, date in found.items() if date}

    def keeps(self, shown: dict[str, str]) -> None:
        """The case page says the dates that a form showed before it was saved."""
        assert set(shown) == set(DATES)
        assert self.dates(self.case("phil"), "#pump") == shown


def calls(story: Therapy, words: str) -> dict[str, int]:
    """How many mails with this in their subject everybody has got so far; nobody's name stands in one."""
    story.settled()
    found = {}
    for name, one in story.people.items():
        mails = [mail for mail in story.site.inbox.to(one.address) if words in str(mail["Subject"])]
        said = "\n".join(text for mail in mails for text in texts(mail))
        assert not [word for word in IDENTITY if word in said]
        found |= {name: len(mails)} if mails else {}
    return found


def printed_card(story: Therapy, one: Person) -> str:
    """The text of the card that the page's button leads to: one page, with every fact and every fixed sentence."""
    url = one.page.get_by_role("link", name="Print the card").get_attribute("href")
    assert url is not None
    answer = one.context.request.get(url)
    assert answer.headers["content-type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.body()))
    (story.album / "emergency-card.pdf").write_bytes(answer.body())
    assert len(reader.pages) == 1
    text = " ".join(reader.pages[0].extract_text().split())
    facts = story.walk.card()
    assert not missing_of(facts), "everything on it is known"
    for section in sections_of(facts):
        for line in section.lines:
            assert line.label in text
            assert line.text in text, line.label
    for notice in notices_of(facts):
        assert notice.rule.value in text, notice.title
    return text
