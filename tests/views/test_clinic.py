"""Clinic settings: what everybody reads, what a coordinator or the lead changes, and what is shown before it moves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from pathway.models import CalendarVersion, Clinic, ClinicEvent, ClosedDay, Membership, Pump, Todo
from pathway.protocol.roles import Role, Stage
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, case_url, fresh_case, words

pytestmark = pytest.mark.django_db
URL = "/clinic/"
NOW = MONDAY + timedelta(hours=6)
CLOSED = date(2026, 3, 9)


@pytest.fixture
def cast() -> Iterator[Cast]:
    with at(NOW):
        yield make_cast()


def typed(cast: Cast, *closed: tuple[str, str], **changes: str) -> dict[str, str]:
    """What a browser sends for the clinic as it stands, with these closed days and changes by input."""
    data = {"clinic": str(cast.clinic.id), "do": "preview"}
    data |= {"time_zone": "America/Chicago", "country": "US", "subdivision": ""}
    for day in range(7):
        data |= {
            f"hours-{day}-opens": "08:00" if day < 5 else "",
            f"hours-{day}-closes": "17:00" if day < 5 else "",
        }
    data["closed_days-rows"] = str(len(closed) + 1)
    for index, (on, reason) in enumerate([*closed, ("", "")]):
        data |= {f"closed_days-{index}-on": on, f"closed_days-{index}-reason": reason}
    return data | changes


def fields(html: str) -> dict[str, str]:
    """The hidden inputs of the preview, as a browser sends them back."""
    form = html[html.index('name="agreed"') - 400 : html.index("</form>", html.index('name="agreed"'))]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def previewed(desk: Desk, data: dict[str, str]) -> str:
    answer = desk.post(URL, data)
    assert answer.status_code == 200
    return answer.content.decode()


def test_everybody_reads_it_and_only_some_may_change_it(cast: Cast) -> None:
    ClosedDay.objects.create(clinic=cast.clinic, on=CLOSED, reason="Painting")
    Clinic.objects.filter(pk=cast.clinic.id).update(hospital_name="Riverside General", lead=cast.nora)
    text = words(Desk(cast.phil).get(URL))
    for said in (
        "Monday 08:00 to 17:00",
        "Sunday closed",
        "Time zone America/Chicago",
        "Public holidays of United States",
        "Mon 9 Mar 2026: Painting",
        "Hospital Riverside General",
        "Clinic lead: nora",
        "Thu 26 Nov 2026: Thanksgiving Day",
        "Fri 1 Jan 2027: New Year's Day",
    ):
        assert said in text
    assert "Show what moves" not in text
    assert "Show what moves" in words(Desk(cast.cora).get(URL))
    assert "Show what moves" in words(Desk(cast.nora).get(URL))
    assert 'href="/clinic/"' in Desk(cast.phil).get("/")


def test_the_page_keeps_its_budget(cast: Cast) -> None:
    assert Desk(cast.cora).queries(URL) <= MAX_QUERIES
    assert Desk(cast.phil).queries(URL) <= MAX_QUERIES


def test_the_form_shows_the_calendar_as_it_stands(cast: Cast) -> None:
    ClosedDay.objects.create(clinic=cast.clinic, on=CLOSED, reason="Painting")
    html = Desk(cast.cora).get(URL)
    assert '<option value="America/Chicago" selected>' in html
    assert '<option value="US" selected>' in html
    assert re.search(r'name="hours-0-opens" value="08:00"', html)
    assert not re.search(r'name="hours-6-opens" value', html)
    assert re.search(r'name="closed_days-0-on" value="2026-03-09"', html)
    assert re.search(r'name="closed_days-0-reason" value="Painting"', html)
    assert "Illinois (IL)" in html


def test_the_preview_shows_what_moves_and_saves_nothing(cast: Cast) -> None:
    walk = fresh_case(cast)
    with nothing_written():
        html = previewed(Desk(cast.cora), typed(cast, ("2026-03-09", "Painting")))
    text = words(html)
    count = len(walk.open())
    assert f"Dates move {count} on 1 case Earlier 0 Later {count}" in text
    assert "Person, Sample" in text
    assert f'href="{case_url(walk.case_id)}"' in html
    assert "Mon 16 Mar 2026 Tue 17 Mar 2026" in text
    assert "1 day later" in text
    assert "Move these dates and save" in text


def test_saving_moves_what_was_shown(cast: Cast) -> None:
    walk = fresh_case(cast)
    desk = Desk(cast.cora)
    sent = fields(previewed(desk, typed(cast, ("2026-03-09", "Painting"))))
    answer = desk.post(URL, {**sent, "do": "save"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{URL}?clinic={cast.clinic.id}")
    assert walk.todo("baseline_spasticity").due_on == date(2026, 3, 17)
    assert ClosedDay.objects.get(clinic=cast.clinic).reason == "Painting"
    assert f"The calendar is saved. {len(walk.open())} dates moved on 1 case." in words(desk.get(URL))
    assert "The clinic's calendar changed" in words(desk.get(case_url(walk.case_id)))

    again = desk.post(URL, {**sent, "do": "save"})
    assert again.status_code == 303
    assert "It had been saved before." in words(desk.get(URL))
    assert CalendarVersion.objects.count() == 2


def test_a_clear_sentence_where_nothing_moves(cast: Cast) -> None:
    desk = Desk(cast.cora)
    text = words(previewed(desk, typed(cast, ("2026-12-24", ""))))
    assert "Nothing moves" in text
    assert "No open to-do gets another date." in text
    assert "Move these dates" not in text
    sent = fields(previewed(desk, typed(cast, ("2026-12-24", ""))))
    desk.post(URL, {**sent, "do": "save"})
    assert "The calendar is saved. No date moved." in words(desk.get(URL))
    assert "This is the calendar as it stands" in words(previewed(desk, typed(cast, ("2026-12-24", ""))))


def test_back_keeps_everything_typed(cast: Cast) -> None:
    fresh_case(cast)
    desk = Desk(cast.cora)
    data = typed(cast, ("2026-03-09", "Painting"), **{"hours-5-opens": "09:00", "hours-5-closes": "12:00"})
    sent = fields(previewed(desk, data | {"time_zone": "Europe/Berlin"}))
    html = desk.post(URL, {**sent, "do": "edit"}).content.decode()
    assert '<option value="Europe/Berlin" selected>' in html
    assert re.search(r'name="hours-5-closes" value="12:00"', html)
    assert re.search(r'name="closed_days-0-reason" value="Painting"', html)
    assert "data-error-summary" not in html


def test_other_dates_than_those_shown_are_shown_anew(cast: Cast) -> None:
    fresh_case(cast)
    desk = Desk(cast.cora)
    sent = fields(previewed(desk, typed(cast, ("2026-03-09", ""))))
    referred(cast, NOW, mrn="R-1002")
    with nothing_written():
        answer = desk.post(URL, {**sent, "do": "save"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Other dates would move now than those you were shown." in words(html)
    assert "on 2 cases" in words(html)
    assert desk.post(URL, {**fields(html), "do": "save"}).status_code == 303
    assert Todo.objects.filter(calendar_version=1).count() == 0


def test_the_regions_of_another_country_without_losing_what_was_typed(cast: Cast) -> None:
    data = typed(cast, ("2026-03-09", "Painting"), do="country", country="DE")
    html = Desk(cast.cora).post(URL, data).content.decode()
    assert "Bayern (BY)" in html
    assert "Illinois (IL)" not in html
    assert '<option value="DE" selected>' in html
    assert re.search(r'name="closed_days-0-reason" value="Painting"', html)
    assert "data-error-summary" not in html


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({f"hours-{day}-{end}": "" for day in range(5) for end in ("opens", "closes")}, "works on some day"),
        ({"hours-2-closes": ""}, "Wednesday, Closes: Give both times, or none for a closed day."),
        ({"hours-2-opens": "18:00"}, "Wednesday: a clinic closes after it opens, on the same day."),
        ({"hours-2-opens": "25:00"}, "Wednesday, Opens: Enter a valid time."),
        ({"country": "XX"}, "Select a valid choice. XX is not one of the available choices."),
        ({"subdivision": "BY"}, "Select a valid choice. BY is not one of the available choices."),
        (
            {"time_zone": "Mars/Phobos"},
            "Select a valid choice. Mars/Phobos is not one of the available choices.",
        ),
        ({"closed_days-1-on": "2026-03-09", "closed_days-1-reason": "Twice"}, "2026-03-09 stands twice."),
        ({"closed_days-1-on": "2206-03-09"}, "2206-03-09 is too far away"),
        ({"closed_days-1-on": "soon"}, "Closed day 2, Date: Enter a valid date."),
        ({"closed_days-1-reason": "No date"}, "Closed day 2, Date: This field is required."),
    ],
)
@pytest.mark.parametrize("do", ["preview", "save"])
def test_what_cannot_be_is_refused_and_stays_typed(
    cast: Cast, changes: dict[str, str], sentence: str, do: str
) -> None:
    data = typed(cast, ("2026-03-09", "Painting")) | changes | {"do": do}
    with nothing_written():
        answer = Desk(cast.cora).post(URL, data)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in words(html)
    assert "data-error-summary" in html
    assert 'value="Painting"' in html


def test_nobody_else_saves(cast: Cast) -> None:
    for stranger in (cast.phil, cast.nora, cast.anna):
        for do in ("preview", "save", "edit", "country", "name"):
            with nothing_written():
                answer = Desk(stranger).post(URL, typed(cast, do=do))
            assert answer.status_code == 403
            assert "A coordinator or the clinic's lead changes these settings." in words(
                answer.content.decode()
            )
    with nothing_written():
        assert Desk(cast.omar).post(URL, typed(cast, do="save")).status_code == 404
    assert Desk(cast.omar).get(f"{URL}?clinic={cast.clinic.id}", status=404)


def test_somebody_of_two_clinics_chooses(cast: Cast) -> None:
    Membership.objects.create(clinician=cast.omar, clinic=cast.clinic, role=str(Role.PHYSIATRIST))
    desk = Desk(cast.omar)
    first = desk.get(URL)
    assert f'href="/clinic/?clinic={cast.clinic.id}"' in first
    assert "Hillside. Due dates are counted in its working days." in words(first)
    text = words(desk.get(f"{URL}?clinic={cast.clinic.id}"))
    assert "Riverside. Due dates are counted in its working days." in text
    assert "Show what moves" not in text, "coordinator there, not here"


# --- names and number ---


def names(cast: Cast, **changes: str) -> dict[str, str]:
    standing = {"hospital_name": "", "emergency_phone": ""}
    return {"clinic": str(cast.clinic.id), "do": "name"} | standing | changes


def test_the_names_on_the_cards(cast: Cast) -> None:
    desk = Desk(cast.cora)
    data = names(cast, hospital_name="Riverside General", emergency_phone="+1 555 0100")
    answer = desk.post(URL, data)
    assert answer.status_code == 303
    clinic = Clinic.objects.get(pk=cast.clinic.id)
    assert (clinic.hospital_name, clinic.emergency_phone) == ("Riverside General", "+1 555 0100")
    assert ClinicEvent.objects.get().verb == "name_clinic"
    html = desk.get(URL)
    assert "Saved." in words(html)
    assert 'value="Riverside General"' in html
    desk.post(URL, data)
    assert "Nothing was to change." in words(desk.get(URL))


def test_too_long_a_number_is_refused(cast: Cast) -> None:
    long = "x" * 41
    with nothing_written():
        answer = Desk(cast.cora).post(URL, names(cast, emergency_phone=long))
    assert answer.status_code == 422
    html = answer.content.decode()
    assert f'value="{long}"' in html
    assert "at most 40 characters" in html


def test_the_page_says_how_many_cards_read_otherwise(cast: Cast) -> None:
    walk = fresh_case(cast)
    walk.do_all(until=Stage.TITRATION)
    desk = Desk(cast.cora)
    desk.post(URL, names(cast, emergency_phone="+1 555 0100"))
    assert "Saved. 1 emergency card reads otherwise now." in words(desk.get(URL))
    assert Pump.objects.get(case_id=walk.case_id).card_hash == walk.card().facts_hash


def test_many_dates_are_counted_where_not_all_are_listed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathway.views.clinic.SHOWN", 3)
    walk = fresh_case(cast)
    text = words(previewed(Desk(cast.cora), typed(cast, ("2026-03-09", ""))))
    assert f"The first 3 are listed; {len(walk.open()) - 3} more move too." in text
