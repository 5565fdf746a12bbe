"""Nobody leaves a clinic while something is being put in their name: who gives it and who takes them out meet here.

Whoever puts a duty or a place in a person's name shares a lock on their membership; leaving takes it alone, before it
lists what there is to hand over. Neither waits while it holds a case that the other may want.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from pathway.engine.errors import Stale
from pathway.models import Membership
from pathway.protocol.roles import Role
from pathway.protocol.verdict import refused

# KEY SHARE stands beside itself and beside a change of clinic days; it excludes only who takes the row away.
_SHARE = """
SELECT clinician_id FROM pathway_membership WHERE clinic_id = %s AND clinician_id = ANY(%s)
ORDER BY id FOR KEY SHARE SKIP LOCKED
"""


def keep_here(clinic_id: UUID, *people: UUID) -> None:
    """These people stay in the clinic until the open transaction ends. Raises Stale where one is leaving just now."""
    if not people:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SHARE, [clinic_id, list(people)])
        here = {row[0] for row in cursor.fetchall()}
    if not here.issuperset(people):
        text = (
            "A person named here is leaving the clinic just now. Look again, then choose somebody who stays."
        )
        raise Stale(refused("leaving", text, Role.COORDINATOR))


def hold_leaver(clinic_id: UUID, person: UUID) -> None:
    """Wait for everything that is being put in a person's name, and let nothing more be, until the transaction ends."""
    rows = Membership.objects.select_for_update().filter(clinic_id=clinic_id, clinician_id=person)
    list(rows.order_by("id"))
