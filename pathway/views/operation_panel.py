"""What an operation note means: the volume to the catheter tip, the prime, and the first dates of the pump.

Words and order only; every figure comes from the clinical layer with its source, and a clinician confirms it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from pathway.clinical.catheter import PathVolume, prime_finding, prime_volume_ml
from pathway.clinical.device import CATHETER_MODELS, PumpModel
from pathway.clinical.results import CannotCompute, Finding, plain
from pathway.clinical.runway import LEAD_DAYS, SENSITIVE_ALARM_ML
from pathway.clinical.service import end_of_service
from pathway.clinical.situation import Situation, path_of
from pathway.models import Operation
from pathway.views.panel import Line, Panel, brackets, day_text, findings_of

HINT = (
    "Choose pump and catheter, and enter length and fill: what follows from them stands here before you save."
)


def operation_panel(record: Operation, situation: Situation) -> Panel:
    """The panel of an operation note as far as it is typed."""
    model = situation.pump_models.get(record.pump_model)
    if model is None:
        return Panel(hint=HINT)
    lines = [*_path_lines(record, model), *_fill_lines(record), *_alarm_lines(record, model, situation)]
    return Panel(tuple(lines), tuple(_dates(record, model)), findings_of(_prime(record)))


def _path_lines(record: Operation, model: PumpModel) -> Iterator[Line]:
    """Volume between reservoir and catheter tip, on which prime and bridge rest."""
    if not record.catheter_model:
        return
    path = path_of(model, CATHETER_MODELS.get(record.catheter_model), record.catheter_implanted_cm)
    if isinstance(path, CannotCompute):
        yield Line("Volume to the catheter tip", f"Cannot be worked out: {path.text}")
        return
    inner, catheter, total = plain(path.pump_ml), plain(path.catheter_ml), plain(path.total_ml)
    text = f"{inner} mL in the pump + {catheter} mL in the catheter = {total} mL"
    yield Line("Volume to the catheter tip", text, brackets(path.constants))
    yield Line("Prime", _prime_words(path), brackets(path.constants))


def _prime_words(path: PathVolume) -> str:
    full, rest = prime_volume_ml(path, pump_primed=False), prime_volume_ml(path, pump_primed=True)
    return f"{plain(full)} mL; {plain(rest)} mL where the pump itself was primed before"


def _fill_lines(record: Operation) -> Iterator[Line]:
    if isinstance(record.fill_ml, Decimal):
        left = record.fill_ml - (record.prime_ml or Decimal(0))
        yield Line("In the reservoir after the prime", f"{plain(left)} mL")


def _alarm_lines(record: Operation, model: PumpModel, situation: Situation) -> Iterator[Line]:
    """The alarm as it is set, and the volume that refills are planned from where withdrawal is more dangerous."""
    if record.alarm_setting_ml is None:
        alarm = model.alarm_ml
        yield Line("Low-reservoir alarm", f"at {plain(alarm.value)} mL, as the maker sets it", alarm.bracket)
    else:
        yield Line("Low-reservoir alarm", f"at {plain(record.alarm_setting_ml)} mL, as set here")
    if situation.withdrawal_risk:
        text = f"from {plain(SENSITIVE_ALARM_ML.value)} mL at least: withdrawal is more dangerous for this patient"
        yield Line("Refills are planned", text, SENSITIVE_ALARM_ML.bracket)


def _dates(record: Operation, model: PumpModel) -> Iterator[Line]:
    """What is known before the first program."""
    if record.filled_on:
        until = day_text(record.filled_on + timedelta(days=LEAD_DAYS.value))
        text = f"{until}, until the first program is recorded"
        yield Line("Refill by", text, LEAD_DAYS.bracket)
        stable = day_text(record.filled_on + timedelta(days=model.stability_days.value))
        text = f"{stable}, {model.stability_days.value} days"
        yield Line("Drug stable until", text, model.stability_days.bracket)
    if record.operated_on:
        service = end_of_service(model, record.operated_on)
        if isinstance(service, CannotCompute):
            yield Line("End of service", f"Not known: a to-do asks for it. {service.text}")
        else:
            months = model.life_months
            yield Line("End of service", day_text(service.ends_on), months.bracket if months else "")


def _prime(record: Operation) -> Iterator[Finding]:
    """The recall's lesson, once a prime out of this fill is typed."""
    if record.prime_ml and record.concentration_mcg_per_ml:
        yield prime_finding(record.prime_ml, Decimal(record.concentration_mcg_per_ml))
