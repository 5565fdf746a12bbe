"""Import of referrals: what a file may look like, the report of its rows, and all cases or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from pathway.models import Case, Patient
from pathway.views.referral_file import COLUMNS, MAX_BYTES, MAX_ROWS, BadFile, read, template
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.engine.traces import nothing_written
from tests.views.desk import MAX_QUERIES, Desk, at, hidden, words

URL = "/cases/import/"
TODAY = date(2026, 3, 2)
ROW = {
    "mrn": "R-1",
    "family_name": "Sample",
    "given_name": "Pat",
    "birth_date": "1980-05-17",
    "sex": "female",
    "reason": "Severe spasticity",
}


def a_file(*rows: dict[str, str], delimiter: str = ",", columns: tuple[str, ...] = COLUMNS) -> str:
    """A file with these rows; what a row leaves out is blank."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, delimiter=delimiter)
    lines.writerow(columns)
    lines.writerows([row.get(name, "") for name in columns] for row in rows)
    return text.getvalue()


def one(**changes: str) -> dict[str, str]:
    return ROW | changes


# --- the file as a whole (no database) ---


def test_the_template_is_a_file_that_can_be_read() -> None:
    (row,) = read(template().encode(), TODAY)
    assert row.problems == []
    assert row.line == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    data = a_file(one(family_name="Łęcka; Núñez, 李"), delimiter=delimiter).encode(encoding)
    (row,) = read(data, TODAY)
    assert row.values["family_name"] == "Łęcka; Núñez, 李"
    assert row.problems == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf \r\n", "The file is empty"),
        (a_file(one(family_name="Müller")).encode("latin-1"), "Line 2 has a character that is not UTF-8"),
        (a_file(one(family_name="Sam\x00ple")).encode(), "NUL bytes"),
        (b"PK\x03\x04rest of a workbook", "a workbook"),
        (b"\xff\xfeodd", "not UTF-8"),
        (b"x" * (MAX_BYTES + 1), "larger than 2 MB"),
        (a_file().encode(), "no referral below"),
        (a_file(one(), columns=COLUMNS[1:]).encode(), "“mrn” is missing"),
        (a_file(one(), columns=(*COLUMNS, "ssn")).encode(), "“ssn” is not a column"),
        (a_file(one(), columns=(*COLUMNS, "sex")).encode(), "“sex” is there twice"),
        (b"hello\nworld\n", "The first line must name the columns"),
        (a_file(one(reason="x" * 200_000)).encode(), "cannot be read as CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, says: str) -> None:
    with pytest.raises(BadFile, match=says):
        read(data, TODAY)


def test_too_many_rows_are_refused_before_they_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """50,000 short rows: reading stops at the limit, and no row is looked at."""
    checked: list[int] = []
    monkeypatch.setattr(
        "pathway.views.referral_file._problems", lambda row, today: checked.append(row.line) or []
    )
    data = (",".join(COLUMNS) + "\n" + "R,S,P,1980-05-17,female,x\n" * 50_000).encode()
    assert len(data) < MAX_BYTES
    with pytest.raises(BadFile, match="more than 2,000 referrals"):
        read(data, TODAY)
    assert checked == []
    assert len(read(a_file(*(one(mrn=f"R-{n}") for n in range(MAX_ROWS))).encode(), TODAY)) == MAX_ROWS


def test_column_names_forgive_capitals_spaces_and_order() -> None:
    text = (
        a_file(one(), columns=tuple(reversed(COLUMNS)))
        .replace("family_name", "Family name")
        .replace("mrn", "MRN")
    )
    (row,) = read(text.encode(), TODAY)
    assert row.values["mrn"] == "R-1"


def test_lines_are_those_an_editor_shows() -> None:
    rows = read(
        ("\n" + a_file(one(reason="two\nlines"), {}, one(mrn="R-2", sex="x"))).lstrip("\n").encode(), TODAY
    )
    assert [row.line for row in rows] == [2, 5]
    assert rows[0].values["reason"] == "two\nlines"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mrn": ""}, "mrn is missing."),
        ({"mrn": "R 1"}, "mrn: Use 2 to 32"),
        ({"birth_date": "17.05.1980"}, "must be written year-month-day"),
        ({"birth_date": "19800517"}, "must be written year-month-day"),
        ({"birth_date": "1980-02-30"}, "not a day of the calendar"),
        ({"birth_date": "2026-03-03"}, "in the future"),
        ({"birth_date": "1899-12-31"}, "before 1900"),
        ({"sex": "unsure"}, "sex must be one of female, male"),
        ({"email": "nobody"}, "email: "),
        ({"family_name": "x" * 81}, "at most 80"),
        ({"referred_by": "x" * 161}, "longer than 160"),
        ({"reason": "=HYPERLINK(1)"}, "reason starts with “=”"),
        ({"given_name": "@SUM(1)"}, "given_name starts with “@”"),
        ({"contact_name": "-2+3"}, "contact_name starts with “-”"),
        ({"phone": "+cmd|calc"}, "phone starts with “+”"),
    ],
)
def test_each_problem_of_a_row_is_said(changes: dict[str, str], says: str) -> None:
    (row,) = read(a_file(one(**changes)).encode(), TODAY)
    assert any(says in problem for problem in row.problems), row.problems


def test_every_problem_of_every_row_at_once() -> None:
    bad = one(mrn="", sex="x", birth_date="1.1.80", reason="")
    rows = read(a_file(one(), bad, one(mrn="r-1")).encode(), TODAY)
    assert [len(row.problems) for row in rows] == [0, 4, 1]
    assert rows[2].problems == ["MRN r-1 is already in line 2 of this file."]


def test_telephone_numbers_may_start_with_a_plus() -> None:
    (row,) = read(a_file(one(phone="+49 30 1234-567", sex="Female")).encode(), TODAY)
    assert row.problems == []


def test_cells_beyond_the_columns_are_a_problem() -> None:
    text = a_file(one()).rstrip() + ",surplus\r\n"
    (row,) = read(text.encode(), TODAY)
    assert row.problems == ["It has 13 cells and the first line names 12 columns."]


# --- the screen ---


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    with at(MONDAY + timedelta(hours=6)):
        yield make_cast()


def upload(desk: Desk, text: str | bytes, **data: Any) -> HttpResponse:
    content = text.encode() if isinstance(text, str) else text
    return desk.post(URL, {"file": SimpleUploadedFile("referrals.csv", content), **data})


def confirm(desk: Desk) -> dict[str, str]:
    html = desk.get(URL)
    return {"confirm": html.split('name="confirm" value="')[1].split('"')[0]}


def test_rows_are_shown_first_and_saved_after_confirming(cast: Cast) -> None:
    desk = Desk(cast.cora)
    with nothing_written():
        assert upload(desk, a_file(one(), one(mrn="R-2", family_name="Other"))).status_code == 303
        text = words(desk.get(URL))
    assert "2 referrals without a problem" in text
    assert "Other, Pat" in text
    answer = desk.post(URL, confirm(desk))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/cases/")
    assert Case.objects.count() == 2
    assert Case.objects.filter(referral_reason="Severe spasticity").count() == 2
    assert "without a problem" not in words(desk.get(URL))


def test_confirming_twice_opens_the_cases_once(cast: Cast) -> None:
    desk = Desk(cast.cora)
    upload(desk, a_file(one()))
    button, waiting = confirm(desk), dict(desk.client.session)
    assert desk.post(URL, button).status_code == 303
    with nothing_written():
        assert "no longer here" in words(desk.post(URL, button).content.decode())
        session = desk.client.session
        session.update(waiting)  # the second of two presses at once: it still saw the rows
        session.save()
        assert desk.post(URL, button).status_code == 303
    assert Case.objects.count() == 1


def test_a_bad_row_stops_the_whole_file(cast: Cast) -> None:
    referred(cast, mrn="R-9")
    desk = Desk(cast.cora)
    bad = [one(mrn="r-9"), one(mrn="R-9", birth_date="1990-01-01"), one(mrn="R-3", sex="")]
    with nothing_written():
        answer = upload(desk, a_file(one(), *bad))
    text = words(answer.content.decode())
    assert answer.status_code == 422
    for part in (
        "3 of 4 rows",
        "A case for this MRN is already open.",
        "another birth date",
        "sex is missing.",
    ):
        assert part in text
    assert 'name="confirm"' not in desk.get(URL)


def test_a_row_that_went_bad_between_the_steps_saves_nothing(cast: Cast) -> None:
    desk = Desk(cast.cora)
    upload(desk, a_file(one(), one(mrn="R-2")))
    button = confirm(desk)
    referred(cast, mrn="R-2")
    with nothing_written():
        answer = desk.post(URL, button)
    assert answer.status_code == 409
    assert "A case for this MRN is already open." in words(answer.content.decode())
    assert not Patient.objects.filter(mrn="R-1").exists()


def test_a_file_that_cannot_be_read_is_refused_at_the_field(cast: Cast) -> None:
    desk = Desk(cast.cora)
    with nothing_written():
        for data in (b"", "Müller".encode("latin-1"), b"x" * (MAX_BYTES + 10)):
            answer = upload(desk, data)
            assert answer.status_code == 422
            assert 'id="id_file_error"' in answer.content.decode()
        assert desk.post(URL).status_code == 422


def test_what_a_file_holds_is_shown_as_text(cast: Cast) -> None:
    html = upload(Desk(cast.cora), a_file(one(mrn="<script>alert(1)</script>"))).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


def test_discarding_forgets_the_rows(cast: Cast) -> None:
    desk = Desk(cast.cora)
    upload(desk, a_file(one()))
    button = confirm(desk)
    desk.post(URL, {"discard": "1"})
    with nothing_written():
        assert desk.post(URL, button).status_code == 409


def test_the_file_to_fill_in(cast: Cast) -> None:
    answer = Desk(cast.cora).client.get(f"{URL}referrals.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert read(answer.content, TODAY)[0].problems == []


def test_many_rows_cost_no_more_queries(cast: Cast) -> None:
    desk = Desk(cast.cora)
    upload(desk, a_file(*(one(mrn=f"R-{n}") for n in range(300))))
    assert desk.queries(URL) <= MAX_QUERIES
    assert hidden(desk.get("/cases/new/"), "request_id")
