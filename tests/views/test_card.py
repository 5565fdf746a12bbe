"""The emergency card and the case summary: the page about it, and what stands on the paper, read back from the PDF."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from pathway.clinical.card import CardFacts, notices_of, sections_of
from pathway.clinical.signs import Signs
from pathway.engine.incidents import report
from pathway.models import Clinic
from pathway.models.base import new_id
from pathway.protocol.roles import Stage
from pathway.views import pdf
from pathway.views.card import TEMPLATE, print_contexts
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.clinical.builders import card_facts
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, fresh_case, hidden, todo_url, words
from tests.walk import Walk

pytestmark = pytest.mark.django_db
LETTERS = "abcdefghijklmnopqrstuvwxyz "
SMALLEST = 7.0
"""Points. Nothing is printed smaller; what is read in an emergency is larger."""


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def running(cast: Cast) -> Walk:
    """A pump that runs, its plan written and its card handed over."""
    Clinic.objects.filter(pk=cast.clinic.id).update(
        emergency_phone="+1 555 0911", hospital_name="Riverside General"
    )
    walk = Walk(cast, referred(cast), MONDAY + timedelta(hours=6))
    walk.do_all(until=Stage.IMPLANT)
    for key in ("theatre_booking", "surgical_plan", "anesthesia_plan"):
        walk.do(key)
    walk.wait(30)
    for key in ("operation", "first_program"):
        walk.do(key)
    walk.do("emergency_plan", phone_24h="", hospital="")
    walk.do("device_registration")
    return walk


def read(answer: HttpResponse | bytes) -> PdfReader:
    return PdfReader(io.BytesIO(answer if isinstance(answer, bytes) else answer.content))


def text_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in reader.pages)


def printed(facts: CardFacts, kind: str) -> PdfReader:
    attempts = print_contexts(facts, kind, date(2026, 7, 2), "Riverside")
    return read(pdf.paper(None, TEMPLATE, attempts, filename="card.pdf", pages=1))  # type: ignore[arg-type]


def sizes_of(reader: PdfReader) -> list[float]:
    """The size of every piece of text in points."""
    found: list[float] = []

    def note(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if text.strip():
            found.append(round(size * abs(tm[3]) * abs(cm[3]), 2))

    for page in reader.pages:
        page.extract_text(visitor_text=note)
    return found


@pytest.mark.parametrize("kind", ["normal", "large"])
def test_every_fact_and_every_sign_stands_on_one_tagged_page(kind: str) -> None:
    facts = card_facts()
    reader = printed(facts, kind)
    text = text_of(reader)
    assert len(reader.pages) == 1
    for section in sections_of(facts):
        for line in section.lines:
            assert line.label in text
            assert line.text in text, line.label
    for notice in notices_of(facts):
        assert notice.rule.value in text, notice.title
    assert facts.number in text
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert reader.metadata is not None
    assert reader.metadata.title == "Baclofen pump: emergency card"


@pytest.mark.parametrize("kind", ["normal", "large"])
def test_letters_come_from_our_fonts_and_none_is_too_small(kind: str) -> None:
    reader = printed(card_facts(), kind)
    fonts: Any = reader.pages[0]["/Resources"]["/Font"]
    assert all("Paper" in font.get_object()["/BaseFont"] for font in fonts.values())
    sizes = sizes_of(reader)
    assert min(sizes) >= SMALLEST
    assert max(sizes) >= (13 if kind == "large" else 9)


@pytest.mark.parametrize("kind", ["normal", "large"])
@pytest.mark.parametrize("model", ["synchromed-ii", "prometra-ii"])
def test_the_longest_fields_that_the_forms_take_still_fit_on_one_page(kind: str, model: str) -> None:
    facts = card_facts(
        name=(LETTERS * 6)[:160],
        contact=(LETTERS * 7)[:162],
        diagnosis=(LETTERS * 6)[:160],
        pump_model=model,
        pump_serial="S" * 30,
        implanted_by=(LETTERS * 12)[:300],
        prescriber=(LETTERS * 5)[:120],
        phone_24h="+1 555 0100 extension 12345 or pager 987",
        hospital=(LETTERS * 5)[:120],
        risks=(
            "spinal cord injury at T6 or above",
            "cannot tell symptoms",
            "lives alone",
            (LETTERS * 8)[:200],
        ),
        allergies=(LETTERS * 8)[:200],
        oral_rescue=(LETTERS * 12)[:300],
    )
    reader = printed(facts, kind)
    text = text_of(reader)
    assert len(reader.pages) == 1
    assert min(sizes_of(reader)) >= SMALLEST
    assert facts.allergies.strip() in text
    assert facts.oral_rescue.strip() in text
    assert facts.phone_24h in text
    if "(shortened)" in text:
        assert "Shortened to fit on the card:" in text


def test_what_cannot_fit_is_shortened_and_the_card_says_what(cast: Cast) -> None:
    facts = card_facts(name="Never ending " * 100)
    text = text_of(printed(facts, "normal"))
    assert "… (shortened)" in text
    assert "Shortened to fit on the card: Name." in text


def test_the_card_of_a_case_is_a_file_without_identity_in_its_name_that_nobody_keeps(
    running: Walk, cast: Cast
) -> None:
    with at(running.at):
        for suffix in ("", "?print=large"):
            answer: Any = Desk(cast.cora).client.get(case_url(running.case_id)[:-1] + "/card.pdf" + suffix)
            assert answer.status_code == 200
            assert answer["Content-Type"] == "application/pdf"
            assert answer["Cache-Control"] == "no-store"
            assert answer["Content-Disposition"] == 'inline; filename="emergency-card.pdf"'
            text = text_of(read(answer))
            for said in (
                "Sample Person",
                "+1 555 0911",
                "Riverside General",
                "100 mcg/day",
                "none known",
                "SYN-004711",
            ):
                assert said in text, said
            assert "R-1001" not in text  # no MRN leaves the clinic


def test_the_page_says_what_is_printed_what_is_missing_and_who_can_supply_it(
    running: Walk, cast: Cast
) -> None:
    desk = Desk(cast.cora)
    url = case_url(running.case_id, "card")
    with at(running.at):
        html = desk.get(url)
        assert desk.queries(url) <= MAX_QUERIES
    text = words(html)
    assert "Handed over" in text
    assert "100 mcg/day, simple continuous" in text
    assert "Missing on the card Contact : The coordinator: the patient's contact in the referral." in text
    assert f'href="/cases/{running.case_id}/card.pdf"' in html
    assert f'href="/cases/{running.case_id}/card.pdf?print=large"' in html
    assert running.card().number in text


def test_a_new_dose_shows_on_the_page_and_the_new_card_is_handed_over_by_its_form(
    running: Walk, cast: Cast
) -> None:
    walk, desk = running, Desk(cast.cora)
    walk.do_all(until=Stage.TITRATION)
    walk.wait(1)
    walk.do("titration_review", daily_dose_mcg_per_day=Decimal(110), previous_dose_mcg_per_day=Decimal(100))
    todo = walk.todo("emergency_card")
    with at(walk.at):
        text = words(desk.get(case_url(walk.case_id, "card")))
        assert "The patient's card is out of date" in text
        assert "Out of date" in words(desk.get(case_url(walk.case_id)))
        form = desk.get(todo_url(todo))
        edition = hidden(form, "facts_hash")
        assert edition == walk.card().facts_hash
        posted = {
            "issued_on": str(walk.today),
            "handed_to": "patient",
            "language": "English",
            "large_print": "no",
            "old_card_destroyed": "yes",
            "facts_hash": edition,
        }
        refused = desk.post(todo_url(todo), posted | {"facts_hash": "0" * 64})
        assert refused.status_code == 409
        assert "print it again" in refused.content.decode()
        posted["facts_hash"] = hidden(desk.get(todo_url(todo)), "facts_hash")
        assert desk.post(todo_url(todo), posted).status_code == 303
        assert "Handed over" in words(desk.get(case_url(walk.case_id, "card")))
        assert edition not in words(desk.get(todo_url(todo))), "a reader sees no hash"


def test_a_missing_answer_is_asked_for_at_its_field(running: Walk, cast: Cast) -> None:
    walk, desk = running, Desk(cast.cora)
    walk.do_all(until=Stage.TITRATION)
    walk.wait(1)
    walk.do("refill", daily_dose_mcg_per_day=Decimal(100), previous_dose_mcg_per_day=Decimal(100))
    todo = walk.todo("emergency_card")
    with at(walk.at):
        answer = desk.post(todo_url(todo), {"old_card_destroyed": "no", "issued_on": str(walk.today)})
    assert answer.status_code == 422
    assert "Say where the old card is and how it is got back." in answer.content.decode()


def test_a_case_without_a_pump_has_a_page_that_says_so_and_no_card(cast: Cast) -> None:
    walk, desk = fresh_case(cast), Desk(cast.cora)
    with at(walk.at):
        assert "No pump in place" in words(desk.get(case_url(walk.case_id, "card")))
        assert desk.client.get(f"/cases/{walk.case_id}/card.pdf").status_code == 404


def test_the_summary_tells_the_case_on_at_most_two_pages(running: Walk, cast: Cast) -> None:
    walk = running
    walk.do_all(until=Stage.TITRATION)
    for dose, before in ((110, 100), (120, 110), (135, 120)):
        walk.wait(7)
        walk.do(
            "titration_review",
            daily_dose_mcg_per_day=Decimal(dose),
            previous_dose_mcg_per_day=Decimal(before),
            over_limit_reason="Spasms at night",
        )
    desk, url = Desk(cast.phil), f"/cases/{walk.case_id}/summary.pdf"
    with at(walk.at), CaptureQueriesContext(connection) as asked:
        answer: Any = desk.client.get(url)
    assert len(asked) <= MAX_QUERIES
    reader = read(answer)
    text = text_of(reader)
    assert len(reader.pages) <= 2
    assert answer["Content-Disposition"] == 'inline; filename="case-summary.pdf"'
    assert reader.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]
    for said in (
        "Person, Sample", "MRN R-1001", "Titration", "Multiple sclerosis", "Sleeps through with at most one",
        "50 mcg: Positive", "135 mcg/day +12.5 %", "110 mcg/day +10 %", "Titration review", "Ascenda",
    ):  # fmt: skip
        assert said in text, said


def test_the_summary_names_the_incidents(cast: Cast) -> None:
    walk, desk = fresh_case(cast), Desk(cast.phil)
    signs = Signs(headache_upright=True)
    report(case_id=walk.case_id, request_id=new_id(), signs=signs, by=cast.phil, at=walk.at)
    with at(walk.at):
        text = text_of(read(desk.client.get(f"/cases/{walk.case_id}/summary.pdf")))
    assert "orange: CSF leak. Open." in text


def test_a_fresh_case_has_a_summary_too(cast: Cast) -> None:
    walk, desk = fresh_case(cast), Desk(cast.cora)
    with at(walk.at):
        text = text_of(read(desk.client.get(f"/cases/{walk.case_id}/summary.pdf")))
    assert "Evaluation" in text
    assert "Baseline spasticity" in text


def test_without_pango_the_browser_prints_and_the_page_says_why(
    running: Walk, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "weasyprint", None)
    desk = Desk(cast.cora)
    with at(running.at):
        answer: Any = desk.client.get(f"/cases/{running.case_id}/card.pdf")
        page = desk.get(case_url(running.case_id, "card"))
    assert answer["Content-Type"].startswith("text/html")
    html = answer.content.decode()
    assert "This server cannot make PDF files" in html
    assert "100 mcg/day" in html
    assert "Content-Security-Policy" in answer.headers
    assert "<style" not in html
    assert "This server cannot make PDF files" in page


def test_nothing_is_fetched_while_a_page_is_laid_out() -> None:
    with pytest.raises(ValueError, match=r"scheme|protocol"):
        pdf.URLFetcher(allowed_protocols=("data",)).fetch("file:///etc/hostname")
