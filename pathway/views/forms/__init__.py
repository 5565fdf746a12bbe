"""The forms of every clinical record by kind, and what all screen forms share beside them."""

from __future__ import annotations

from pathway.views.forms import emergency, evaluation, followup, implant, incident, selection, trial
from pathway.views.forms.record import RecordForm

FORMS: dict[str, type[RecordForm]] = {
    form.Meta.model.kind: form
    for form in (
        evaluation.AssessmentForm,
        evaluation.MedicationHistoryForm,
        evaluation.NeuroHistoryForm,
        evaluation.GoalsForm,
        evaluation.GoalsReviewForm,
        evaluation.SurgicalReviewForm,
        evaluation.AnesthesiaReviewForm,
        evaluation.SocialChecklistForm,
        evaluation.EducationRecordForm,
        selection.EligibilityForm,
        selection.MdtMinuteForm,
        selection.BookingForm,
        trial.TrialPlanForm,
        trial.TrialDoseForm,
        trial.TrialReadingsForm,
        implant.SurgicalPlanForm,
        implant.AnesthesiaPlanForm,
        implant.OperationForm,
        implant.DeviceRegistrationForm,
        implant.PostopCheckForm,
        implant.CallNoteForm,
        followup.ProgramForm,
        followup.RefillForm,
        followup.RehabPlanForm,
        followup.TaperPlanForm,
        followup.DevicePlanForm,
        followup.EmergencyCheckForm,
        incident.IncidentStepsForm,
        incident.IncidentClosureForm,
        followup.ServiceLifeForm,
        followup.VolumeEventForm,
        followup.SecondCheckForm,
        followup.NoteForm,
        emergency.EmergencyPlanForm,
        emergency.CardIssueForm,
    )
}

__all__ = ["FORMS", "RecordForm"]
