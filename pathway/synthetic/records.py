"""A plausible record for any duty of the protocol, out of a profile, a memory and a seeded generator."""

from __future__ import annotations

from pathway.synthetic import records_before, records_with_pump
from pathway.synthetic.memory import Moment
from pathway.synthetic.records_before import Values

MAKERS = {**records_before.MAKERS, **records_with_pump.MAKERS}


def make_record(form: str, moment: Moment) -> Values:
    """Field names and Python values for the record of this form."""
    if moment.key == "trial_booking":
        return records_before.trial_booking(moment)
    return MAKERS[form](moment)
