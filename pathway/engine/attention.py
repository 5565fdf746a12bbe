"""How a person wants to be told: their own choice, and theirs alone. Red and safety are no choice.

Each of the person's clinics keeps the choice in its history: who was reached how is asked after something went wrong.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, time
from uuid import UUID

from django.db import transaction

from pathway.engine.clinic_action import actors_of, note_in_clinic
from pathway.engine.errors import Invalid, NotFound
from pathway.models import Attention, Clinician
from pathway.protocol.attention import Pace, Taste, is_quiet

PACES = {"soon": "due and overdue", "news": "news"}


def choose(
    *,
    soon: str,
    news: str,
    news_muted: bool,
    daily_at: time | None,
    quiet_from: time | None,
    quiet_to: time | None,
    by: Clinician,
    at: datetime,
) -> Attention:
    """Write down how the person wants to be told. Chosen as it was, nothing is written.

    Times are on the clinic's clock. Raises NotFound for a closed account, Invalid by field.
    """
    errors = _problems(soon, news, news_muted, daily_at, quiet_from, quiet_to)
    if errors or daily_at is None:
        raise Invalid(errors)
    taste = Taste(
        soon=Pace(soon),
        news=Pace(news),
        news_muted=news_muted,
        daily_at=daily_at,
        quiet_from=quiet_from,
        quiet_to=quiet_to,
    )
    with transaction.atomic():
        row, before = _locked(by.id)
        return row if before == taste else _write(row, taste, at, "attention_chosen")


def mute_news(*, clinician_id: UUID, at: datetime) -> bool:
    """Keep a person's news in the inbox only, for whoever holds the link out of their mail.

    Returns whether anything changed: pressed twice it changes nothing. Raises NotFound for a closed account.
    """
    with transaction.atomic():
        row, before = _locked(clinician_id)
        if before.news_muted:
            return False
        _write(row, replace(before, news_muted=True), at, "news_muted")
        return True


def _locked(person_id: UUID) -> tuple[Attention, Taste]:
    """The person's row, new where they never chose, and what it says. The person is locked: two presses, one row."""
    person = Clinician.objects.select_for_update(no_key=True).filter(pk=person_id, is_active=True).first()
    if person is None:
        raise NotFound("There is no such person.")
    row = Attention.objects.filter(pk=person_id).first()
    return (row, row.taste) if row else (Attention(clinician_id=person_id), Taste())


def _write(row: Attention, taste: Taste, at: datetime, verb: str) -> Attention:
    for name, value in asdict(taste).items():
        setattr(row, name, value)
    row.changed_at = at
    row.save()
    for clinic_id, actor in actors_of(row.pk).items():
        note_in_clinic(clinic_id, actor, at, verb, **_plain(taste))
    return row


def _plain(taste: Taste) -> dict[str, str | bool | None]:
    """The choices as JSON values."""
    return {
        name: f"{value:%H:%M}" if isinstance(value, time) else value for name, value in asdict(taste).items()
    }


def _problems(
    soon: str,
    news: str,
    muted: bool,
    daily_at: time | None,
    quiet_from: time | None,
    quiet_to: time | None,
) -> dict[str, list[str]]:
    """What does not fit, by field."""
    errors = {
        name: [f"Choose how you take {PACES[name]}."]
        for name, pace in (("soon", soon), ("news", news))
        if pace not in set(Pace)
    }
    if (quiet_from is None) != (quiet_to is None):
        missing = "quiet_to" if quiet_to is None else "quiet_from"
        errors[missing] = ["Quiet hours need a beginning and an end. Leave both empty to have none."]
    elif quiet_from is not None and quiet_from == quiet_to:
        errors["quiet_to"] = ["Quiet hours cannot end when they begin. Leave both empty to have none."]
    daily = Pace.DAILY in (soon, None if muted else news)
    if daily_at is None:
        errors["daily_at"] = ["Say when the daily mail leaves."]
    elif daily and is_quiet(daily_at, quiet_from, quiet_to):
        errors["daily_at"] = [
            f"{daily_at:%H:%M} lies in your quiet hours, {quiet_from:%H:%M} to {quiet_to:%H:%M}: "
            "choose another time for the daily mail, or other quiet hours."
        ]
    return errors
