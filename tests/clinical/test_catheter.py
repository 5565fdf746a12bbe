"""Path volume, bridge, prime and contrast danger (clinical.md 4.3, 4.4 and the bridge vectors of 4.6)."""

from __future__ import annotations

import pytest

from pathway.clinical.catheter import (
    BRIDGE_REQUIRED,
    CLEARING_ASPIRATION_ML,
    PRIME_RECALL,
    Bridge,
    PathVolume,
    bridge,
    catheter_volume_ml,
    contrast_danger,
    implanted_length_cm,
    path_volume,
    prime_finding,
    prime_volume_ml,
)
from pathway.clinical.device import CATHETER_MODELS, PROMETRA_II, SYNCHROMED_II
from pathway.clinical.results import CannotCompute, Finding, Severity
from tests.clinical.builders import d, fields_of, refusal

ASCENDA, INDURA, PROMETRA = (CATHETER_MODELS[code] for code in ("ascenda", "indura-1p", "prometra"))


def test_path_volume_of_the_vectors() -> None:
    path = path_volume(SYNCHROMED_II, ASCENDA, d(80))
    assert path == PathVolume(d("0.199"), d("0.176"), (SYNCHROMED_II.internal_path_ml, ASCENDA.ml_per_cm))  # type: ignore[arg-type]
    assert path.total_ml == d("0.375")


@pytest.mark.parametrize(
    ("old", "new", "dose", "flow", "hours", "programmed", "real", "unbridged", "unbridged_hours"),
    [
        (500, 2000, 200, "0.4", "22.5", "750", "187.5", "50", "90"),
        (2000, 500, 200, "0.1", "90", "187.5", "750", "800", "22.5"),
        (1000, 2000, 400, "0.4", "22.5", "750", "375", "200", "45"),
    ],
    ids=["4.6-bridge-1", "4.6-bridge-2", "4.6-bridge-3"],
)
def test_bridge_vectors_4_6(
    old: int,
    new: int,
    dose: int,
    flow: str,
    hours: str,
    programmed: str,
    real: str,
    unbridged: str,
    unbridged_hours: str,
) -> None:
    assert bridge(d("0.375"), d(old), d(new), d(dose), SYNCHROMED_II) == Bridge(
        flow_ml_per_day=d(flow),
        hours=d(hours),
        programmed_mcg=d(programmed),
        delivered_mcg=d(real),
        unbridged_mcg_per_day=d(unbridged),
        unbridged_hours=d(unbridged_hours),
        limit=BRIDGE_REQUIRED,
    )


def test_bridge_refusals() -> None:
    assert bridge(d("0.375"), d(500), d(500), d(200), SYNCHROMED_II) == refusal(
        "new_mcg_per_ml", "The concentration does not change, so there is nothing to bridge."
    )
    assert bridge(d(0), d(500), d(2000), d(200), SYNCHROMED_II) == refusal(
        "path_ml", "The path volume is above 0 mL."
    )
    assert isinstance(bridge(d("0.5"), d(500), d(2000), d(200), SYNCHROMED_II), Bridge)
    too_strong = bridge(d("0.375"), d(500), d(2000), d(90), SYNCHROMED_II)
    assert fields_of(too_strong) == ("dose_mcg_per_day",)
    assert fields_of(bridge(d("0.375"), d(50), d(2000), d(90), SYNCHROMED_II)) == (
        "concentration_mcg_per_ml",
        "dose_mcg_per_day",
    )
    zero = bridge(d("0.375"), d(500), d(2000), d(0), SYNCHROMED_II)
    assert fields_of(zero) == ("dose_mcg_per_day",)  # said once, not once a concentration


def test_implanted_length() -> None:
    assert implanted_length_cm(PROMETRA, d(30)) == 80
    assert implanted_length_cm(PROMETRA, d(0)) == 110
    assert implanted_length_cm(INDURA, d(9)) == 80
    assert implanted_length_cm(PROMETRA, None) == refusal(
        "trimmed_cm", "The trimmed length is missing: take it from the operation note."
    )
    wrong = refusal("trimmed_cm", "The trimmed length lies between 0 and 110 cm.")
    assert implanted_length_cm(PROMETRA, d(110)) == wrong
    assert implanted_length_cm(PROMETRA, d(-1)) == wrong
    assert implanted_length_cm(ASCENDA, d(10)) == refusal(
        "catheter",
        "The full length of Medtronic Ascenda 8780/8781 is not known: record the implanted length.",
    )


def test_catheter_volume_needs_a_possible_length() -> None:
    assert catheter_volume_ml(PROMETRA, d(110)) == d("0.286")
    assert catheter_volume_ml(ASCENDA, d("0.5")) == d("0.0011")
    assert catheter_volume_ml(ASCENDA, None) == refusal(
        "implanted_cm", "The catheter length is missing: take it from the operation note."
    )
    assert catheter_volume_ml(ASCENDA, d(0)) == refusal("implanted_cm", "The catheter length is above 0 cm.")
    assert catheter_volume_ml(INDURA, d(90)) == refusal(
        "implanted_cm", "Medtronic InDura 1P 8709SC is 89 cm long; the implanted length cannot be more."
    )


def test_path_volume_is_never_guessed() -> None:
    assert path_volume(SYNCHROMED_II, ASCENDA, None) == refusal(
        "implanted_cm", "The catheter length is missing: take it from the operation note."
    )
    assert path_volume(PROMETRA_II, PROMETRA, d(80)) == refusal(
        "pump_model", "The internal path volume of Prometra II is not known: see its manual."
    )


def test_prime_volume() -> None:
    path = PathVolume(d("0.199"), d("0.176"), ())
    assert prime_volume_ml(path, pump_primed=False) == d("0.375")
    assert prime_volume_ml(path, pump_primed=True) == d("0.176")
    assert prime_finding(d("0.375"), d(500)) == Finding(
        "prime_supervised",
        Severity.WARNING,
        "A prime of 0.375 mL moves 187.5 mcg: too much, then too little can follow.",
        (PRIME_RECALL,),
    )


def test_contrast_without_aspiration_is_a_bolus_of_352_mcg() -> None:
    volume = catheter_volume_ml(ASCENDA, d(80))
    assert not isinstance(volume, CannotCompute)
    assert contrast_danger(volume, d(2000), aspirated=True) is None
    assert contrast_danger(volume, d(2000), aspirated=False) == Finding(
        "contrast_bolus",
        Severity.REFUSED,
        "Not aspirated: contrast would push 352 mcg into the patient at once. Aspirate first.",
        (CLEARING_ASPIRATION_ML,),
    )
