"""Which forms think: the panel that stands beside each kind of record, if it has one."""

from __future__ import annotations

from pathway.models import Operation, ProgramRecord, Refill
from pathway.views.advice_panel import advice_panel
from pathway.views.forms import RecordForm
from pathway.views.operation_panel import operation_panel
from pathway.views.panel import Panel


def panel_of(form: RecordForm) -> Panel | None:
    """The panel of a form, blank or typed into; None for the forms that have none."""
    record = form.instance
    if isinstance(record, ProgramRecord | Refill):
        return advice_panel(record, form.situation, typed=form.is_bound)
    if isinstance(record, Operation):
        return operation_panel(record, form.situation)
    return None
