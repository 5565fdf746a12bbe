"""Adding and retiring a clinic's pump models: who may, what is refused, and that nothing is edited."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from pathway.engine.devices import NewModel, WrongNumbers, add_pump_model, retire_pump_model
from pathway.engine.errors import Invalid, NotAllowed, NotFound, Refused
from pathway.engine.reopening import reopen
from pathway.models import Clinician, Operation, Pump, SitePumpModel
from pathway.protocol.roles import Stage
from pathway.protocol.rules import add_months
from pathway.queries.devices import pump_model_of, pump_models_of, site_models
from tests.cast import MONDAY, Cast
from tests.engine.traces import nothing_written
from tests.pumps import typed
from tests.views.desk import fresh_case
from tests.walk import Walk

LATER = MONDAY + timedelta(days=1)


def add(cast: Cast, by: Clinician | None = None, name: str = "Sample 20", **values: str) -> SitePumpModel:
    new = NewModel(name, "Sample", typed(**values))
    return add_pump_model(clinic_id=cast.clinic.id, new=new, by=by or cast.nora, at=MONDAY)


def test_a_model_is_added_and_found(cast: Cast) -> None:
    row = add(cast, name="  Sample   20 ")
    assert (row.code, row.name, row.added_by, row.added_at) == ("sample-20", "Sample 20", cast.nora, MONDAY)
    models = pump_models_of(cast.clinic.id)
    assert models["sample-20"].stability_days.value == 90
    assert {"synchromed-ii", "prometra-ii"} < set(models)
    assert "sample-20" not in pump_models_of(cast.other_clinic.id)
    assert list(models)[-1] == "sample-20"


def test_sent_twice_it_is_added_once(cast: Cast) -> None:
    first = add(cast)
    with nothing_written():
        assert add(cast).id == first.id


@pytest.mark.parametrize(("name", "may"), [("nora", True), ("phil", True), ("cora", True), ("anna", False)])
def test_who_may_add_and_retire(cast: Cast, name: str, may: bool) -> None:
    person = getattr(cast, name)
    if may:
        assert retire_pump_model(model_id=add(cast, person).id, by=person, at=LATER).retired_by == person
        return
    row = add(cast)
    sentence = "Only a coordinator or neurosurgeon or physiatrist may add or retire a pump model."
    with nothing_written(), pytest.raises(NotAllowed, match=sentence):
        add(cast, person, name="Other")
    with nothing_written(), pytest.raises(NotAllowed, match=sentence):
        retire_pump_model(model_id=row.id, by=person, at=LATER)


def test_another_clinic_learns_nothing(cast: Cast) -> None:
    row = add(cast)
    for model_id in (row.id, UUID(int=7)):
        with nothing_written(), pytest.raises(NotFound):
            retire_pump_model(model_id=model_id, by=cast.omar, at=LATER)
    with nothing_written(), pytest.raises(NotFound):
        add(cast, cast.omar, name="Other")


def test_a_change_retires_and_adds(cast: Cast) -> None:
    old = add(cast)
    with nothing_written(), pytest.raises(Invalid) as error:
        add(cast, stability_days="180")
    assert error.value.errors == {
        "name": ["Your clinic has a model of this name. Retire it first, or name this one apart."]
    }
    retire_pump_model(model_id=old.id, by=cast.cora, at=LATER)
    assert "sample-20" not in pump_models_of(cast.clinic.id)
    assert pump_model_of(cast.clinic.id, "sample-20").stability_days.value == 90
    new = add(cast, stability_days="180")
    assert new.id != old.id
    assert pump_models_of(cast.clinic.id)["sample-20"].stability_days.value == 180
    shown = site_models(cast.clinic.id)
    assert {(model.row.id, model.added_by, model.retired_by) for model in shown} == {
        (new.id, "nora", ""),
        (old.id, "nora", "cora"),
    }


def test_retired_twice_is_retired_once(cast: Cast) -> None:
    row = add(cast)
    retire_pump_model(model_id=row.id, by=cast.nora, at=LATER)
    with nothing_written():
        retire_pump_model(model_id=row.id, by=cast.cora, at=LATER + timedelta(days=1))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("SynchroMed II", "SynchroMed II comes with Pathway; give yours another name."),
        ("\u2013", "Write the name with at least two letters or digits."),
        ("X" * 61, "Ensure this value has at most 60 characters (it has 61)."),
    ],
)
def test_a_name_that_cannot_be_is_told(cast: Cast, name: str, sentence: str) -> None:
    with nothing_written(), pytest.raises(Invalid) as error:
        add(cast, name=name)
    assert sentence in error.value.errors["name"]


def test_a_wrong_number_is_told_at_its_place(cast: Cast) -> None:
    with nothing_written(), pytest.raises(WrongNumbers) as error:
        add(cast, max_flow_ml_per_day="1 mL/h")
    text = "This field is in mL/day. 1 mL/h is 24 mL/day: enter 24 if that is meant."
    assert error.value.problems == {("max_flow_ml_per_day", "value"): text}
    assert error.value.errors == {"numbers": [f"max_flow_ml_per_day: {text}"]}


# --- a pump of that model in a patient ---


def implanted(cast: Cast) -> Walk:
    """A case with the clinic's own pump in place and running."""
    add(cast)
    walk = fresh_case(cast)
    sample = {"pump_model": "sample-20", "reservoir_ml": 18}
    walk.values = lambda todo, values: {**values, **(sample if "pump_model" in values else {})}
    walk.do_all(until=Stage.TITRATION)
    return walk


def test_a_pump_of_the_clinics_own_model_gets_its_dates_from_its_manual(cast: Cast) -> None:
    walk = implanted(cast)
    pump = Pump.objects.get()
    assert (pump.model, pump.reservoir_ml, pump.alarm_ml) == ("sample-20", 18, Decimal("1.5"))
    assert pump.filled_on is not None
    assert pump.stability_on == pump.filled_on + timedelta(days=90)
    assert pump.end_of_service_on == add_months(pump.implanted_on, 72)
    assert walk.todo("refill").due_on <= pump.refill_by <= min(pump.alarm_on, pump.stability_on)


def test_a_model_in_a_patient_is_not_retired(cast: Cast) -> None:
    implanted(cast)
    row = SitePumpModel.objects.get()
    with nothing_written(), pytest.raises(Refused, match=r"^1 pump in place rests on these numbers\."):
        retire_pump_model(model_id=row.id, by=cast.nora, at=LATER)
    assert [model.in_use for model in site_models(cast.clinic.id)] == [1]


def test_a_refill_and_a_correction_go_on_with_a_model_that_was_retired_meanwhile(cast: Cast) -> None:
    walk = implanted(cast)
    SitePumpModel.objects.update(retired_at=walk.at, retired_by=cast.cora)
    walk.wait(7)
    walk.do("refill", filled_ml=Decimal(17))
    reopen(todo_id=walk.todo("operation").id, by=cast.nora, at=walk.at, reason="Serial number misread")
    days = Operation.objects.values("operated_on", "filled_at", "filled_on").get()
    walk.do("operation", pump_serial="SYN-004799", **days)
    assert Pump.objects.get().model == "sample-20"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        (
            {"pump_model": "unheard-of"},
            "pump_model",
            "The pump model 'unheard-of' is not known. A site can add a model with its manual's numbers.",
        ),
        (
            {"pump_model": "sample-20"},
            "reservoir_ml",
            "Sample 20 comes with 10 or 18 mL [M:SITE], not 20 mL.",
        ),
    ],
)
def test_an_operation_names_a_pump_that_the_clinic_knows(
    cast: Cast, changes: dict[str, str], field: str, sentence: str
) -> None:
    add(cast)
    walk = fresh_case(cast)
    walk.do_all(until=Stage.IMPLANT)
    walk.do("theatre_booking")
    with nothing_written(), pytest.raises(Invalid) as error:
        walk.do("surgical_plan", **changes)
    assert error.value.errors == {field: [sentence]}


def test_another_clinics_model_is_not_known(cast: Cast) -> None:
    new = NewModel("Sample 20", "Sample", typed())
    add_pump_model(clinic_id=cast.other_clinic.id, new=new, by=cast.omar, at=MONDAY)
    walk = fresh_case(cast)
    walk.do_all(until=Stage.IMPLANT)
    walk.do("theatre_booking")
    with nothing_written(), pytest.raises(Invalid, match="'sample-20' is not known"):
        walk.do("surgical_plan", pump_model="sample-20", reservoir_ml=18)


def test_a_retired_model_in_a_patient_is_not_replaced_under_its_name(cast: Cast) -> None:
    """Its dates rest on the numbers that it was implanted with, until somebody corrects the operation."""
    walk = implanted(cast)
    SitePumpModel.objects.update(retired_at=walk.at, retired_by=cast.nora)  # as a race would leave it
    with nothing_written(), pytest.raises(Invalid, match="retired model of this name"):
        add(cast, stability_days="30")
    assert pump_model_of(cast.clinic.id, "sample-20").stability_days.value == 90


def test_a_name_does_not_look_like_a_source(cast: Cast) -> None:
    with nothing_written(), pytest.raises(Invalid, match="square brackets"):
        add(cast, name="Sample [V:S1]")
