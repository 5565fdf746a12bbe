"""The fixed sentences of the emergency card, each with its tag and source. They give no dose and order nothing.

Knows pumps by their model's data; knows no patient.
"""

from __future__ import annotations

from pathway.clinical.device import PumpModel
from pathway.clinical.sources import Sourced, Tag

NOT_RECORDED = "not recorded"

EMERGENCY = Sourced(
    "Baclofen runs into the spinal fluid without a break. If it stops, withdrawal can kill. Call the local emergency "
    "number first, then the 24-hour number.",
    "",
    Tag.VERIFIED,
    ("S2", "S7"),
    rule="3.6",
)
WITHDRAWAL = Sourced(
    "First itching without rash, stiffness and spasms back, tingling, low blood pressure. Then fever, confusion, rigid "
    "muscles, unstable blood pressure, seizures. Often after 48 to 96 hours, sometimes after 12.",
    "",
    Tag.MEMORY,
    ("LIO", "S17", "S74"),
    rule="section 8 withdrawal",
)
OVERDOSE = Sourced(
    "Drowsy, dizzy, weakness that rises towards the head, slow breathing, slow pulse, low blood pressure, seizures, "
    "coma.",
    "",
    Tag.VERIFIED,
    ("S18", "S19"),
    rule="section 8 overdose",
)
FIRST_STEPS = Sourced(
    "Withdrawal: monitor, interrogate the pump, find why it stopped, restore the intrathecal drug; tablets alone are "
    "not enough. Overdose: support breathing, intensive care, the pump team sets the pump; no specific antidote.",
    "",
    Tag.POLICY,
    rule="section 8",
)
HANDS_OFF = Sourced(
    "Do not stop the pump for other illness or surgery; whether to stop it in an overdose is for the pump team. Do not "
    "flush or inject the catheter access port: the drug in the catheter would reach the spine at once and can kill.",
    "",
    Tag.VERIFIED,
    ("S16", "S35"),
    rule="section 7 card",
)
SYNCHROMED_ALARMS = Sourced(
    "One tone, about every hour: reservoir low or pump near its end; telephone the same day. Two tones: reservoir "
    "empty, pump stopped or failed; emergency. Silence does not prove that the pump runs.",
    "",
    Tag.VERIFIED,
    ("S45b", "S51", "S52", "S53"),
    rule="4.2 alarms",
)
OTHER_ALARMS = Sourced(
    "What the sounds of this pump mean is not on record: any sound is an alarm, call the 24-hour number at once. "
    "Silence does not prove that the pump runs.",
    "",
    Tag.POLICY,
    rule="4.2 alarms",
)
UNKNOWN_MRI = Sourced(
    "The MRI rule of this pump is not on record: no MRI before the pump team has said how.",
    "",
    Tag.POLICY,
    rule="section 7 card",
)
NO_SUPPORT_LINE = Sourced(f"Maker's emergency line: {NOT_RECORDED}.", "", Tag.POLICY, rule="section 7 card")
SUPPORT_LINES = {
    "Medtronic": Sourced(
        "Medtronic's line for clinicians, 24 hours: 1-800-707-0933 (in the USA; as printed in 2002).",
        "",
        Tag.VERIFIED,
        ("S73",),
        rule="section 7 card",
    )
}
LIVING = Sourced(
    "Keep every refill. Carry this card. Keep unexpired baclofen tablets at hand. Do not rub the pump. Call before "
    "MRI, surgery, diving or pressure chambers and long trips, and after a fall. Red, open or wet wound, or fever: "
    "call the same day.",
    "",
    Tag.POLICY,
    ("S52", "S66"),
    rule="section 7 education",
)


def alarms_of(model: str) -> Sourced[str]:
    """What the pump's sounds mean. The meanings of one family are never given for another."""
    return SYNCHROMED_ALARMS if model.startswith("synchromed") else OTHER_ALARMS


def mri_of(model: PumpModel | None) -> Sourced[str]:
    """The MRI rule of this pump; for a pump without one, that nobody scans before the team said how."""
    return model.mri_rule if model else UNKNOWN_MRI


def support_of(model: PumpModel | None) -> Sourced[str]:
    """The maker's line, where a source gives one."""
    return SUPPORT_LINES.get(model.maker, NO_SUPPORT_LINE) if model else NO_SUPPORT_LINE
