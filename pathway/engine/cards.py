"""The emergency card follows the facts: every action that changes what is printed on it notes the new edition.

A card that was handed over and says something else opens the coordinator's duty to hand over a new one.
"""

from __future__ import annotations

from dataclasses import replace

from pathway.engine.action import Action
from pathway.engine.errors import Invalid, Stale
from pathway.models import CardIssue, ClinicalRecord, DeviceRegistration, Operation, Pump
from pathway.models.base import Row
from pathway.protocol.roles import Role
from pathway.protocol.verdict import refused
from pathway.queries.card import read_sources

CARD_DUTY = "emergency_card"


def note_card(act: Action, pump: Pump, *written: Row) -> None:
    """Note the edition that the pump makes now. `written`: rows of this action that are not stored yet. One query."""
    surgeon = next((row.recorded_by_id for row in written if isinstance(row, Operation)), None)
    facts = read_sources(act.case.id, surgeon_id=surgeon).with_rows(pump, *written).facts()
    assert facts is not None  # there is a pump: it was handed in
    _set_pump(act, pump, card_hash=facts.facts_hash)


def reword_card(act: Action, record: ClinicalRecord) -> None:
    """A record that the card quotes was written; without a pump in place there is no card yet."""
    pump = _pump_of(act)
    if pump is not None:
        note_card(act, pump, record)
        _tell_rules(act, pump)


def card_reads_anew(act: Action) -> bool:
    """Note the edition that the clinic's own words make now. Returns whether it is another one than before."""
    pump = _pump_of(act)
    if pump is None:
        return False
    before = pump.card_hash
    note_card(act, pump)
    _tell_rules(act, pump)
    return pump.card_hash != before


def first_card(act: Action, record: DeviceRegistration) -> None:
    """The registration says whether the patient has the card as it reads that day."""
    pump = _pump_of(act)
    if pump is not None:
        _set_pump(act, pump, card_issued_hash=pump.card_hash if record.card_handed_over else "")
        _tell_rules(act, pump)


def issue_card(act: Action, record: CardIssue) -> None:
    """A card was handed over. Raises Stale where it is not the edition of today's facts."""
    pump = _pump_of(act)
    if pump is None:
        raise Invalid({"": ["No pump is in place: there is no card to hand over."]})
    facts = read_sources(act.case.id).facts()
    assert facts is not None  # the pump is in place and the case is locked
    if facts.facts_hash != record.facts_hash:
        text = "The card has changed since it was printed: print it again, then hand over the new one."
        raise Stale(refused("card_changed", text, Role.COORDINATOR, todo_key=CARD_DUTY))
    _set_pump(act, pump, card_hash=facts.facts_hash, card_issued_hash=facts.facts_hash)
    _tell_rules(act, pump)


def _pump_of(act: Action) -> Pump | None:
    return None if act.facts.pump is None else Pump.objects.get(pk=act.facts.pump.id)


def _set_pump(act: Action, pump: Pump, **values: str) -> None:
    """Change the row; one that is inserted in this action is changed before it is written."""
    changed = {name: value for name, value in values.items() if getattr(pump, name) != value}
    for name, value in changed.items():
        setattr(pump, name, value)
    if not pump._state.adding:
        act.changes.update(Pump, pump.id, **changed)


def _tell_rules(act: Action, pump: Pump) -> None:
    """Conditions of the same action see whether the card is current."""
    assert act.facts.pump is not None
    act.facts = replace(act.facts, pump=replace(act.facts.pump, card_is_current=pump.card_is_current))
