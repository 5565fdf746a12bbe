"""The emergency card: which facts stand on it, in which words, and the hash that tells one print from the next.

Every field of clinical.md section 7. What nobody recorded is said plainly, never left out. Knows no database and no
paper.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal

from pathway.clinical.card_text import (
    EMERGENCY,
    FIRST_STEPS,
    HANDS_OFF,
    LIVING,
    NOT_RECORDED,
    OVERDOSE,
    WITHDRAWAL,
    alarms_of,
    mri_of,
    support_of,
)
from pathway.clinical.device import CATHETER_MODELS, PUMP_MODELS, PumpModel
from pathway.clinical.results import plain
from pathway.clinical.risk import HIGH_RISK_LEVELS
from pathway.clinical.sources import Sourced

DRUG = "intrathecal baclofen"
QR_BYTES = 500
"""What a code of 36 mm carries so that a telephone still reads it from creased paper [P]."""
VITAL = frozenset(
    {"phone_24h", "allergies", "oral_rescue", "daily_dose_mcg_per_day", "concentration_mcg_per_ml"}
)
QR_NAME = 60
SHORTENED = " … (shortened)"
LAYOUT = 1
"""Raised when fixed text changes, so that every card in a pocket counts as out of date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What is printed about one patient and one pump. None or empty: nobody recorded it.

    Amounts in the units of their names, dates local to the clinic. `risks` are sentences; `pump_model` and
    `catheter_model` are codes; `described` is the pump's model where the shipped ones do not know the code.
    """

    name: str
    born: date
    contact: str
    diagnosis: str
    pump_model: str
    pump_serial: str
    implanted_on: date
    implanted_by: str
    reservoir_ml: int
    concentration_mcg_per_ml: int | None
    daily_dose_mcg_per_day: Decimal | None
    mode: str
    filled_on: date | None
    fill_ml: Decimal | None
    alarm_on: date | None
    refill_by: date | None
    end_of_service_on: date | None
    replacement_indicator_on: date | None
    catheter_model: str
    tip_level: str
    prescriber: str
    phone_24h: str
    hospital: str
    risks: tuple[str, ...]
    allergies: str
    oral_rescue: str
    described: PumpModel | None = None

    @property
    def model(self) -> PumpModel | None:
        """The pump's model, a clinic's own included; None where nobody described it."""
        return self.described or PUMP_MODELS.get(self.pump_model)

    @property
    def facts_hash(self) -> str:
        """SHA-256 (hex) over every printed fact, and over the edition of the fixed text."""
        told = [field.name for field in fields(self) if field.name != "described"]
        printed = {name: _canonical(getattr(self, name)) for name in told}
        if self.described is not None:
            printed["described"] = [pump_name(self), mri_of(self.described).value]
        text = json.dumps([LAYOUT, printed], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def number(self) -> str:
        """A short number of this edition, printed on the card, to compare two papers by eye."""
        return f"{self.facts_hash[:4]}-{self.facts_hash[4:8]}".upper()


def _canonical(value: object) -> object:
    """A value as it is printed: 90, 90.0 and 90.00 mcg/day are the same dose."""
    return (
        plain(value)
        if isinstance(value, Decimal)
        else list(value)
        if isinstance(value, tuple)
        else str(value)
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One fact on the card. `keys` are the fields of CardFacts it prints; `missing`: the first of them is empty."""

    label: str
    text: str
    keys: tuple[str, ...]
    missing: bool = False

    @property
    def is_vital(self) -> bool:
        """Whether half of it could harm: such a line is never shortened."""
        return self.keys[0] in VITAL


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one heading."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A fixed text under its heading, with its source."""

    title: str
    rule: Sourced[str]


def sections_of(facts: CardFacts) -> tuple[Section, ...]:
    """The facts in the order in which an emergency team asks for them."""
    return (
        Section("Who", _who(facts)),
        Section("Whom to call", _whom(facts)),
        Section("Take care", _care(facts)),
        Section("Pump and drug", _pump(facts)),
        Section("Dates", _dates(facts)),
    )


def notices_of(facts: CardFacts) -> tuple[Notice, ...]:
    """The fixed texts for this pump, the most urgent first."""
    return (
        Notice("Emergency", EMERGENCY),
        Notice("Withdrawal (too little)", WITHDRAWAL),
        Notice("Overdose (too much)", OVERDOSE),
        Notice("First steps for clinicians", FIRST_STEPS),
        Notice("Do not stop or flush", HANDS_OFF),
        Notice("Alarms", alarms_of(facts.pump_model)),
        Notice("MRI", mri_of(facts.model)),
        Notice("Living with the pump", LIVING),
        Notice("Maker", support_of(facts.model)),
    )


def missing_of(facts: CardFacts) -> tuple[Line, ...]:
    """The lines that say "not recorded"."""
    return tuple(line for section in sections_of(facts) for line in section.lines if line.missing)


def shorten(sections: tuple[Section, ...], limit: int) -> tuple[tuple[Section, ...], tuple[str, ...]]:
    """The sections with no text above `limit` characters, vital lines whole, and the labels of what was cut."""
    cut = tuple(line.label for section in sections for line in section.lines if _is_cut(line, limit))
    shorter = tuple(
        replace(section, lines=tuple(_shortened(line, limit) for line in section.lines))
        for section in sections
    )
    return shorter, cut


def _is_cut(line: Line, limit: int) -> bool:
    return len(line.text) > limit and not line.is_vital


def _shortened(line: Line, limit: int) -> Line:
    if not _is_cut(line, limit):
        return line
    return replace(line, text=line.text[: limit - len(SHORTENED)].rstrip() + SHORTENED)


def cite(notices: tuple[Notice, ...]) -> str:
    """Tag and sources of the fixed texts in one line: "MRI V S46 S47"; the ids are those of `sources.SOURCES`."""
    return " · ".join(" ".join((one.title, one.rule.tag, *one.rule.sources)) for one in notices)


def day(value: date | None) -> str:
    """A date nobody reads the wrong way round: "4 Mar 2026"; empty for none."""
    return f"{value.day} {value:%b %Y}" if value else ""


def _line(label: str, text: str, *keys: str) -> Line:
    return Line(label, text or NOT_RECORDED, keys, missing=not text)


def _who(facts: CardFacts) -> tuple[Line, ...]:
    return (
        _line("Name", facts.name, "name"),
        _line("Born", day(facts.born), "born"),
        _line("Diagnosis", facts.diagnosis, "diagnosis"),
        _line("Contact", facts.contact, "contact"),
    )


def _whom(facts: CardFacts) -> tuple[Line, ...]:
    return (
        _line("24-hour number", facts.phone_24h, "phone_24h"),
        _line("Prescriber", facts.prescriber, "prescriber"),
        _line("Hospital", facts.hospital, "hospital"),
    )


def _care(facts: CardFacts) -> tuple[Line, ...]:
    return (
        _line("Allergies", facts.allergies, "allergies"),
        Line("High risk", "; ".join(facts.risks) or "none recorded", ("risks",)),
        _line("Oral rescue, as the clinician wrote it", facts.oral_rescue, "oral_rescue"),
    )


def _pump(facts: CardFacts) -> tuple[Line, ...]:
    catheter = CATHETER_MODELS.get(facts.catheter_model)
    strength = facts.concentration_mcg_per_ml
    return (
        _line("Pump", pump_name(facts), "pump_model"),
        _line("Serial number", facts.pump_serial, "pump_serial"),
        _line("Implanted", _by(day(facts.implanted_on), facts.implanted_by), "implanted_on", "implanted_by"),
        _line("Reservoir", f"{facts.reservoir_ml} mL", "reservoir_ml"),
        _line("Drug", f"{DRUG}, {strength} mcg/mL" if strength else "", "concentration_mcg_per_ml"),
        _line("Daily dose", dose_text(facts), "daily_dose_mcg_per_day", "mode"),
        _line("Catheter", catheter.name if catheter else facts.catheter_model, "catheter_model"),
        _line("Catheter tip", facts.tip_level, "tip_level"),
    )


def _dates(facts: CardFacts) -> tuple[Line, ...]:
    fill = f"{day(facts.filled_on)}, {plain(facts.fill_ml)} mL" if facts.filled_on and facts.fill_ml else ""
    service = day(facts.end_of_service_on)
    if facts.replacement_indicator_on:
        service = (
            f"{service or NOT_RECORDED}; replacement indicator seen {day(facts.replacement_indicator_on)}"
        )
    return (
        _line("Last refill", fill, "filled_on", "fill_ml"),
        _line("Refill by", day(facts.refill_by), "refill_by"),
        _line("Low reservoir", day(facts.alarm_on), "alarm_on"),
        _line("End of service", service, "end_of_service_on", "replacement_indicator_on"),
    )


def risks_of(
    *, sci_level: str, cannot_communicate: bool, earlier_withdrawal: bool, lives_alone: bool, other: str
) -> tuple[str, ...]:
    """What makes withdrawal more dangerous for this patient. Source: clinical.md 3.6 [V:S2,S7] and 7."""
    flags = (
        ("spinal cord injury at T6 or above", sci_level in HIGH_RISK_LEVELS.value),
        ("cannot tell symptoms", cannot_communicate),
        ("earlier baclofen withdrawal", earlier_withdrawal),
        ("lives alone", lives_alone),
        (other, bool(other)),
    )
    return tuple(text for text, holds in flags if holds)


def pump_name(facts: CardFacts) -> str:
    """Maker and model; the code itself for a model nobody described."""
    model = facts.model
    return f"{model.maker} {model.name}" if model else facts.pump_model


def dose_text(facts: CardFacts) -> str:
    """The 24 h total with its unit and mode; empty before the first program."""
    if facts.daily_dose_mcg_per_day is None:
        return ""
    dose = f"{plain(facts.daily_dose_mcg_per_day)} mcg/day"
    return f"{dose}, {facts.mode}" if facts.mode else dose


def _by(when: str, who: str) -> str:
    return f"{when} by {who}" if who else when


def qr_text(facts: CardFacts) -> str:
    """Plain emergency text for the code, at most QR_BYTES in UTF-8: no MRN, no link; what does not fit is said so."""
    wanted = [
        "BACLOFEN PUMP - EMERGENCY",
        f"{facts.name[:QR_NAME]}, born {day(facts.born)}",
        f"24-hour number: {facts.phone_24h or NOT_RECORDED}",
        "Pump stopped or empty = withdrawal: fever, confusion, rigid, seizures. Can kill.",
        "Drowsy, slow breathing = overdose.",
        "Do not stop the pump. Do not flush the access port.",
        f"Pump: {pump_name(facts)}, serial {facts.pump_serial}",
        f"Drug: baclofen {facts.concentration_mcg_per_ml or '?'} mcg/mL, {dose_text(facts) or 'dose ' + NOT_RECORDED}",
        f"Refill by: {day(facts.refill_by) or NOT_RECORDED}",
        f"Allergies: {facts.allergies or NOT_RECORDED}",
        f"Prescriber: {facts.prescriber or NOT_RECORDED}",
    ]
    rest = "More on the card."
    kept: list[str] = []
    for line in wanted:
        if len("\n".join([*kept, line, rest]).encode()) <= QR_BYTES:
            kept.append(line)
    return "\n".join([*kept, f"Card {facts.number}" if len(kept) == len(wanted) else rest])
