"""How much each person of a clinic is told, and which rule makes most of it. Counts alone: no case, no patient.

Each person's notices are read from their own index and cut off at a limit, so that a clinic costs its people, however
many years of notices there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from pathway.clinical.tags import without_tags
from pathway.models import Clinic, Membership
from pathway.models.notice import KINDS
from pathway.protocol.roles import Role
from pathway.queries.access import person_name
from pathway.queries.definitions import title_of
from pathway.queries.notices import UNREAD

NOTICES_LIMIT = 5000
"""So many notices a person are counted at most."""
RULES_SHOWN = 20

_TOLD = f"""
WITH people AS (
  SELECT DISTINCT m.clinician_id AS id FROM pathway_membership m
  JOIN pathway_clinician u ON u.id = m.clinician_id AND u.is_active WHERE m.clinic_id = %(clinic)s
), told AS (
  SELECT n.* FROM people p CROSS JOIN LATERAL (
    SELECT n.recipient_id, n.kind, n.urgency, n.mail_id, n.todo_id, {UNREAD} AS is_unread FROM pathway_notice n
    WHERE n.recipient_id = p.id AND n.created_at >= %(since)s AND n.clinic_id = %(clinic)s
    ORDER BY n.created_at DESC LIMIT {NOTICES_LIMIT}) n
)
"""
_PEOPLE = f"""{_TOLD}, mails AS (
  SELECT recipient_id, count(*) FILTER (WHERE notices = 1) AS single, count(*) FILTER (WHERE notices > 1) AS several
  FROM (SELECT t.recipient_id, t.mail_id, count(*) AS notices FROM told t
        JOIN pathway_mail ma ON ma.id = t.mail_id AND ma.state = 'sent' GROUP BY 1, 2) m
  GROUP BY 1
), counts AS (
  SELECT recipient_id, count(*) AS told,
    count(*) FILTER (WHERE urgency = 'red') AS red, count(*) FILTER (WHERE urgency = 'safety') AS safety,
    count(*) FILTER (WHERE urgency = 'soon') AS soon, count(*) FILTER (WHERE urgency = 'news') AS news,
    count(*) FILTER (WHERE is_unread) AS unread
  FROM told GROUP BY 1
)
SELECT {person_name("u")}, coalesce(c.told, 0), coalesce(m.single, 0), coalesce(m.several, 0), coalesce(c.red, 0),
  coalesce(c.safety, 0), coalesce(c.soon, 0), coalesce(c.news, 0), coalesce(c.unread, 0)
FROM people p JOIN pathway_clinician u ON u.id = p.id
LEFT JOIN counts c ON c.recipient_id = p.id LEFT JOIN mails m ON m.recipient_id = p.id
ORDER BY 2 DESC, 1
"""
_RULES = f"""{_TOLD}
SELECT t.kind, d.key, count(*), (array_agg(c.protocol_id))[1]
FROM told t LEFT JOIN pathway_todo d ON d.id = t.todo_id LEFT JOIN pathway_case c ON c.id = d.case_id
GROUP BY t.kind, d.key ORDER BY 3 DESC, 1, 2 LIMIT {RULES_SHOWN}
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one person was told: notices, mails with one notice and with several, notices by urgency, not read."""

    name: str
    told: int
    mails_single: int
    mails_several: int
    red: int
    safety: int
    soon: int
    news: int
    unread: int

    @property
    def mails(self) -> int:
        """Mails that were sent."""
        return self.mails_single + self.mails_several


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule's notices: the kind in words, the to-do it is about ("" for none), how many, and its share of all."""

    kind: str
    title: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Noise:
    """A clinic's people by how much they were told, and its loudest rules."""

    people: tuple[Heard, ...]
    rules: tuple[Rule, ...]

    @property
    def told(self) -> int:
        """All notices."""
        return sum(person.told for person in self.people)

    @property
    def mails(self) -> int:
        """All mails."""
        return sum(person.mails for person in self.people)


def noise_of(clinic_id: UUID, *, since: datetime) -> Noise:
    """Who was told how much in a clinic since an aware instant, and by which rules. Two statements."""
    values = {"clinic": clinic_id, "since": since}
    people = tuple(Heard(*row) for row in _rows(_PEOPLE, values))
    total = sum(person.told for person in people)
    kinds = dict(KINDS)
    rules = tuple(
        Rule(
            kinds.get(kind, kind),
            without_tags(title_of(protocol, key)) if key else "",
            count,
            count / total if total else 0.0,
        )
        for kind, key, count, protocol in _rows(_RULES, values)
    )
    return Noise(people, rules)


def led_by(person_id: UUID) -> list[Clinic]:
    """The clinics that a person coordinates or leads, as a whole or in a role, by name. One query."""
    keeps = Q(is_lead=True) | Q(role=str(Role.COORDINATOR))
    kept = Membership.objects.filter(keeps, clinician_id=person_id).values("clinic_id")
    return list(Clinic.objects.filter(Q(pk__in=kept) | Q(lead_id=person_id)).order_by("name"))


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
