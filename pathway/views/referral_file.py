"""Reading a CSV of referrals: encoding, columns, rows, and every problem of every row. It saves nothing.

Pure apart from the patient model's own field checks; it asks no database.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError

from pathway.engine.referrals import PATIENT_FIELDS, Referral
from pathway.models import Case, Patient
from pathway.models.patient import SEXES

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 2000
REQUIRED = ("mrn", "family_name", "given_name", "birth_date", "sex", "reason")
OPTIONAL = ("phone", "email", "language", "contact_name", "contact_phone", "referred_by")
COLUMNS = (*REQUIRED, *OPTIONAL)
SAMPLE = (
    "MRN-0001",
    "Sample",
    "Pat",
    "1980-05-17",
    "female",
    "Severe spasticity of both legs",
    "",
    "",
    "",
    "",
    "",
    "",
)
LONGEST = {"reason": 4000, "referred_by": Case._meta.get_field("referred_by").max_length}
FORMULA = ("=", "+", "-", "@")
PHONE = re.compile(r"\+[0-9 ()/.-]{4,}")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
UTF_8 = "Save it as “CSV UTF-8” and upload it again."


class BadFile(Exception):
    """The file as a whole cannot be read; the text says why and what to do."""


@dataclass(slots=True)
class Row:
    """One referral of the file: the line it starts on, its cells by column, and everything wrong with it."""

    line: int
    values: dict[str, str]
    problems: list[str] = field(default_factory=list)

    @property
    def mrn(self) -> str:
        """The MRN as it is compared: without regard to capitals."""
        return self.values["mrn"].upper()

    def referral(self, request_id: UUID) -> Referral:
        """What the engine takes. Only for a row without problems."""
        patient = {name: self.values[name] for name in PATIENT_FIELDS}
        return Referral(
            request_id=request_id,
            patient=patient | {"birth_date": date.fromisoformat(self.values["birth_date"])},
            referred_by=self.values["referred_by"],
            reason=self.values["reason"],
        )


def template() -> str:
    """A file to fill in: the columns and one invented row."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS, SAMPLE])
    return text.getvalue()


def read(data: bytes, today: date) -> list[Row]:
    """The file's rows, checked one by one. `today` is the clinic's date. Raises BadFile."""
    if len(data) > MAX_BYTES:
        raise BadFile("The file is larger than 2 MB. Split it and upload the parts one after the other.")
    text = _decoded(data)
    if not text.strip():
        raise BadFile("The file is empty.")
    rows = _rows(text)
    for row in rows:
        row.problems.extend(_problems(row, today))
    _find_repeats(rows)
    return rows


def _decoded(data: bytes) -> str:
    """The text, from UTF-8 or UTF-16. Raises BadFile for anything else."""
    if data.startswith(b"PK\x03\x04"):
        raise BadFile(f"This is a workbook (xlsx), not a CSV file. {UTF_8}")
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadFile(f"Line {line} has a character that is not UTF-8. {UTF_8}") from error
    if "\x00" in text:
        raise BadFile(f"The file holds NUL bytes, so it is not a text file. {UTF_8}")
    return text


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = data[:400]
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[0::2])):
        if len(zeros) >= 4 and zeros.count(0) > len(zeros) * 0.8:
            return encoding
    return "utf-8-sig"


def _rows(text: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = _header(next(reader))
        rows: list[Row] = []
        for line, cells in _lines(reader):
            if len(rows) == MAX_ROWS:
                raise BadFile(
                    f"The file has more than {MAX_ROWS:,} referrals. Split it and upload the parts."
                )
            rows.append(_row(line, cells, header))
    except csv.Error as error:
        raise BadFile(f"Line {reader.line_num} cannot be read as CSV: {error}.") from error
    if not rows:
        raise BadFile("The file has its column names and no referral below them.")
    return rows


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab: whichever the first line uses most."""
    first = text.lstrip().splitlines()[0]
    return max(",;\t", key=first.count)


def _lines(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it starts on; blank ones are passed over."""
    start = reader.line_num + 1  # type: ignore[attr-defined]  # csv's reader counts lines
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield start, [cell.strip() for cell in cells]
        start = reader.line_num + 1  # type: ignore[attr-defined]


def _header(cells: list[str]) -> list[str]:
    """The column names. Raises BadFile that names every missing, unknown or repeated one."""
    names = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    wrong = [f"“{name}” is missing" for name in REQUIRED if name not in names]
    wrong += [f"“{name}” is not a column of this file" for name in names if name not in COLUMNS]
    wrong += [
        f"“{name}” is there twice" for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if wrong:
        raise BadFile(f"The first line must name the columns: {'; '.join(wrong[:20])}.")
    return names


def _row(line: int, cells: list[str], header: list[str]) -> Row:
    row = Row(line, dict.fromkeys(COLUMNS, "") | dict(zip(header, cells, strict=False)))
    if any(cells[len(header) :]):
        row.problems.append(f"It has {len(cells)} cells and the first line names {len(header)} columns.")
    row.values["sex"] = row.values["sex"].lower()
    return row


def _problems(row: Row, today: date) -> Iterator[str]:
    for name in REQUIRED:
        if not row.values[name]:
            yield f"{name} is missing."
    for name, value in row.values.items():
        if value.startswith(FORMULA) and not (name.endswith("phone") and PHONE.fullmatch(value)):
            yield f"{name} starts with “{value[0]}”, which a spreadsheet runs as a formula: write the text alone."
        if name in LONGEST and len(value) > (LONGEST[name] or 0):
            yield f"{name} is longer than {LONGEST[name]} characters."
    yield from _patient_problems(row, today)


def _patient_problems(row: Row, today: date) -> Iterator[str]:
    """The patient's own field checks, then the birth date."""
    values = {name: row.values[name] for name in PATIENT_FIELDS if name != "birth_date"}
    blank = [name for name in REQUIRED if not row.values[name]]
    if row.values["sex"] and row.values["sex"] not in dict(SEXES):
        yield f"sex must be one of {', '.join(dict(SEXES))}."
    try:
        Patient(**values).clean_fields(exclude=("clinic", "birth_date", "sex", *blank))
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            yield f"{name}: {' '.join(texts)}"
    if row.values["birth_date"]:
        yield from _birth_date_problems(row.values["birth_date"], today)


def _birth_date_problems(text: str, today: date) -> Iterator[str]:
    try:
        born = date.fromisoformat(text) if ISO_DATE.fullmatch(text) else None
    except ValueError:
        yield f"birth_date “{text}” is not a day of the calendar."
        return
    if born is None:
        yield f"birth_date “{text[:20]}” must be written year-month-day, for example 1980-05-17."
    elif born > today:
        yield "birth_date is in the future."
    elif born.year < 1900:
        yield "birth_date is before 1900."


def _find_repeats(rows: list[Row]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.mrn and row.mrn in first:
            row.problems.append(f"MRN {row.values['mrn']} is already in line {first[row.mrn]} of this file.")
        elif row.mrn:
            first[row.mrn] = row.line
