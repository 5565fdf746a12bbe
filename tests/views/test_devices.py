"""The page of pumps and catheters: what it shows, adding a model by the form, retiring one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from pathway.clinical.site_pump import NUMBERS
from pathway.engine.devices import NewModel, add_pump_model
from pathway.models import SitePumpModel
from pathway.protocol.roles import Stage
from tests.cast import MONDAY, Cast, make_cast
from tests.engine.traces import nothing_written
from tests.pumps import MANUAL, VALUES, typed
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, fresh_case, todo_url, words

pytestmark = pytest.mark.django_db
URL = "/devices/"
NOW = MONDAY + timedelta(hours=6)


@pytest.fixture
def cast() -> Iterator[Cast]:
    with at(NOW):
        yield make_cast()


def posted(cast: Cast, **values: str) -> dict[str, str]:
    """What a browser sends for the sample model, with changes by number."""
    data = {"clinic": str(cast.clinic.id), "name": "Sample 20", "maker": "Sample"}
    for index, name in enumerate(NUMBERS):
        text = (VALUES | values).get(name, "")
        sure = "M" if text else ""
        data |= {f"numbers-{index}-value": text, f"numbers-{index}-tag": sure}
        data[f"numbers-{index}-document"] = MANUAL if text else ""
    return data


def added(cast: Cast) -> SitePumpModel:
    new = NewModel("Sample 20", "Sample", typed())
    return add_pump_model(clinic_id=cast.clinic.id, new=new, by=cast.nora, at=NOW)


def test_every_number_with_its_unit_and_source(cast: Cast) -> None:
    added(cast)
    html = Desk(cast.anna).get(URL)
    text = words(html)
    for said in (
        "SynchroMed II Medtronic",
        "Highest flow 24 mL/day",
        "Prometra intrathecal catheter",
        "Volume per length 0.0026 mL/cm",
        "Added by Riverside",
        "Added by nora, 2 Mar 2026",
        "Reservoir sizes 10, 18 mL",
        "M: SITE",
        MANUAL,
        "no source gives it: Minimum rate mode, Flow accuracy, plus or minus, Volume that cannot be delivered",
    ):
        assert said in text
    assert 'href="/help/sources/#SITE"' in html
    assert "Add a model" not in text


def test_the_form_adds_a_model(cast: Cast) -> None:
    desk = Desk(cast.phil)
    assert "Reservoir sizes, mL" in words(desk.get(URL))
    answer = desk.post(URL, posted(cast))
    assert (answer.status_code, answer.headers["Location"]) == (303, URL)
    row = SitePumpModel.objects.get()
    assert (row.code, row.added_by) == ("sample-20", cast.phil)
    assert row.numbers == typed()
    assert "Sample 20 can be chosen from now on." in words(desk.get(URL))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "max_flow_ml_per_day",
            "1 mL/h",
            "Highest flow, mL/day, Number: This field is in mL/day. 1 mL/h is 24 mL/day: enter 24 if that is meant.",
        ),
        (
            "alarm_ml",
            "",
            "Low-reservoir alarm volume, mL, Number: A pump cannot be used without this number.",
        ),
        ("life_months", "7", "Battery life, months (optional), Number: Enter 24 to 240 months"),
        (
            "min_flow_ml_per_day",
            "5",
            "Lowest flow that delivers drug, mL/day, Number: Sample 20: the minimum flow is not negative and lies "
            "below the maximum.",
        ),
    ],
)
def test_a_wrong_number_is_told_at_its_cell_and_kept(cast: Cast, name: str, text: str, sentence: str) -> None:
    changes = {name: text, "max_flow_ml_per_day": "4"} if name == "min_flow_ml_per_day" else {name: text}
    with nothing_written():
        answer = Desk(cast.cora).post(URL, posted(cast, **changes))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in words(html)
    index = list(NUMBERS).index(name)
    assert f'id="id_numbers-{index}-value-error"' in html
    assert f'value="{MANUAL}"' in html


def test_a_number_without_its_document_is_told(cast: Cast) -> None:
    data = posted(cast) | {"numbers-3-document": "", "numbers-4-tag": ""}
    text = words(Desk(cast.nora).post(URL, data).content.decode())
    assert "Low-reservoir alarm volume, mL, Document: Name the document: manual, edition and page." in text
    assert "Drug stability in the pump, days, How sure: Say how sure this number is." in text


def test_a_taken_name_is_told_at_the_field(cast: Cast) -> None:
    data = posted(cast) | {"name": "SynchroMed II"}
    answer = Desk(cast.nora).post(URL, data)
    assert answer.status_code == 422
    assert "SynchroMed II comes with Pathway; give yours another name." in words(answer.content.decode())


def test_another_clinics_name_is_no_choice(cast: Cast) -> None:
    data = posted(cast) | {"clinic": str(cast.other_clinic.id)}
    with nothing_written():
        assert Desk(cast.nora).post(URL, data).status_code == 422


def test_who_may_not_is_told_who_may(cast: Cast) -> None:
    with nothing_written():
        answer = Desk(cast.anna).post(URL, posted(cast))
    assert answer.status_code == 403
    assert "A neurosurgeon, physiatrist or coordinator of your clinic adds a pump model." in words(
        answer.content.decode()
    )


def test_retiring_a_model(cast: Cast) -> None:
    row, desk = added(cast), Desk(cast.cora)
    assert f"/devices/{row.id}/retire/" in desk.get(URL)
    assert desk.post(f"/devices/{row.id}/retire/").status_code == 303
    html = desk.get(URL)
    assert "Sample 20 can no longer be chosen." in words(html)
    assert "retired by cora, 2 Mar 2026" in words(html)
    assert f"/devices/{row.id}/retire/" not in html


def test_who_may_not_retire_is_told(cast: Cast) -> None:
    row = added(cast)
    with nothing_written():
        answer = Desk(cast.anna).post(f"/devices/{row.id}/retire/")
    assert answer.status_code == 403
    assert "may add or retire a pump model" in words(answer.content.decode())
    with nothing_written():
        assert Desk(cast.omar).post(f"/devices/{row.id}/retire/").status_code == 404


def test_it_asks_little(cast: Cast) -> None:
    added(cast)
    assert Desk(cast.cora).queries(URL) <= MAX_QUERIES


# --- where a model is chosen and read ---


def test_a_form_offers_the_clinics_own_model_and_its_sizes(cast: Cast) -> None:
    added(cast)
    walk = fresh_case(cast)
    walk.do_all(until=Stage.IMPLANT)
    walk.do("theatre_booking")
    with at(walk.at):
        html = Desk(cast.nora).get(todo_url(walk.todo("surgical_plan")))
    for option in ("synchromed-ii", "sample-20", "10", "18", "20", "40"):
        assert f'<option value="{option}"' in html


def test_the_case_the_record_and_the_refills_name_the_model(cast: Cast) -> None:
    added(cast)
    walk = fresh_case(cast)
    sample = {"pump_model": "sample-20", "reservoir_ml": 18}
    walk.values = lambda todo, values: {**values, **(sample if "pump_model" in values else {})}
    walk.do_all(until=Stage.TITRATION)
    with at(walk.at):
        desk = Desk(cast.cora)
        assert "Model Sample 20" in words(desk.get(case_url(walk.case_id)))
        assert "Pump Sample 20" in words(desk.get(todo_url(walk.todo("operation"))))
        assert "Sample 20 18 of 18 mL" in words(desk.get("/refills/"))
        assert "in 1 patient" in words(desk.get(URL))
        answer = desk.post(f"/devices/{SitePumpModel.objects.get().id}/retire/")
        assert answer.status_code == 409
        assert "1 pump in place rests on these numbers." in words(answer.content.decode())
