"""Every rule id and every vector of clinical.md has a test that carries its name.

The ids are read from the sheet's own text, and the names from the parametrised tests of this folder: a row that is
added to the sheet fails here until somebody writes its test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import pytest

import pathway.clinical
from pathway.clinical.conditions import CONDITION_PLANS, Condition
from pathway.clinical.device import SYNCHROMED_II
from pathway.clinical.program import program_problems, simple_program
from pathway.clinical.residual import Discrepancy, residual_discrepancy
from pathway.clinical.runway import Runway, compute_runway
from tests.clinical.builders import NOON, d, fields_of

SHEET = Path(pathway.clinical.__file__).with_name("clinical.md").read_text(encoding="utf-8")

STEP_LIMITS = {
    ("adult, spinal", "titration"): ["spinal_adult-titration-spinal"],
    ("adult, cerebral", "titration"): ["cerebral_adult-titration-cerebral"],
    ("paediatric, any origin", "titration"): ["paediatric-titration-spinal", "paediatric-titration-cerebral"],
    ("spinal (adult)", "maintenance (at refills)"): ["spinal_adult-maintenance-spinal"],
    ("cerebral, and paediatric", "maintenance (at refills)"): [
        "cerebral_adult-maintenance-cerebral",
        "paediatric-maintenance-spinal",
        "paediatric-maintenance-cerebral",
    ],
}
CONDITIONS = {
    "Withdrawal": [Condition.WITHDRAWAL],
    "Overdose": [Condition.OVERDOSE],
    "Infection / meningitis": [Condition.INFECTION],
    "CSF leak": [Condition.CSF_LEAK],
    "Catheter kink/displacement/occlusion/disconnect": [Condition.CATHETER],
    "Motor stall / pump failure": [Condition.MOTOR_STALL],
    "Pocket seroma / haematoma": [Condition.SEROMA],
    "Refill pocket fill": [Condition.POCKET_FILL],
    "Low reservoir / missed refill": [Condition.LOW_RESERVOIR],
    "ERI/EOS": [Condition.REPLACEMENT_DUE, Condition.END_OF_SERVICE],
}


# --- what the sheet asks for ------------------------------------------------------------------------------------------


def section(sheet: str, heading: str) -> str:
    """The text below a heading, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}[^\n]*\n(.*?)(?=^#+ |\Z)", sheet, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The body of the tables in a text, cell by cell."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    body = [line for line, rule in zip(lines, [*lines[1:], ""], strict=True) if not rule.startswith("|--")]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in body if not line.startswith("|--")
    ]


def fills(sheet: str) -> list[list[str]]:
    return rows(section(sheet, "4.6 "))


def bridges(sheet: str) -> list[str]:
    return re.findall(r"^- \d+ -> \d+, D=\d+:", section(sheet, "4.6 "), re.MULTILINE)


def residuals(sheet: str) -> list[tuple[str, str, str]]:
    """(aspirated, difference, error in percent) of each residual vector."""
    line = next(line for line in section(sheet, "4.6 ").splitlines() if line.startswith("Residual:"))
    return re.findall(r"([\d.]+) -> ([+-][\d.]+)(?: mL)? \(([+-][\d.]+)%\)", line)


def gas(sheet: str) -> list[str]:
    line = next(line for line in sheet.splitlines() if line.startswith("GAS vectors:"))
    return re.findall(r"-> [\d.]+", line)


def asked(sheet: str) -> set[str]:
    """The id of every test that the sheet asks for."""
    wanted = set(re.findall(r"^\| (SEL-\d+|CI-\d+) \|", sheet, re.MULTILINE))
    wanted |= {f"4.6-vector-{number}" for number, _ in enumerate(fills(sheet), start=1)}
    wanted |= {f"4.6-bridge-{number}" for number, _ in enumerate(bridges(sheet), start=1)}
    wanted |= {f"4.6-residual-{number}" for number, _ in enumerate(residuals(sheet), start=1)}
    wanted |= {f"gas-vector-{number}" for number, _ in enumerate(gas(sheet), start=1)}
    wanted |= {f"3.1-bolus-{row[0]}" for row in rows(section(sheet, "3.1 "))}
    for row in rows(section(sheet, "3.2 ")):
        wanted |= {f"3.2-{name}" for name in STEP_LIMITS.get((row[0], row[1]), [f"{row[0]}, {row[1]}"])}
    for row in rows(section(sheet, "8. ")):
        name = row[0].strip("*")
        wanted |= {f"8-{condition}" for condition in CONDITIONS.get(name, [name])}
    return wanted


# --- what the tests are named -----------------------------------------------------------------------------------------


def names() -> set[str]:
    """The ids of all parametrised tests in this folder; a triage row's id stands for each of its conditions."""
    found: set[str] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        module = import_module(f"tests.clinical.{path.stem}")
        for name, value in vars(module).items():
            if name.startswith("test_") and value.__module__ == module.__name__:
                found |= set(ids_of(getattr(value, "pytestmark", ())))
    return found


def ids_of(marks: Iterable[pytest.Mark]) -> list[str]:
    """The ids that a test's parametrisation gives."""
    ids = [str(one) for mark in marks if mark.name == "parametrize" for one in mark.kwargs.get("ids") or ()]
    of_section_8 = [one.split("-")[1] for one in ids if one.startswith("8-")]
    return ids + [f"8-{condition}" for joined in of_section_8 for condition in joined.split("+")]


def missing(sheet: str, known: set[str]) -> set[str]:
    """What the sheet asks for and no test is named after."""
    return asked(sheet) - known


def test_every_rule_and_vector_has_a_test_of_its_name() -> None:
    assert missing(SHEET, names()) == set()


def test_the_sheet_asks_for_what_a_reader_counts() -> None:
    wanted = asked(SHEET)
    counted = {
        kind: sum(one.startswith(kind) for one in wanted)
        for kind in (
            "SEL-",
            "CI-",
            "4.6-vector-",
            "4.6-bridge-",
            "4.6-residual-",
            "gas-",
            "3.1-",
            "3.2-",
            "8-",
        )
    }
    assert counted == {
        "SEL-": 6,
        "CI-": 13,
        "4.6-vector-": 7,
        "4.6-bridge-": 3,
        "4.6-residual-": 3,
        "gas-": 5,
        "3.1-": 4,
        "3.2-": 8,
        "8-": 11,
    }
    assert sum(counted.values()) == len(wanted)


@pytest.mark.parametrize(
    ("after", "added", "named"),
    [
        ("| CI-13 |", "| CI-14 | x | absolute | [P] |\n", "CI-14"),
        ("| SEL-06 |", "| SEL-07 | x | y | [P] |\n", "SEL-07"),
        ("| 20 | 2 | 2000 | 90 |", "| 20 | 2 | 500 | 300 | 0.6 | 30.00 | 30 |\n", "4.6-vector-8"),
        ("- 1000 -> 2000, D=400:", "- 500 -> 1000, D=100: 1 h.\n", "4.6-bridge-4"),
        ("| 100 | 200 | 100 |", "| 125 | 250 | 125 |\n", "3.1-bolus-125"),
        (
            "| cerebral, and paediatric |",
            "| infant | titration | 1-2% | 24 h | x | y |\n",
            "3.2-infant, titration",
        ),
        ("| **ERI/EOS** |", "| **Fistula** | a | b | c | d | e |\n", "8-Fistula"),
    ],
)
def test_a_new_row_of_the_sheet_is_missed(after: str, added: str, named: str) -> None:
    """The check can fail: one more row, and it names the test that is not there."""
    lines = SHEET.splitlines(keepends=True)
    [place] = [number for number, line in enumerate(lines) if line.startswith(after)]
    longer = "".join([*lines[: place + 1], added, *lines[place + 1 :]])
    assert missing(longer, names()) == {named}


@pytest.mark.parametrize("gone", ["CI-05", "4.6-residual-2", "gas-vector-5", "8-seroma"])
def test_a_test_that_is_gone_is_missed(gone: str) -> None:
    assert missing(SHEET, names() - {gone}) == {gone}


# --- the vectors as the sheet prints them -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", fills(SHEET), ids=[f"4.6-vector-{number}" for number, _ in enumerate(fills(SHEET), start=1)]
)
def test_fill_vectors_as_printed(row: list[str]) -> None:
    fill, alarm, strength, dose, flow, days, whole = row
    program = simple_program(d(strength), d(dose))
    assert program.flow_ml_per_day == d(flow)
    result = compute_runway(
        fill_instant=NOON,
        fill_volume_ml=d(fill),
        program=program,
        pump=SYNCHROMED_II,
        reservoir_ml=d(fill),
        time_zone="America/Chicago",
        alarm_ml=d(alarm),
    )
    if whole == "-":
        assert "below 0.048 mL/day" in days
        assert fields_of(result) == ("dose_mcg_per_day",)
        assert program_problems(program, SYNCHROMED_II)
        return
    assert isinstance(result, Runway)
    assert round(result.days_to_alarm, 2) == d(days)
    assert result.whole_days == int(whole)


@pytest.mark.parametrize(
    ("aspirated", "difference", "error"),
    residuals(SHEET),
    ids=[f"4.6-residual-{number}" for number, _ in enumerate(residuals(SHEET), start=1)],
)
def test_residual_vectors_as_printed(aspirated: str, difference: str, error: str) -> None:
    result = residual_discrepancy(
        fill_ml=d(20), expected_ml=d(8), aspirated_ml=d(aspirated), pump=SYNCHROMED_II
    )
    assert isinstance(result, Discrepancy)
    assert result.error_pct is not None
    assert (result.difference_ml, round(result.error_pct, 1)) == (d(difference), d(error))


@pytest.mark.parametrize("condition", list(Condition), ids=[f"plan-{condition}" for condition in Condition])
def test_every_condition_has_its_steps(condition: Condition) -> None:
    assert CONDITION_PLANS[condition].steps
