"""The emergency card: every field of clinical.md section 7 by name, its editions, and the text of its code."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pathway.clinical.card import (
    QR_BYTES,
    CardFacts,
    Line,
    Section,
    cite,
    dose_text,
    missing_of,
    notices_of,
    pump_name,
    qr_text,
    risks_of,
    sections_of,
    shorten,
)
from pathway.clinical.card_text import (
    EMERGENCY,
    FIRST_STEPS,
    HANDS_OFF,
    LIVING,
    NO_SUPPORT_LINE,
    OTHER_ALARMS,
    OVERDOSE,
    SUPPORT_LINES,
    SYNCHROMED_ALARMS,
    UNKNOWN_MRI,
    WITHDRAWAL,
    alarms_of,
    mri_of,
    support_of,
)
from pathway.clinical.device import PROMETRA_II, PUMP_MODELS, SYNCHROMED_III
from pathway.clinical.sources import Tag
from tests.clinical.builders import card_facts

FULL = card_facts(replacement_indicator_on=date(2032, 12, 1))
BARE = card_facts(
    contact="", diagnosis="", implanted_by="", concentration_mcg_per_ml=None, daily_dose_mcg_per_day=None, mode="",
    filled_on=None, fill_ml=None, alarm_on=None, refill_by=None, end_of_service_on=None, catheter_model="",
    tip_level="", prescriber="", phone_24h="", hospital="", risks=(), allergies="", oral_rescue="",
)  # fmt: skip


def lines(facts: CardFacts) -> dict[str, str]:
    return {line.label: line.text for section in sections_of(facts) for line in section.lines}


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("Name", "Sample Person"),
        ("Born", "17 May 1984"),
        ("Contact", "Maria Person, +1 555 0142"),
        ("Diagnosis", "Multiple sclerosis"),
        ("Pump", "Medtronic SynchroMed II"),
        ("Serial number", "SYN-004711"),
        ("Implanted", "14 Apr 2026 by Nora Olsen"),
        ("Reservoir", "20 mL"),
        ("Drug", "intrathecal baclofen, 500 mcg/mL"),
        ("Daily dose", "180 mcg/day, simple continuous"),
        ("Last refill", "1 Jul 2026, 20 mL"),
        ("Low reservoir", "20 Aug 2026"),
        ("Refill by", "13 Aug 2026"),
        ("End of service", "14 Apr 2033; replacement indicator seen 1 Dec 2032"),
        ("Catheter", "Medtronic Ascenda 8780/8781"),
        ("Catheter tip", "T9"),
        ("Prescriber", "P. Hartmann"),
        ("24-hour number", "+1 555 0100"),
        ("Hospital", "Riverside Hospital"),
        ("High risk", "cannot tell symptoms; lives alone"),
        ("Allergies", "penicillin: rash"),
        (
            "Oral rescue, as the clinician wrote it",
            "Tablets in the bag with this card, as in the letter of 15 April",
        ),
    ],
)
def test_section_7_every_field_of_the_emergency_card(label: str, text: str) -> None:
    assert lines(FULL)[label] == text


CARD = {
    "Who": [
        ("Name", ("name",)),
        ("Born", ("born",)),
        ("Diagnosis", ("diagnosis",)),
        ("Contact", ("contact",)),
    ],
    "Whom to call": [
        ("24-hour number", ("phone_24h",)),
        ("Prescriber", ("prescriber",)),
        ("Hospital", ("hospital",)),
    ],
    "Take care": [
        ("Allergies", ("allergies",)),
        ("High risk", ("risks",)),
        ("Oral rescue, as the clinician wrote it", ("oral_rescue",)),
    ],
    "Pump and drug": [
        ("Pump", ("pump_model",)),
        ("Serial number", ("pump_serial",)),
        ("Implanted", ("implanted_on", "implanted_by")),
        ("Reservoir", ("reservoir_ml",)),
        ("Drug", ("concentration_mcg_per_ml",)),
        ("Daily dose", ("daily_dose_mcg_per_day", "mode")),
        ("Catheter", ("catheter_model",)),
        ("Catheter tip", ("tip_level",)),
    ],
    "Dates": [
        ("Last refill", ("filled_on", "fill_ml")),
        ("Refill by", ("refill_by",)),
        ("Low reservoir", ("alarm_on",)),
        ("End of service", ("end_of_service_on", "replacement_indicator_on")),
    ],
}


@pytest.mark.parametrize("facts", [FULL, BARE], ids=["full", "bare"])
def test_section_7_headings_lines_and_their_facts_in_order(facts: CardFacts) -> None:
    told = {one.title: [(line.label, line.keys) for line in one.lines] for one in sections_of(facts)}
    assert list(told.items()) == list(CARD.items())


def test_section_7_every_fact_is_printed_in_one_line() -> None:
    printed = [key for told in CARD.values() for _, keys in told for key in keys]
    assert sorted(printed) == sorted({field.name for field in fields(CardFacts)} - {"described"})


def test_section_7_vital_lines_are_never_shortened() -> None:
    vital = [line.label for section in sections_of(FULL) for line in section.lines if line.is_vital]
    assert vital == [
        "24-hour number",
        "Allergies",
        "Oral rescue, as the clinician wrote it",
        "Drug",
        "Daily dose",
    ]


def test_section_7_signs_alarms_and_rules_stand_on_every_card() -> None:
    said = {notice.title: notice.rule for notice in notices_of(FULL)}
    assert said == {
        "Emergency": EMERGENCY,
        "Withdrawal (too little)": WITHDRAWAL,
        "Overdose (too much)": OVERDOSE,
        "First steps for clinicians": FIRST_STEPS,
        "Do not stop or flush": HANDS_OFF,
        "Alarms": SYNCHROMED_ALARMS,
        "MRI": PUMP_MODELS["synchromed-ii"].mri_rule,
        "Living with the pump": LIVING,
        "Maker": SUPPORT_LINES["Medtronic"],
    }


def test_what_nobody_recorded_is_said_plainly() -> None:
    missing = [line.label for line in missing_of(BARE)]
    assert missing == [
        "Diagnosis", "Contact", "24-hour number", "Prescriber", "Hospital", "Allergies",
        "Oral rescue, as the clinician wrote it", "Drug", "Daily dose", "Catheter", "Catheter tip", "Last refill",
        "Refill by", "Low reservoir", "End of service",
    ]  # fmt: skip
    assert {lines(BARE)[label] for label in missing} == {"not recorded"}
    assert lines(BARE)["High risk"] == "none recorded"
    assert lines(BARE)["Implanted"] == "14 Apr 2026"
    assert not missing_of(FULL)


@pytest.mark.parametrize("known", ["filled_on", "fill_ml"])
def test_half_a_refill_is_no_refill(known: str) -> None:
    half = replace(BARE, **{known: getattr(FULL, known)})
    assert lines(half)["Last refill"] == "not recorded"


def test_an_indicator_is_printed_though_the_end_of_service_is_unknown() -> None:
    assert (
        lines(replace(FULL, end_of_service_on=None))["End of service"]
        == "not recorded; replacement indicator seen 1 Dec 2032"
    )


def test_a_dose_without_a_mode_and_models_that_nobody_described() -> None:
    assert dose_text(replace(FULL, mode="")) == "180 mcg/day"
    assert dose_text(BARE) == ""
    assert pump_name(card_facts(pump_model="old-pump")) == "old-pump"
    own = replace(PROMETRA_II, code="own-20", name="Own 20", maker="Sample")
    described = card_facts(pump_model="own-20", described=own)
    assert pump_name(described) == "Sample Own 20"
    assert [notice.rule for notice in notices_of(described) if notice.title == "MRI"] == [own.mri_rule]
    assert described.facts_hash != card_facts(pump_model="own-20").facts_hash
    assert lines(replace(FULL, catheter_model="old-catheter"))["Catheter"] == "old-catheter"


def test_section_4_2_alarm_meanings_of_one_family_are_given_for_no_other() -> None:
    assert alarms_of("synchromed-ii") is alarms_of("synchromed-iii") is SYNCHROMED_ALARMS
    assert alarms_of("prometra-ii") is alarms_of("old-pump") is OTHER_ALARMS


def test_section_13_15_the_mri_rule_is_that_of_the_pump() -> None:
    assert mri_of(PROMETRA_II) is PROMETRA_II.mri_rule
    assert "must be emptied" in mri_of(PROMETRA_II).value
    assert mri_of(SYNCHROMED_III) is SYNCHROMED_III.mri_rule
    assert mri_of(None) is UNKNOWN_MRI


def test_the_makers_line_is_printed_where_a_source_gives_one() -> None:
    assert "1-800-707-0933" in support_of(SYNCHROMED_III).value
    assert support_of(PROMETRA_II) is NO_SUPPORT_LINE
    assert support_of(None) is NO_SUPPORT_LINE


def test_fixed_texts_carry_their_tag_and_sources() -> None:
    assert WITHDRAWAL.tag is Tag.MEMORY
    assert (FIRST_STEPS.tag, LIVING.tag, UNKNOWN_MRI.tag, OTHER_ALARMS.tag) == (Tag.POLICY,) * 4
    assert cite(notices_of(FULL)[:2]) == "Emergency V S2 S7 · Withdrawal (too little) M LIO S17 S74"


def test_section_13_14_no_fixed_text_gives_a_dose() -> None:
    said = " ".join(
        notice.rule.value for model in PUMP_MODELS for notice in notices_of(card_facts(pump_model=model))
    )
    assert "mg" not in said
    assert "mcg" not in said


CHANGES: dict[str, Any] = {
    "name": "Another Person",
    "born": date(1984, 5, 18),
    "pump_model": "prometra-ii",
    "implanted_on": date(2026, 4, 15),
    "reservoir_ml": 40,
    "concentration_mcg_per_ml": 2000,
    "daily_dose_mcg_per_day": Decimal("180.01"),
    "filled_on": date(2026, 7, 2),
    "fill_ml": Decimal("19.9"),
    "alarm_on": date(2026, 8, 21),
    "refill_by": date(2026, 8, 14),
    "end_of_service_on": None,
    "replacement_indicator_on": date(2032, 12, 2),
    "risks": ("lives alone",),
    "described": PROMETRA_II,
}


@pytest.mark.parametrize("field", [field.name for field in fields(CardFacts)])
def test_every_printed_fact_makes_another_edition(field: str) -> None:
    changed = replace(FULL, **{field: CHANGES.get(field, "something else")})
    assert changed.facts_hash != FULL.facts_hash
    assert changed.number != FULL.number


def test_the_same_facts_make_the_same_edition_however_a_number_is_written() -> None:
    again = card_facts(
        replacement_indicator_on=date(2032, 12, 1),
        daily_dose_mcg_per_day=Decimal("180.000"),
        fill_ml=Decimal(20),
    )
    assert again.facts_hash == FULL.facts_hash
    assert len(FULL.facts_hash) == 64
    assert FULL.number == f"{FULL.facts_hash[:4]}-{FULL.facts_hash[4:8]}".upper()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sci_level": "T6"}, "spinal cord injury at T6 or above"),
        ({"sci_level": "C1"}, "spinal cord injury at T6 or above"),
        ({"sci_level": "C8"}, "spinal cord injury at T6 or above"),
        ({"cannot_communicate": True}, "cannot tell symptoms"),
        ({"earlier_withdrawal": True}, "earlier baclofen withdrawal"),
        ({"lives_alone": True}, "lives alone"),
        ({"other": "a refill was missed"}, "a refill was missed"),
    ],
)
def test_section_3_6_risks_of_withdrawal(changes: dict[str, Any], said: str) -> None:
    none: dict[str, Any] = {
        "sci_level": "T7", "cannot_communicate": False, "earlier_withdrawal": False, "lives_alone": False, "other": "",
    }  # fmt: skip
    assert risks_of(**none) == ()
    assert risks_of(**none | changes) == (said,)


def test_long_lines_are_cut_and_named_and_vital_ones_stay_whole() -> None:
    long = "word " * 60
    facts = replace(FULL, name=long, allergies=long, oral_rescue=long, phone_24h=long)
    sections, cut = shorten(sections_of(facts), 54)
    said = {line.label: line.text for section in sections for line in section.lines}
    assert cut == ("Name",)
    assert said["Name"] == "word word word word word word word word … (shortened)"
    assert len(said["Name"]) <= 54
    indented, _ = shorten((Section("Who", (Line("Name", "  " + long, ("name",)),)),), 56)
    assert indented[0].lines[0].text == "  word word word word word word word word … (shortened)"
    assert said["Allergies"] == said["24-hour number"] == long
    assert said["Oral rescue, as the clinician wrote it"] == long
    assert shorten(sections_of(facts), len(long)) == (sections_of(facts), ())


def test_the_code_carries_plain_emergency_text() -> None:
    assert qr_text(FULL).split("\n") == [
        "BACLOFEN PUMP - EMERGENCY",
        "Sample Person, born 17 May 1984",
        "24-hour number: +1 555 0100",
        "Pump stopped or empty = withdrawal: fever, confusion, rigid, seizures. Can kill.",
        "Drowsy, slow breathing = overdose.",
        "Do not stop the pump. Do not flush the access port.",
        "Pump: Medtronic SynchroMed II, serial SYN-004711",
        "Drug: baclofen 500 mcg/mL, 180 mcg/day, simple continuous",
        "Refill by: 13 Aug 2026",
        "Allergies: penicillin: rash",
        "Prescriber: P. Hartmann",
        f"Card {FULL.number}",
    ]


def test_the_code_says_what_is_not_recorded_and_what_it_leaves_out() -> None:
    bare = qr_text(BARE)
    for said in (
        "24-hour number: not recorded", "Drug: baclofen ? mcg/mL, dose not recorded", "Refill by: not recorded",
        "Allergies: not recorded", "Prescriber: not recorded",
    ):  # fmt: skip
        assert said in bare
    long = qr_text(replace(FULL, name="Ж" * 90, allergies="latex, " * 25))
    assert len(long.encode()) <= QR_BYTES
    assert long.startswith("BACLOFEN PUMP - EMERGENCY\n" + "Ж" * 60 + ", born")
    assert "Allergies" not in long
    assert long.endswith("\nMore on the card.")


def test_the_code_is_filled_to_its_last_byte() -> None:
    more = "More on the card."
    free = QR_BYTES - len("\n".join([*qr_text(FULL).split("\n")[:-1], more]))
    full = qr_text(replace(FULL, prescriber="P. Hartmann" + "n" * free))
    over = qr_text(replace(FULL, prescriber="P. Hartmann" + "n" * (free + 1)))
    assert "Prescriber: P. Hartmann" in full
    assert more not in full
    assert "Prescriber" not in over
    assert over.endswith("\nAllergies: penicillin: rash\n" + more)
