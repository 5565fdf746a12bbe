"""Triage: levels, candidates with reasons, missing data and first duties (clinical.md section 8)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway.clinical.conditions import (
    Condition,
    Lead,
    TriageLevel,
)
from pathway.clinical.results import CannotCompute
from pathway.clinical.signs import Alarm, Signs, Wound
from pathway.clinical.triage import FirstDuty, Triage, triage
from tests.clinical.builders import d, refusal
from tests.clinical.calm import candidates, judge

RED, ORANGE, YELLOW, GREEN = TriageLevel


def test_nothing_recorded_is_no_answer() -> None:
    assert triage(Signs()) == refusal(
        "signs", "Nothing is recorded yet. In doubt call the emergency number first."
    )


def test_calm_and_complete_is_green() -> None:
    assert judge() == Triage(GREEN, ("No danger sign was found.",), (), (), (), None)


@pytest.mark.parametrize(
    "field", ["temp_c", "breaths_per_min", "gcs", "altered_mind", "seizure", "rigidity", "alarm"]
)
def test_an_unasked_danger_sign_is_never_green(field: str) -> None:
    result = judge(**{field: None})
    assert result.level is YELLOW
    assert result.reasons == ("Not every danger sign was asked.",)
    assert [reason.field for reason in result.missing] == [field]
    assert result.contact_minutes == 72 * 60


def test_an_unasked_other_sign_is_listed_only() -> None:
    result = judge(itch=None, spo2_pct=None)
    assert result.level is GREEN
    assert [(reason.field, reason.text) for reason in result.missing] == [
        ("spo2_pct", "Not recorded: oxygen saturation."),
        ("itch", "Not recorded: itch."),
    ]


@pytest.mark.parametrize(
    ("signs", "reason"),
    [
        (
            {"temp_c": d("38.0"), "altered_mind": True, "rigidity": True},
            "Fever, altered mind and rigidity together.",
        ),
        ({"temp_c": d(39), "gcs": 14, "rigidity": True}, "Fever, altered mind and rigidity together."),
        ({"gcs": 8}, "Coma."),
        ({"breaths_per_min": 9}, "Slow breathing."),
        ({"seizure": True}, "Seizure."),
        ({"alarm": Alarm.TWO_TONE}, "Critical (two-tone) alarm."),
    ],
)
def test_red_flags_regardless_of_the_rest(signs: dict[str, object], reason: str) -> None:
    result = judge(**signs)
    assert result.level is RED
    assert result.reasons == (reason,)
    assert result.contact_minutes == 15
    assert judge(Signs(), **signs).level is RED


@pytest.mark.parametrize(
    "signs",
    [
        {"temp_c": d("37.9"), "altered_mind": True, "rigidity": True},
        {"temp_c": d(39), "rigidity": True},
        {"temp_c": d(39), "altered_mind": True},
        {"gcs": 9},
        {"breaths_per_min": 10},
    ],
)
def test_near_a_red_flag(signs: dict[str, object]) -> None:
    assert not {"Coma.", "Slow breathing.", "Fever, altered mind and rigidity together."} & set(
        judge(**signs).reasons
    )


W, O_ = "withdrawal", "overdose"
TABLE_8: list[tuple[dict[str, object], dict[str, tuple[TriageLevel, tuple[str, ...]]]]] = [
    ({"itch": True}, {W: (ORANGE, ("itch",))}),
    ({"paraesthesia": True}, {W: (ORANGE, ("paraesthesia",))}),
    ({"rigidity": True}, {W: (ORANGE, ("rigidity",))}),
    ({"seizure": True}, {W: (ORANGE, ("seizure",))}),
    ({"gcs": 14}, {W: (ORANGE, ("altered mind",))}),
    ({"itch": True, "paraesthesia": True}, {W: (RED, ("itch", "paraesthesia"))}),
    ({"itch": True, "withdrawal_high_risk": True}, {W: (RED, ("itch",))}),
    (
        {"itch": True, "end_of_service_passed": True},
        {
            W: (RED, ("itch", "end of service passed")),
            "end_of_service": (RED, ("end of service passed",)),
        },
    ),
    (
        {"tone_back": True},
        {
            W: (ORANGE, ("tone or spasms back",)),
            "catheter": (ORANGE, ("tone or spasms back",)),
        },
    ),
    (
        {"tone_back": True, "rise_without_effect": True},
        {
            W: (RED, ("tone or spasms back", "dose raised without effect")),
            "catheter": (RED, ("dose raised without effect", "tone or spasms back")),
        },
    ),
    (
        {"itch": True, "residual_alert": True},
        {
            W: (RED, ("itch", "residual volume off")),
            "catheter": (RED, ("residual volume off",)),
        },
    ),
    ({"itch": True, "trauma": True}, {W: (RED, ("itch", "trauma")), "catheter": (RED, ("trauma",))}),
    ({"trauma": True}, {"catheter": (ORANGE, ("trauma",))}),
    ({"rise_without_effect": True}, {"catheter": (ORANGE, ("dose raised without effect",))}),
    (
        {"itch": True, "mri_since_interrogation": True},
        {
            W: (RED, ("itch", "MRI not followed by interrogation")),
            "motor_stall": (RED, ("MRI not followed by interrogation",)),
        },
    ),
    ({"alarm": Alarm.TWO_TONE}, {"motor_stall": (RED, ("critical alarm",))}),
    (
        {"itch": True, "alarm": Alarm.TWO_TONE},
        {
            W: (RED, ("itch", "critical alarm")),
            "motor_stall": (RED, ("critical alarm",)),
        },
    ),
    (
        {"itch": True, "alarm_date_passed": True},
        {
            W: (RED, ("itch", "alarm date passed")),
            "low_reservoir": (ORANGE, ("alarm date passed",)),
        },
    ),
    (
        {"itch": True, "days_to_dry": d(1)},
        {
            W: (RED, ("itch", "reservoir dry or nearly dry")),
            "low_reservoir": (RED, ("dry, or three days or less from it",)),
        },
    ),
    ({"drowsy": True}, {O_: (RED, ("drowsy",))}),
    ({"low_tone": True}, {O_: (RED, ("low tone",))}),
    ({"breaths_per_min": 8}, {O_: (RED, ("slow breathing",))}),
    ({"gcs": 5}, {W: (ORANGE, ("altered mind",)), O_: (RED, ("coma",))}),
    ({"gcs": 12}, {O_: (RED, ("drowsy",)), W: (ORANGE, ("altered mind",))}),
    ({"gcs": 13}, {W: (ORANGE, ("altered mind",))}),
    ({"weakness": True}, {O_: (ORANGE, ("weakness",))}),
    ({"temp_c": d(39)}, {W: (ORANGE, ("fever",)), "infection": (ORANGE, ("fever",))}),
    ({"wound": Wound.RED}, {"infection": (ORANGE, ("wound red or firm",))}),
    (
        {"wound": Wound.RED, "temp_c": d(39)},
        {
            W: (ORANGE, ("fever",)),
            "infection": (RED, ("wound red or firm", "fever")),
        },
    ),
    ({"wound": Wound.OPEN_OR_PUS}, {"infection": (RED, ("wound open or with pus",))}),
    ({"neck_stiff": True}, {"infection": (RED, ("stiff neck",))}),
    ({"wound": Wound.CLEAR_FLUID}, {"csf_leak": (ORANGE, ("clear fluid",))}),
    ({"headache_upright": True}, {"csf_leak": (ORANGE, ("headache when upright",))}),
    (
        {"headache_upright": True, "temp_c": d(38)},
        {
            W: (ORANGE, ("fever",)),
            "infection": (ORANGE, ("fever",)),
            "csf_leak": (RED, ("headache when upright", "fever")),
        },
    ),
    ({"wound": Wound.SWOLLEN}, {"seroma": (YELLOW, ("pocket swollen",))}),
    (
        {"wound": Wound.SWOLLEN_FAST_OR_RED},
        {"seroma": (ORANGE, ("pocket swollen, fast, red or with fever",))},
    ),
    (
        {"wound": Wound.SWOLLEN, "temp_c": d(39)},
        {
            W: (ORANGE, ("fever",)),
            "infection": (ORANGE, ("fever",)),
            "seroma": (ORANGE, ("pocket swollen, fast, red or with fever",)),
        },
    ),
    ({"refill_volume_mismatch": True}, {"pocket_fill": (RED, ("volumes at the refill do not match",))}),
    ({"pain_at_refill": True}, {"pocket_fill": (RED, ("pain or swelling at the refill",))}),
    (
        {"drowsy": True, "hours_since_refill": d(12)},
        {
            O_: (RED, ("drowsy",)),
            "pocket_fill": (RED, ("sleepy after the refill",)),
        },
    ),
    (
        {"gcs": 3, "hours_since_refill": d(1)},
        {
            W: (ORANGE, ("altered mind",)),
            O_: (RED, ("coma",)),
            "pocket_fill": (RED, ("sleepy after the refill",)),
        },
    ),
    ({"drowsy": True, "hours_since_refill": d("12.1")}, {O_: (RED, ("drowsy",))}),
    ({"drowsy": True, "hours_since_refill": None}, {O_: (RED, ("drowsy",))}),
    ({"alarm": Alarm.SINGLE}, {"low_reservoir": (ORANGE, ("single tone",))}),
    ({"alarm_date_passed": True}, {"low_reservoir": (ORANGE, ("alarm date passed",))}),
    ({"days_to_dry": d(3)}, {"low_reservoir": (RED, ("dry, or three days or less from it",))}),
    ({"days_to_dry": d(-1)}, {"low_reservoir": (RED, ("dry, or three days or less from it",))}),
    ({"days_to_dry": d("3.1")}, {}),
    ({"replacement_alarm": True}, {"replacement_due": (ORANGE, ("replacement alarm",))}),
    ({"end_of_service_passed": True}, {"end_of_service": (RED, ("end of service passed",))}),
]


@pytest.mark.parametrize(
    ("signs", "expected"),
    TABLE_8,
    ids=[
        f"8-{'+'.join(row[1]) or 'nothing'}-" + "-".join(f"{key}_{value}" for key, value in row[0].items())
        for row in TABLE_8
    ],
)
def test_candidates_of_section_8(
    signs: dict[str, object], expected: dict[str, tuple[TriageLevel, tuple[str, ...]]]
) -> None:
    assert candidates(judge(**signs)) == expected


def test_the_most_urgent_candidate_leads_and_sets_the_level() -> None:
    result = judge(wound=Wound.SWOLLEN, drowsy=True, alarm=Alarm.SINGLE)
    assert [one.condition for one in result.candidates] == [
        Condition.OVERDOSE,
        Condition.LOW_RESERVOIR,
        Condition.SEROMA,
    ]
    assert result.level is RED
    assert result.reasons == ()
    assert judge(wound=Wound.SWOLLEN).level is YELLOW
    assert judge(wound=Wound.SWOLLEN).contact_minutes == 72 * 60
    assert judge(itch=True).contact_minutes == 4 * 60


def test_first_duty_of_each_role() -> None:
    assert judge(wound=Wound.SWOLLEN, alarm=Alarm.SINGLE).duties == (
        FirstDuty(Lead.PHYSIATRIST, Condition.LOW_RESERVOIR, "Compute the dry date.", 240),
        FirstDuty(Lead.COORDINATOR, Condition.LOW_RESERVOIR, "Book the refill now.", 240),
        FirstDuty(Lead.NEUROSURGEON, Condition.SEROMA, "Ultrasound; rule out CSF and infection.", 72 * 60),
    )


def test_a_red_flag_makes_every_duty_red_and_no_duty_is_doubled() -> None:
    result = judge(
        alarm=Alarm.TWO_TONE, end_of_service_passed=True, replacement_alarm=True, wound=Wound.SWOLLEN
    )
    assert {duty.minutes for duty in result.duties} == {15}
    assert [(duty.lead, duty.text) for duty in result.duties].count(
        (Lead.NEUROSURGEON, "Interrogate the pump.")
    ) == 1
    interrogate = next(duty for duty in result.duties if duty.text == "Interrogate the pump.")
    assert interrogate.condition is Condition.END_OF_SERVICE


def test_high_withdrawal_risk_halves_the_times() -> None:
    risky = judge(withdrawal_high_risk=True, alarm=Alarm.SINGLE)
    assert risky.contact_minutes == 120
    assert {duty.minutes for duty in risky.duties} == {120}
    assert judge(withdrawal_high_risk=True).contact_minutes is None
    assert judge(withdrawal_high_risk=False, alarm=Alarm.SINGLE).contact_minutes == 240
    assert judge(withdrawal_high_risk=True, drowsy=True).contact_minutes == 7


SOME_SIGNS = st.fixed_dictionaries(
    {},
    optional={
        "itch": st.booleans(),
        "tone_back": st.booleans(),
        "drowsy": st.booleans(),
        "seizure": st.booleans(),
        "trauma": st.booleans(),
        "neck_stiff": st.booleans(),
        "weakness": st.booleans(),
        "withdrawal_high_risk": st.booleans(),
        "wound": st.sampled_from(Wound),
        "alarm": st.sampled_from(Alarm),
        "temp_c": st.decimals(35, 41, places=1),
        "gcs": st.integers(3, 15),
        "breaths_per_min": st.integers(4, 40),
        "days_to_dry": st.integers(-3, 100).map(d),
    },
)


@settings(deadline=None)
@given(SOME_SIGNS, SOME_SIGNS)
def test_a_further_bad_sign_never_lowers_the_level(
    first: dict[str, object], second: dict[str, object]
) -> None:
    """Never downgrade: a sign that was not recorded and turns out bad can only raise the level."""
    before = triage(Signs(**first))  # type: ignore[arg-type]
    bad = {name: value for name, value in second.items() if value is True and name not in first}
    after = triage(Signs(**(first | bad)))  # type: ignore[arg-type]
    if isinstance(before, CannotCompute) or isinstance(after, CannotCompute):
        return
    assert after.level.urgency >= before.level.urgency


# --- fever that nobody measured, and what changed before ---


def test_a_reported_fever_is_a_fever_and_no_unasked_danger_sign() -> None:
    result = judge(temp_c=None, fever_reported=True, altered_mind=True, rigidity=True)
    assert result.reasons == ("Fever, altered mind and rigidity together.",)
    assert "temp_c" not in {reason.field for reason in result.missing}
    denied = judge(temp_c=None, fever_reported=False)
    assert (denied.level, denied.missing) == (GREEN, ())


def test_a_normal_reading_does_not_take_a_reported_fever_back() -> None:
    assert candidates(judge(fever_reported=True))["infection"] == (ORANGE, ("fever",))
    assert candidates(judge(fever_reported=False, temp_c=d(39)))["infection"] == (ORANGE, ("fever",))


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        ("surgery", "operation or procedure"),
        ("infusion_off", "the infusion is off"),
        ("recent_change", "program or drug strength changed lately"),
        ("trauma", "trauma"),
    ],
)
def test_what_may_have_interrupted_the_drug_makes_one_sign_of_withdrawal_red(sign: str, reason: str) -> None:
    assert candidates(judge(itch=True))["withdrawal"] == (ORANGE, ("itch",))
    assert candidates(judge(itch=True, **{sign: True}))["withdrawal"] == (RED, ("itch", reason))


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        ("recent_change", "program or drug strength changed lately"),
        ("new_drug", "new drug that may add to it"),
    ],
)
def test_what_may_explain_an_overdose_is_named_and_raises_nothing_alone(sign: str, reason: str) -> None:
    assert candidates(judge(drowsy=True, **{sign: True}))["overdose"] == (RED, ("drowsy", reason))
    assert candidates(judge(weakness=True, **{sign: True}))["overdose"] == (ORANGE, ("weakness", reason))
    assert judge(**{sign: True}).candidates == ()
