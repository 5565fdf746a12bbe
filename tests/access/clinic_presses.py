"""What each verb on the people, the absences, the mail and the settings of a clinic is sent, with a body that fits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from pathway.engine.absences import plan_absence
from pathway.models import Absence, Clinician, Mail, Membership
from pathway.models.base import new_id
from pathway.protocol.roles import Role
from tests.access.presses import REASON, Press, evaluation, owned
from tests.cast import Cast, person
from tests.engine.calendar_desk import closing, previewed
from tests.examples import written
from tests.views.desk import todo_url
from tests.views.test_clinic import typed as typed_calendar
from tests.walk import Walk

NEWCOMER = {
    "username": "sam",
    "given_name": "Sam",
    "family_name": "Newcomb",
    "email": "sam@clinic.example",
    "roles": ["nurse"],
}

# --- absences and people ---


def enter_absence(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    data = {"clinic": str(cast.clinic.id), "request_id": str(new_id()), "clinician": str(cast.nora.pk)}
    day = walk.today.isoformat()
    return walk, Press("/cover/", {**data, "first_day": day, "last_day": day, "deputy": "", "note": ""})


def absence_of_phil(cast: Cast, walk: Walk, deputy: Clinician | None = None) -> Absence:
    return plan_absence(
        clinic_id=cast.clinic.id,
        clinician_id=cast.phil.pk,
        deputy_id=deputy.pk if deputy else None,
        first_day=walk.today,
        last_day=walk.today + timedelta(days=3),
        by=cast.phil,
        at=walk.at,
    )


def change_absence(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    absence = absence_of_phil(cast, walk)
    days = {"first_day": str(absence.first_day), "last_day": str(absence.first_day)}
    return walk, Press(f"/cover/{absence.id}/", {**days, "deputy": "", "note": ""})


def cancel_absence(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    return walk, Press(f"/cover/{absence_of_phil(cast, walk).id}/cancel/", {})


def complete_as_deputy(cast: Cast) -> tuple[Walk, Press]:
    """Nora is a physiatrist too, and answers for Phil."""
    walk, todo = owned(cast)
    Membership.objects.create(clinician=cast.nora, clinic=cast.clinic, role="physiatrist")
    absence_of_phil(cast, walk, cast.nora)
    return walk, Press(todo_url(todo), written("goals", walk.today))


def of_member(verb: str, **data: Any) -> Callable[[Cast], tuple[Walk, Press]]:
    def prepare(cast: Cast) -> tuple[Walk, Press]:
        member = Membership.objects.get(clinician=cast.phil)
        return evaluation(cast), Press(f"/people/members/{member.id}/{verb}/", data)

    return prepare


def dead_letter(verb: str) -> Callable[[Cast], tuple[Walk, Press]]:
    def prepare(cast: Cast) -> tuple[Walk, Press]:
        walk = evaluation(cast)
        row = {"urgency": "soon", "created_at": walk.at, "due_at": walk.at}
        mail = Mail.objects.create(clinic=cast.clinic, recipient=cast.nora, state="dead", **row)
        return walk, Press(f"/watch/mails/{mail.id}/{verb}/", {})

    return prepare


def lead_clinic(cast: Cast) -> tuple[Walk, Press]:
    data = {"clinic": str(cast.clinic.id), "lead": str(cast.phil.pk)}
    return evaluation(cast), Press("/people/lead/", data)


def leave_clinic(cast: Cast) -> tuple[Walk, Press]:
    walk, _ = owned(cast)
    pia = person("pia", cast.clinic, Role.PHYSIATRIST)
    data = {"clinic": str(cast.clinic.id), "reason": REASON, "successor_physiatrist": str(pia.pk)}
    return walk, Press(f"/people/{cast.phil.pk}/leave/", data)


def join_clinic(cast: Cast) -> tuple[Walk, Press]:
    return evaluation(cast), Press("/people/add/", {"clinic": str(cast.clinic.id), **NEWCOMER})


def one_more_role(cast: Cast) -> tuple[Walk, Press]:
    data = {"clinic": str(cast.clinic.id), "role": "nurse"}
    return evaluation(cast), Press(f"/people/{cast.phil.pk}/roles/", data)


def one_role_less(cast: Cast) -> tuple[Walk, Press]:
    """Phil is a nurse too, one of two."""
    for who in (cast.phil, cast.nora):
        Membership.objects.create(clinician=who, clinic=cast.clinic, role="nurse")
    data = {"clinic": str(cast.clinic.id), "role": "nurse", "reason": REASON}
    return evaluation(cast), Press(f"/people/{cast.phil.pk}/roles/end/", data)


def invite_once_more(cast: Cast) -> tuple[Walk, Press]:
    sam = person("sam", cast.clinic, Role.NURSE)
    sam.set_unusable_password()
    sam.save()
    return evaluation(cast), Press(f"/people/{sam.pk}/invite/", {"clinic": str(cast.clinic.id)})


def refused_address(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    Clinician.objects.filter(username="phil").update(email_refused_at=walk.at)
    return walk, Press(f"/watch/people/{cast.phil.id}/address/", {"email": "phil@new.example"})


# --- the clinic itself ---


def change_calendar(cast: Cast) -> tuple[Walk, Press]:
    walk = evaluation(cast)
    agreed = previewed(cast, closing(date(2026, 3, 9)), walk.at).fingerprint
    data = typed_calendar(cast, ("2026-03-09", "Painting"), do="save", agreed=agreed)
    return walk, Press("/clinic/", data)


def name_clinic(cast: Cast) -> tuple[Walk, Press]:
    data = {"clinic": str(cast.clinic.id), "do": "name", "hospital_name": "Riverside General"}
    return evaluation(cast), Press("/clinic/", data)
