"""A site's pump model is read from what is typed; each wrong number is refused at its place (issue 3, bad input)."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from pathway.clinical.device import PUMP_MODELS, PumpModel, PumpNumberError, pump_model
from pathway.clinical.site_pump import NUMBERS, WrongNumbersError, site_model
from pathway.clinical.sources import Sourced, Tag
from tests.clinical.builders import loaded_anew
from tests.pumps import MANUAL, typed


def wrong(**values: str) -> dict[tuple[str, str], str]:
    with pytest.raises(WrongNumbersError) as error:
        site_model("sample-20", "Sample 20", "Sample", typed(**values))
    return error.value.problems


def test_every_number_of_a_pump_can_be_typed() -> None:
    numbers = [field.name for field in fields(PumpModel) if field.name not in ("code", "name", "maker")]
    assert sorted(numbers) == sorted(NUMBERS)
    optional = {field.name for field in fields(PumpModel) if field.default is None}
    assert {name for name, spec in NUMBERS.items() if not spec.required} == optional


BELIEVED = """
reservoir_sizes_ml              sizes    mL      5     60     required
min_flow_ml_per_day             amount   mL/day  0     5      required
max_flow_ml_per_day             amount   mL/day  0.1   100    required
alarm_ml                        amount   mL      0.5   10     required
stability_days                  whole    days    7     365    required
empty_before_mri                yes_no   -       0     0      required
mri_rule                        text     -       0     300    required
minimum_rate_ml_per_day         amount   mL/day  0     5      optional
accuracy_pct                    amount   %       0.1   50     optional
unusable_ml                     amount   mL      0     10     optional
internal_path_ml                amount   mL      0     5      optional
life_months                     whole    months  24    240    optional
eri_to_stop_days                whole    days    1     365    optional
age_min_years                   whole    years   1     80     optional
concentration_range_mcg_per_ml  range    mcg/mL  50    10000  optional
"""


def test_how_each_number_is_typed_and_between_which_limits_it_is_believed() -> None:
    specs = loaded_anew("pathway.clinical.site_pump").NUMBERS
    told = [
        [
            name,
            spec.kind.value,
            spec.unit or "-",
            str(spec.low),
            str(spec.high),
            {True: "required", False: "optional"}[spec.required],
        ]
        for name, spec in specs.items()
    ]
    assert told == [line.split() for line in BELIEVED.split("\n") if line]


def test_units_are_those_of_the_models_that_come_with_pathway() -> None:
    for model in PUMP_MODELS.values():
        for name, number in model.constants():
            assert number.unit == NUMBERS[name].unit


def test_what_is_typed_becomes_the_model() -> None:
    model = site_model("sample-20", "Sample 20", "Sample", typed())
    assert (model.code, model.name, model.maker) == ("sample-20", "Sample 20", "Sample")
    assert model.reservoir_sizes_ml == Sourced(
        (Decimal(10), Decimal(18)), "mL", Tag.MEMORY, ("SITE",), note=MANUAL
    )
    assert model.max_flow_ml_per_day.value == Decimal(21)
    assert model.stability_days.value == 90
    assert model.empty_before_mri.value is True
    assert model.mri_rule.value == "1.5 T only."
    assert model.life_months is not None
    assert model.life_months.value == 72
    assert model.concentration_range_mcg_per_ml is not None
    assert model.concentration_range_mcg_per_ml.value == (Decimal(500), Decimal(2000))
    assert model.unusable_ml is None
    assert pump_model("sample-20", {"sample-20": model}) is model


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "max_flow_ml_per_day",
            "1 mL/h",
            "This field is in mL/day. 1 mL/h is 24 mL/day: enter 24 if that is meant.",
        ),
        ("max_flow_ml_per_day", "240", "Enter 0.1 to 100 mL/day [P]; check the unit."),
        ("max_flow_ml_per_day", "fast", "Enter a number in mL/day such as 100 or 0.5, without a sign."),
        ("alarm_ml", "2,0", "A comma can mean thousands or decimals: write 1000 or 0.5."),
        ("alarm_ml", "2 days", "This field is in mL; days measures time."),
        ("stability_days", "6 months", "'months' is not a unit known here; this field is in days."),
        ("stability_days", "6", "Enter 7 to 365 days [P]; check the unit."),
        ("stability_days", "90.5", "Enter a whole number of days."),
        ("life_months", "7", "Enter 24 to 240 months [P]; check the unit."),
        ("life_months", "7 years", "Enter a number in months, without another unit."),
        ("accuracy_pct", "0.05", "Enter 0.1 to 50 % [P]; check the unit."),
        ("accuracy_pct", "-5", "Enter a number in %, without another unit."),
        ("reservoir_sizes_ml", "20 L", "Enter a number in mL such as 100 or 0.5, without a sign."),
        ("reservoir_sizes_ml", "20, 400", "Enter 5 to 60 mL [P]; check the unit."),
        ("reservoir_sizes_ml", "19.5", "Enter a whole number of mL."),
        ("concentration_range_mcg_per_ml", "0.5 to 2 mg/mL", "Enter 50 to 10000 mcg/mL [P]; check the unit."),
        (
            "concentration_range_mcg_per_ml",
            "2000",
            "Write the lowest and the highest, for example 500 to 2000, in mcg/mL.",
        ),
        ("concentration_range_mcg_per_ml", "2000-500", "Write the lower number first."),
        ("empty_before_mri", "maybe", "Answer yes or no."),
        ("mri_rule", "x" * 301, "Write at most 300 characters."),
        ("min_flow_ml_per_day", "", "A pump cannot be used without this number."),
    ],
)
def test_a_wrong_number_is_told_at_its_cell(name: str, text: str, sentence: str) -> None:
    assert wrong(**{name: text}) == {(name, "value"): sentence}


@pytest.mark.parametrize(
    ("values", "name", "sentence"),
    [
        (
            {"min_flow_ml_per_day": "4", "max_flow_ml_per_day": "3"},
            "min_flow_ml_per_day",
            "Sample 20: the minimum flow is not negative and lies below the maximum.",
        ),
        (
            {"reservoir_sizes_ml": "5", "alarm_ml": "5"},
            "alarm_ml",
            "Sample 20: the alarm volume lies between empty and the smallest reservoir.",
        ),
    ],
)
def test_what_the_pump_model_refuses_is_told_at_its_number(
    values: dict[str, str], name: str, sentence: str
) -> None:
    assert wrong(**values) == {(name, "value"): sentence}


def test_all_wrong_numbers_are_told_at_once() -> None:
    numbers = typed(alarm_ml="11", life_months="7")
    with pytest.raises(WrongNumbersError) as error:
        site_model("sample-20", "Sample 20", "Sample", numbers)
    assert set(error.value.problems) == {("alarm_ml", "value"), ("life_months", "value")}
    assert str(error.value) == (
        "alarm_ml: Enter 0.5 to 10 mL [P]; check the unit.; "
        "life_months: Enter 24 to 240 months [P]; check the unit."
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("max_flow_ml_per_day", "100", Decimal(100)),
        ("min_flow_ml_per_day", "0", Decimal(0)),
        ("alarm_ml", "0.5", Decimal("0.5")),
        ("stability_days", "7", 7),
        ("stability_days", "365 days", 365),
        ("life_months", "240 months", 240),
        ("accuracy_pct", "14.5 %", Decimal("14.5")),
        ("concentration_range_mcg_per_ml", "500 to 500", (Decimal(500), Decimal(500))),
        ("empty_before_mri", "yes", True),
        ("empty_before_mri", "No", False),
        ("mri_rule", "x" * 300, "x" * 300),
    ],
)
def test_the_limits_themselves_are_believed(name: str, text: str, value: object) -> None:
    number = getattr(site_model("sample", "Sample", "", typed(**{name: text})), name)
    assert number.value == value
    assert type(number.value) is type(value)


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        ("tag", "Say how sure this number is."),
        ("document", "Name the document: manual, edition and page."),
    ],
)
def test_a_cell_that_is_not_there_counts_as_empty(left_out: str, sentence: str) -> None:
    numbers = typed()
    del numbers["alarm_ml"][left_out]
    with pytest.raises(WrongNumbersError) as error:
        site_model("sample", "Sample", "", numbers)
    assert error.value.problems == {("alarm_ml", left_out): sentence}


@pytest.mark.parametrize("text", ["20 mL", "20 40", "20,40", "20, 40 mL"])
def test_sizes_as_people_write_them(text: str) -> None:
    model = site_model("sample", "Sample", "", typed(reservoir_sizes_ml=text))
    assert model.reservoir_sizes_ml.value in ((Decimal(20),), (Decimal(20), Decimal(40)))


@pytest.mark.parametrize("text", ["500 to 2000", "500-2000", "500 – 2000 mcg/mL", "500to2000"])
def test_a_range_as_people_write_it(text: str) -> None:
    model = site_model("sample", "Sample", "", typed(concentration_range_mcg_per_ml=text))
    assert model.concentration_range_mcg_per_ml is not None
    assert model.concentration_range_mcg_per_ml.value == (Decimal(500), Decimal(2000))


@pytest.mark.parametrize(
    ("tag", "document", "cell", "sentence"),
    [
        ("", MANUAL, "tag", "Say how sure this number is."),
        ("X", MANUAL, "tag", "Say how sure this number is."),
        ("V", "", "document", "Name the document: manual, edition and page."),
        ("M", " ", "document", "Name the document: manual, edition and page."),
    ],
)
def test_a_number_says_how_sure_it_is_and_where_it_stands(
    tag: str, document: str, cell: str, sentence: str
) -> None:
    numbers = typed()
    numbers["alarm_ml"] |= {"tag": tag, "document": document}
    with pytest.raises(WrongNumbersError) as error:
        site_model("sample", "Sample", "", numbers)
    assert error.value.problems == {("alarm_ml", cell): sentence}


@pytest.mark.parametrize("tag", ["U", "P"])
def test_unverified_and_local_numbers_need_no_document(tag: str) -> None:
    numbers = typed()
    numbers["alarm_ml"] |= {"tag": tag, "document": ""}
    assert site_model("sample", "Sample", "", numbers).alarm_ml == Sourced(Decimal("1.5"), "mL", Tag(tag))


def test_verified_in_a_stated_document() -> None:
    numbers = typed()
    numbers["alarm_ml"]["tag"] = "V"
    assert site_model("sample", "Sample", "", numbers).alarm_ml.citation == (
        "The document that the clinic states beside the number, usually its pump's manual "
        "(verified in a copy of the source)"
    )


def test_an_unknown_number_is_refused() -> None:
    with pytest.raises(WrongNumbersError, match=r"^colour: This is no number of a pump\.$"):
        site_model("sample", "Sample", "", typed() | {"colour": {"value": "blue"}})


def test_a_pump_names_the_number_that_cannot_be() -> None:
    fine = PUMP_MODELS["synchromed-ii"]
    with pytest.raises(PumpNumberError) as error:
        replace(fine, stability_days=Sourced(0, "days", Tag.POLICY))
    assert error.value.field == "stability_days"
    with pytest.raises(PumpNumberError) as error:
        replace(fine, reservoir_sizes_ml=Sourced((), "mL", Tag.POLICY))
    assert error.value.field == "reservoir_sizes_ml"
