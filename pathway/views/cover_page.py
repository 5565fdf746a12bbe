"""What the cover screen shows: a calendar of the coming weeks, the gaps with what closes them, and the absences.

Reads only. Words and marks for what `queries.cover` found; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.urls import reverse

from pathway.models import Absence
from pathway.protocol.cover import Staffing
from pathway.protocol.roles import Role
from pathway.queries.absences import planned_in
from pathway.queries.access import ClinicAccess
from pathway.queries.colleagues import Colleague, colleagues_of
from pathway.queries.cover import Cover, Gap, cover_of

WEEK = timedelta(days=7)
FORMER = "a former colleague"
MARKS = {
    "covered": ("circle-check", "Safety duties, somebody is there"),
    "gap": ("triangle-alert", "Safety duties, nobody is there"),
    "free": ("minus", "No safety duty, somebody is there"),
    "empty": ("circle", "No safety duty, nobody is there"),
}
"""Each kind of day: its icon, and what it means."""


@dataclass(frozen=True, slots=True)
class CoverPage:
    """The screen of one clinic on one day, for one reader."""

    clinic: ClinicAccess
    today: date
    me: UUID
    cover: Cover
    colleagues: Mapping[UUID, Colleague]
    absences: list[Absence]

    @property
    def keeps(self) -> bool:
        """Whether the reader enters absences for others."""
        return Role.COORDINATOR in self.clinic.roles

    def context(self) -> dict[str, Any]:
        """The calendar, the gaps and the absences."""
        return {
            "months": self._months(),
            "legend": [{"kind": kind, "icon": icon, "text": text} for kind, (icon, text) in MARKS.items()],
            "gaps": [self._gap(gap) for gap in self.cover.gaps],
            "last_day": self.cover.days[-1],
            "now": [self._absence(row) for row in self.absences if row.first_day <= self.today],
            "coming": [self._absence(row) for row in self.absences if row.first_day > self.today],
        }

    def name(self, person_id: UUID | None) -> str:
        """A colleague's name."""
        found = self.colleagues.get(person_id) if person_id else None
        return found.name if found else FORMER

    # --- the calendar ---

    def _months(self) -> list[dict[str, Any]]:
        """The weeks, under the month in which each begins."""
        monday = self.today - timedelta(days=self.today.weekday())
        mondays = [monday + WEEK * number for number in range((self.cover.days[-1] - monday).days // 7 + 1)]
        return [
            {"first": next(iter(weeks))["first"], "weeks": weeks}
            for weeks in (
                [self._week(day) for day in days]
                for _, days in groupby(mondays, key=lambda day: max(day, self.today).replace(day=1))
            )
        ]

    def _week(self, monday: date) -> dict[str, Any]:
        days = [monday + timedelta(days=number) for number in range(7)]
        shown = [day for day in days if self.today <= day <= self.cover.days[-1]]
        return {
            "first": shown[0],
            "last": shown[-1],
            "days": [self._day(day) if day in shown else None for day in days],
            "rows": [
                {
                    "role": role,
                    "cells": [self._cell(role, day) if day in shown else None for day in days],
                }
                for role in self.cover.roles
            ],
            "away": [self._away(day) if day in shown else None for day in days],
        }

    def _day(self, day: date) -> dict[str, Any]:
        return {
            "date": day,
            "today": day == self.today,
            "closed": not self.cover.calendar.is_working_day(day),
        }

    def _cell(self, role: Role, day: date) -> dict[str, Any]:
        duties = self.cover.load.get((role, day), 0)
        awake = self.cover.staffing.awake(role, day)
        kind = ("covered" if awake else "gap") if duties else ("free" if awake else "empty")
        return {
            "kind": kind,
            "icon": MARKS[kind][0],
            "duties": duties,
            "who": ", ".join(self.name(person) for person in awake),
            "closed": not self.cover.calendar.is_working_day(day),
        }

    def _away(self, day: date) -> dict[str, Any]:
        away = [self.name(absence.person) for absence in self.cover.away_on(day)]
        return {"count": len(away), "names": ", ".join(away)}

    # --- gaps, and what closes them ---

    def _gap(self, gap: Gap) -> dict[str, Any]:
        holders = self.cover.staffing.members.get(gap.role, ())
        return {
            "role": gap.role,
            "first": gap.first_day,
            "last": gap.last_day,
            "duties": gap.duties,
            "why": [self._why(person, gap) for person in holders],
        }

    def _why(self, person: UUID, gap: Gap) -> dict[str, str]:
        """Why a holder of the role is not there on the gap's first day, and where that changes."""
        found = why_not(self.cover.staffing, person, gap.role, gap.first_day)
        name = self.name(person)
        if found.absent is None:
            url = f"{reverse('person', args=[found.asleep])}?clinic={self.clinic.id}"
            via = "" if found.asleep == person else f" passes on to {self.name(found.asleep)}, who"
            return {"text": f"{name}{via} has no clinic day.", "url": url, "action": "Clinic days"}
        row = self._row(found.absent, gap.first_day)
        until = f"{row.last_day.day} {row.last_day:%b}" if row else ""
        passes = "" if found.absent == person else f" passes on to {self.name(found.absent)}, who"
        text = f"{name}{passes} is away until {until} and has no deputy who is there."
        return {
            "text": text,
            "url": reverse("absence", args=[row.id]) if row else "",
            "action": "Name a deputy",
        }

    def _row(self, person: UUID, day: date) -> Absence | None:
        rows = (row for row in self.absences if row.clinician_id == person)
        return next((row for row in rows if row.first_day <= day <= row.last_day), None)

    # --- absences ---

    def _absence(self, row: Absence) -> dict[str, Any]:
        roster = self.cover.staffing.on(max(self.today, row.first_day))
        answers = roster.answering(row.clinician_id)
        mine = row.clinician_id == self.me
        return {
            "row": row,
            "name": str(row.clinician),
            "deputy": str(row.deputy) if row.deputy else "",
            "answers": self.name(answers) if answers and answers != row.deputy_id else "",
            "nobody": row.deputy is not None and answers is None,
            "mine": mine,
            "may": mine or self.keeps,
            "begun": row.first_day <= self.today,
        }


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why nobody stands in for a person: the last of the chain is away (`absent`), or has a day off (`asleep`)."""

    absent: UUID | None
    asleep: UUID


def why_not(staffing: Staffing, person: UUID, role: Role, day: date) -> WhyNot:
    """Where the chain of deputies of somebody who is not there ends."""
    away = staffing.on(day).away
    at, last = person, person
    seen: set[UUID] = set()
    while at in away and at not in seen:
        seen.add(at)
        last = at
        following = away[at]
        if following is None:
            return WhyNot(last, last)
        at = following
    gone = at in seen or at not in staffing.members.get(role, ())
    return WhyNot(last if gone else None, at)


def read_cover(clinic: ClinicAccess, today: date, me: UUID) -> CoverPage:
    """Everything the screen of a clinic needs. Six statements."""
    return CoverPage(
        clinic, today, me, cover_of(clinic.id, today), colleagues_of(clinic.id), planned_in(clinic.id, today)
    )


def options(colleagues: Iterable[Colleague], *, but: UUID | None = None) -> list[tuple[str, str]]:
    """Active colleagues as choices of a form: "Pia Stone (Nurse, Physiatrist)"."""
    return [
        (str(one.id), f"{one.name} ({', '.join(role.label for role in sorted(one.roles))})")
        for one in colleagues
        if one.is_active and one.id != but
    ]
