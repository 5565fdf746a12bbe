"""Adding and retiring a clinic's pump models: who may, what is refused, and that nothing is edited."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from pathway.engine.devices import NewModel, WrongNumbers, add_pump_model, retire_pump_model
from pathway.engine.errors import Invalid, NotAllowed, NotFound
from pathway.models import Clinician, SitePumpModel
from pathway.queries.devices import pump_choices, pump_models_of, site_models
from tests.cast import MONDAY, Cast
from tests.engine.traces import nothing_written
from tests.pumps import typed

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
    assert pump_choices(cast.clinic.id)[-1] == ("sample-20", "Sample 20")
    assert ("sample-20", "Sample 20") not in pump_choices(cast.other_clinic.id)


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
    assert pump_models_of(cast.clinic.id)["sample-20"].stability_days.value == 90
    assert ("sample-20", "Sample 20") not in pump_choices(cast.clinic.id)
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
