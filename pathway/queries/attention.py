"""How a person wants to be told: their choices as the rule of `protocol.attention` takes them. Reads only."""

from __future__ import annotations

from uuid import UUID

from pathway.models import Attention
from pathway.protocol.attention import Pace, Taste


def taste_from(row: Attention) -> Taste:
    """A stored choice as the value that the rule takes."""
    return Taste(
        soon=Pace(row.soon),
        news=Pace(row.news),
        news_muted=row.news_muted,
        daily_at=row.daily_at,
        quiet_from=row.quiet_from,
        quiet_to=row.quiet_to,
    )


def taste_of(person_id: UUID) -> Taste:
    """A person's choices, the defaults where they made none. One query."""
    row = Attention.objects.filter(pk=person_id).first()
    return taste_from(row) if row else Taste()
