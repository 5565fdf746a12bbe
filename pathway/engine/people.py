"""Who could be told about many cases at once: care teams and members, active people only. It decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pathway.models import CareTeamMember, Membership
from pathway.protocol.roles import Role

People = dict[Role, tuple[UUID, ...]]


def people_of(
    cases: Iterable[UUID], clinics: Iterable[UUID]
) -> tuple[dict[UUID, People], dict[UUID, People]]:
    """Care teams by case and members by clinic, in two statements; a case or clinic without anybody is empty."""
    team_rows = CareTeamMember.objects.filter(case_id__in=set(cases), clinician__is_active=True)
    member_rows = Membership.objects.filter(clinic_id__in=set(clinics), clinician__is_active=True)
    return (
        _grouped(team_rows.values_list("case_id", "role", "clinician_id")),
        _grouped(member_rows.values_list("clinic_id", "role", "clinician_id")),
    )


def _grouped(rows: Iterable[Any]) -> dict[UUID, People]:
    found: dict[UUID, dict[Role, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    for place, role, person in rows:
        found[place][Role(role)].append(person)
    groups: dict[UUID, People] = defaultdict(dict)
    for place, people in found.items():
        groups[place] = {role: tuple(sorted(ids)) for role, ids in people.items()}
    return groups
