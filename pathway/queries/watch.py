"""Every check that one statement can make, in the order of their weight. The history's is `engine.history`'s."""

from __future__ import annotations

from pathway.queries import watch_clinics, watch_system
from pathway.queries.findings import Check, WindowCheck

CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        watch_clinics.role_with_nobody,
        watch_clinics.owner_gone,
        watch_clinics.cover_gap,
        watch_clinics.nobody_leads,
        watch_clinics.address_refused,
        watch_clinics.mail_dead,
        watch_system.mail_stuck,
        watch_system.worker_silent,
        watch_system.beat_silent,
        watch_system.broker_away,
        watch_system.sweep_silent,
        watch_system.timers_late,
    )
}

ROLLING: dict[str, dict[str, WindowCheck]] = {
    "pathway_pump": {
        "pump_without_refill": watch_clinics.pump_without_refill,
        "refill_after_refill_by": watch_clinics.refill_after_refill_by,
    },
    "pathway_case": {"case_without_duty": watch_clinics.case_without_duty},
}
"""Rules about every row of a large table, by the table they read a window of."""
