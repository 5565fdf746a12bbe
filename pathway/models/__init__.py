"""Storage, constraints and the state machine's edges. It knows nothing of who may do what, or when."""

from __future__ import annotations

from pathway.models.absence import Absence
from pathway.models.assessment import Assessment
from pathway.models.attention import Attention, CalendarFeed
from pathway.models.case import CareTeamMember, Case, StageCount, StageVisit
from pathway.models.checked import CheckedRecord
from pathway.models.clinic_event import ClinicEvent
from pathway.models.confirm import SecondCheck
from pathway.models.contact import ReminderContact
from pathway.models.device import Catheter, Pump
from pathway.models.emergency import CardIssue, EmergencyPlan
from pathway.models.event import Event
from pathway.models.followup import DevicePlan, EmergencyCheck, Note, RehabPlan, ServiceLife, TaperPlan
from pathway.models.goals import Goals, GoalsReview
from pathway.models.history import MedicationHistory, NeuroHistory
from pathway.models.implant import AnesthesiaPlan, Operation, SurgicalPlan
from pathway.models.incident import Incident, IncidentAssessment, IncidentTimer
from pathway.models.incident_records import IncidentClosure, IncidentSteps
from pathway.models.notice import Mail, Notice
from pathway.models.observation import TrialObservation
from pathway.models.patient import Patient
from pathway.models.people import CalendarVersion, Clinic, Clinician, ClosedDay, Membership
from pathway.models.planning import AnesthesiaReview, EducationRecord, SocialChecklist, SurgicalReview
from pathway.models.postop import CallNote, DeviceRegistration, PostopCheck
from pathway.models.protocol import ProtocolVersion
from pathway.models.record import ClinicalRecord
from pathway.models.records import RECORDS
from pathway.models.refill import Refill
from pathway.models.running import ProgramRecord
from pathway.models.selection import Booking, Eligibility, MdtMinute
from pathway.models.signoff import SignOff
from pathway.models.site_pump import SitePumpModel
from pathway.models.todo import Timer, Todo
from pathway.models.trial import TrialDose, TrialPlan, TrialReadings
from pathway.models.volume import VolumeEvent
from pathway.models.watch import Alarm, Heartbeat

__all__ = [
    "RECORDS",
    "Absence",
    "Alarm",
    "AnesthesiaPlan",
    "AnesthesiaReview",
    "Assessment",
    "Attention",
    "Booking",
    "CalendarFeed",
    "CalendarVersion",
    "CallNote",
    "CardIssue",
    "CareTeamMember",
    "Case",
    "Catheter",
    "CheckedRecord",
    "Clinic",
    "ClinicEvent",
    "ClinicalRecord",
    "Clinician",
    "ClosedDay",
    "DevicePlan",
    "DeviceRegistration",
    "EducationRecord",
    "Eligibility",
    "EmergencyCheck",
    "EmergencyPlan",
    "Event",
    "Goals",
    "GoalsReview",
    "Heartbeat",
    "Incident",
    "IncidentAssessment",
    "IncidentClosure",
    "IncidentSteps",
    "IncidentTimer",
    "Mail",
    "MdtMinute",
    "MedicationHistory",
    "Membership",
    "NeuroHistory",
    "Note",
    "Notice",
    "Operation",
    "Patient",
    "PostopCheck",
    "ProgramRecord",
    "ProtocolVersion",
    "Pump",
    "Refill",
    "RehabPlan",
    "ReminderContact",
    "SecondCheck",
    "ServiceLife",
    "SignOff",
    "SitePumpModel",
    "SocialChecklist",
    "StageCount",
    "StageVisit",
    "SurgicalPlan",
    "SurgicalReview",
    "TaperPlan",
    "Timer",
    "Todo",
    "TrialDose",
    "TrialObservation",
    "TrialPlan",
    "TrialReadings",
    "VolumeEvent",
]
