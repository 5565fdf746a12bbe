"""Every clinical record by its kind: the name that the protocol's `form` and the screens use."""

from __future__ import annotations

from pathway.models.assessment import Assessment
from pathway.models.checked import CheckedRecord
from pathway.models.confirm import SecondCheck
from pathway.models.emergency import CardIssue, EmergencyPlan
from pathway.models.followup import DevicePlan, EmergencyCheck, Note, RehabPlan, ServiceLife, TaperPlan
from pathway.models.goals import Goals, GoalsReview
from pathway.models.history import MedicationHistory, NeuroHistory
from pathway.models.implant import AnesthesiaPlan, Operation, SurgicalPlan
from pathway.models.incident_records import IncidentClosure, IncidentSteps
from pathway.models.planning import AnesthesiaReview, EducationRecord, SocialChecklist, SurgicalReview
from pathway.models.postop import CallNote, DeviceRegistration, PostopCheck
from pathway.models.refill import Refill
from pathway.models.running import ProgramRecord
from pathway.models.selection import Booking, Eligibility, MdtMinute
from pathway.models.trial import TrialDose, TrialPlan, TrialReadings
from pathway.models.volume import VolumeEvent

RECORDS: dict[str, type[CheckedRecord]] = {
    model.kind: model
    for model in (
        Assessment,
        MedicationHistory,
        NeuroHistory,
        Goals,
        SurgicalReview,
        AnesthesiaReview,
        SocialChecklist,
        EducationRecord,
        Eligibility,
        MdtMinute,
        Booking,
        TrialPlan,
        TrialDose,
        TrialReadings,
        CallNote,
        SurgicalPlan,
        AnesthesiaPlan,
        Operation,
        ProgramRecord,
        DeviceRegistration,
        PostopCheck,
        RehabPlan,
        TaperPlan,
        GoalsReview,
        Refill,
        DevicePlan,
        EmergencyCheck,
        IncidentSteps,
        IncidentClosure,
        EmergencyPlan,
        CardIssue,
        ServiceLife,
        VolumeEvent,
        SecondCheck,
        Note,
    )
}
