"""The emergency card: the page about it, and the card on paper in two sizes. Reading changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from pathway.clinical.card import CardFacts, cite, missing_of, notices_of, qr_text, sections_of, shorten
from pathway.models import Case
from pathway.queries.card import CardSources, read_sources
from pathway.queries.case import newest_todos
from pathway.queries.definitions import title_of
from pathway.views.act import case_for
from pathway.views.context import today_of
from pathway.views.pdf import can_print, paper

TEMPLATE = "print/card.html"
NO_LIMIT = 10_000
SIZES = {"normal": ("95", "9", "85", "8"), "large": ("14", "135", "13", "125", "12", "115", "11")}
"""Text sizes in points (95 is 9.5), largest first: the first that fits on one page is printed [P]."""
LONGEST = (120, 80, 50)
"""Characters of a line, tried in turn where even the smallest size is too large [P]; vital lines stay whole."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Where a fact of the card is written down: the duty's key, or the words for what is no duty."""

    duty: str = ""
    words: str = ""


ADMINISTRATION = Supply(
    words="Whoever runs Pathway writes it at the clinic, or the physiatrist in the emergency plan."
)
SUPPLIES = {
    "contact": Supply(words="The coordinator: the patient's contact in the referral."),
    "diagnosis": Supply("neuro_history"),
    "concentration_mcg_per_ml": Supply("operation"),
    "daily_dose_mcg_per_day": Supply("first_program"),
    "catheter_model": Supply("operation"),
    "tip_level": Supply("operation"),
    "prescriber": Supply("emergency_plan"),
    "allergies": Supply("emergency_plan"),
    "oral_rescue": Supply("emergency_plan"),
    "phone_24h": ADMINISTRATION,
    "hospital": ADMINISTRATION,
    "filled_on": Supply("operation"),
    "refill_by": Supply("first_program"),
    "alarm_on": Supply("first_program"),
    "end_of_service_on": Supply(words="No source gives the life of this pump model; see its manual."),
}


@require_safe
def card(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """What the card says, what is missing on it, and whether the patient holds the newest."""
    case, sources = _read(request, case_id)
    facts, duties = sources.facts(), newest_todos(case_id)
    context: dict[str, Any] = {
        "case": case,
        "patient": case.patient,
        "crumbs": [("Cases", reverse("cases")), (case.patient.display_name, reverse("case", args=[case_id]))],
        "facts": facts,
        "can_print": can_print(),
    }
    if facts is not None:
        context |= {
            "sections": sections_of(facts),
            "notices": notices_of(facts),
            "missing": list(_missing(facts, case, duties)),
            "issued": _issued(sources, facts),
            "duty": duties.get("emergency_card"),
        }
    return render(request, "card/card.html", context)


@require_safe
def card_pdf(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The card on one sheet; `?print=large` in large print."""
    case, sources = _read(request, case_id)
    facts = sources.facts()
    if facts is None:
        raise Http404("No pump is in place: there is no card to print.")
    kind = "large" if request.GET.get("print") == "large" else "normal"
    attempts = print_contexts(facts, kind, today_of(case.clinic), str(case.clinic))
    return paper(request, TEMPLATE, attempts, filename="emergency-card.pdf", pages=1)


def print_contexts(facts: CardFacts, kind: str, today: date, clinic: str) -> Iterator[dict[str, Any]]:
    """What the print template needs, from the largest text to the smallest that is still read."""
    emergency, *notices = notices_of(facts)
    code = segno.make(qr_text(facts), error="m", micro=False).svg_data_uri(border=2)
    sizes = [(points, NO_LIMIT) for points in SIZES[kind]] + [(SIZES[kind][-1], limit) for limit in LONGEST]
    for points, limit in sizes:
        (who, whom, care, *rest), cut = shorten(sections_of(facts), limit)
        yield {
            "kind": kind,
            "points": points,
            "emergency": emergency,
            "first": (who, whom),
            "care": care,
            "rest": rest,
            "notices": notices,
            "cut": cut,
            "code": code,
            "number": facts.number,
            "printed_on": today,
            "clinic": clinic,
            "sources": cite(notices_of(facts)),
        }


def _read(request: HttpRequest, case_id: UUID) -> tuple[Case, CardSources]:
    case = case_for(request, case_id)
    return case, read_sources(case_id)


def _missing(facts: CardFacts, case: Case, duties: dict[str, UUID]) -> Iterator[dict[str, Any]]:
    """Each line that says "not recorded", and who can supply it."""
    for line in missing_of(facts):
        supply = SUPPLIES.get(line.keys[0], Supply(words="The coordinator."))
        title = title_of(case.protocol_id, supply.duty) if supply.duty else ""
        yield {"label": line.label, "words": supply.words, "title": title, "todo_id": duties.get(supply.duty)}


def _issued(sources: CardSources, facts: CardFacts) -> dict[str, Any]:
    """When a card was handed over last, and whether it says what is true now."""
    issue, registered, pump = sources.card_issue, sources.device_registration, sources.pump
    handed_over = registered if registered and registered.card_handed_over else None
    return {
        "on": issue.issued_on if issue else handed_over.registered_on if handed_over else None,
        "language": issue.language if issue else handed_over.card_language if handed_over else "",
        "large_print": issue.large_print if issue else False,
        "current": pump is not None and pump.card_issued_hash == facts.facts_hash,
        "number": facts.number,
    }
