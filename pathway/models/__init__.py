"""Storage, constraints and the state machine's edges. It knows nothing of who may do what, or when."""

from pathway.models.case import CareTeamMember, Case, StageCount, StageVisit
from pathway.models.event import Event
from pathway.models.notice import Notice
from pathway.models.patient import Patient
from pathway.models.people import Clinic, Clinician, ClosedDay, Membership
from pathway.models.protocol import ProtocolVersion
from pathway.models.record import ClinicalRecord
from pathway.models.signoff import SignOff
from pathway.models.todo import Timer, Todo

__all__ = [
    "CareTeamMember",
    "Case",
    "ClinicalRecord",
    "Clinic",
    "Clinician",
    "ClosedDay",
    "Event",
    "Membership",
    "Notice",
    "Patient",
    "ProtocolVersion",
    "SignOff",
    "StageCount",
    "StageVisit",
    "Timer",
    "Todo",
]
