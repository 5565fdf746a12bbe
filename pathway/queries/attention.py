"""How a person wants to be told. Reads only."""

from __future__ import annotations

from uuid import UUID

from pathway.models import Attention
from pathway.protocol.attention import Taste


def taste_of(person_id: UUID) -> Taste:
    """A person's choices, the defaults where they made none. One query."""
    row = Attention.objects.filter(pk=person_id).first()
    return row.taste if row else Taste()
