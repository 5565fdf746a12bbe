"""The fixed cast of all tests: one clinic with one person a role, and a person of another clinic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pathway.engine.protocols import publish
from pathway.engine.referrals import Referral, refer
from pathway.models import Clinic, Clinician, Membership
from pathway.models.base import new_id
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.roles import Role

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "pathway-demo"


@dataclass(frozen=True)
class Cast:
    """Nora, Phil, Anna and Cora work in one clinic; Omar, a coordinator, in another."""

    clinic: Clinic
    other_clinic: Clinic
    nora: Clinician
    phil: Clinician
    anna: Clinician
    cora: Clinician
    omar: Clinician

    def of(self, role: Role | str) -> Clinician:
        """Who holds this role in the clinic."""
        return {
            "neurosurgeon": self.nora,
            "physiatrist": self.phil,
            "anesthesiologist": self.anna,
            "coordinator": self.cora,
        }[str(role)]


def person(username: str, clinic: Clinic, *roles: Role) -> Clinician:
    """A clinician with these roles in a clinic."""
    clinician = Clinician.objects.create_user(username, f"{username}@clinic.example", PASSWORD)
    for role in roles:
        Membership.objects.create(clinician=clinician, clinic=clinic, role=str(role))
    return clinician


def make_cast() -> Cast:
    """Create the cast and publish the protocol."""
    publish(by=None, at=MONDAY - timedelta(days=30), protocol=load(VERSIONS / "itb-1"))
    clinic = Clinic.objects.create(
        name="Riverside", slug="riverside", time_zone="America/Chicago", country="US"
    )
    other = Clinic.objects.create(name="Hillside", slug="hillside", time_zone="Europe/Berlin", country="DE")
    return Cast(
        clinic,
        other,
        person("nora", clinic, Role.NEUROSURGEON),
        person("phil", clinic, Role.PHYSIATRIST),
        person("anna", clinic, Role.ANESTHESIOLOGIST),
        person("cora", clinic, Role.COORDINATOR),
        person("omar", other, Role.COORDINATOR),
    )


def patient_values(mrn: str = "R-1001", **changes: Any) -> dict[str, Any]:
    """A synthetic patient's form values."""
    values = {
        "mrn": mrn,
        "given_name": "Sample",
        "family_name": "Person",
        "birth_date": datetime(1980, 5, 17).date(),
        "sex": "female",
    }
    return {**values, **changes}


def referred(cast: Cast, at: datetime = MONDAY, mrn: str = "R-1001", **referral: Any) -> UUID:
    """A case fresh from referral; returns its id."""
    request = Referral(request_id=new_id(), patient=patient_values(mrn), **referral)
    return refer(clinic_id=cast.clinic.id, referral=request, by=cast.cora, at=at).case_id
