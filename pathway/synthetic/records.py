"""A plausible record for any duty of the protocol, out of a profile, a memory and a seeded generator."""

from __future__ import annotations

from pathway.synthetic import (
    records_evaluation,
    records_implant,
    records_incident,
    records_running,
    records_trial,
)
from pathway.synthetic.memory import Moment
from pathway.synthetic.records_evaluation import Values

MAKERS = {
    **records_evaluation.MAKERS,
    **records_trial.MAKERS,
    **records_implant.MAKERS,
    **records_running.MAKERS,
    **records_incident.MAKERS,
}


def make_record(form: str, moment: Moment) -> Values:
    """Field names and Python values for the record of this form."""
    if moment.key == "trial_booking":
        return records_trial.trial_booking(moment)
    return MAKERS[form](moment)
