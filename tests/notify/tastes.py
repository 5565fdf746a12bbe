"""How people of the cast want to be told, for tests of the mail that reaches them."""

from __future__ import annotations

from typing import Any

from pathway.models import Attention, Clinician
from tests.cast import MONDAY, Cast

AT_ONCE = {"soon": "instant", "news": "instant", "quiet_from": None, "quiet_to": None}


def wants(person: Clinician, **choices: Any) -> None:
    """One person's choices; what is not named is at once, without quiet hours."""
    Attention.objects.update_or_create(
        clinician=person, defaults={**AT_ONCE, **choices, "changed_at": MONDAY}
    )


def all_at_once(cast: Cast) -> None:
    """Everybody wants everything at once, day and night."""
    for person in (cast.nora, cast.phil, cast.anna, cast.cora, cast.omar):
        wants(person)
