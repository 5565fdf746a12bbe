"""A bad protocol is refused whole: every error at once, each with its file, key and reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pathway.protocol.lint import Problem
from pathway.protocol.loader import VERSIONS, ProtocolError, load
from pathway.protocol.roles import Stage
from tests.protocol.story import FORMS, ITB1

Edit = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of itb-1 to spoil."""
    return Path(shutil.copytree(VERSIONS / "itb-1", tmp_path / "itb 1"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replace the first of these words in one file of the copy."""

    def replace(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


def problems(folder: Path) -> list[Problem]:
    """What is wrong with it, asserting that something is."""
    with pytest.raises(ProtocolError) as caught:
        load(folder, FORMS)
    assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)
    return caught.value.problems


def found(folder: Path) -> set[tuple[str, str, str]]:
    return {(problem.file, problem.key, problem.reason) for problem in problems(folder)}


def test_an_untouched_copy_is_sound(folder: Path) -> None:
    assert load(folder, FORMS) == ITB1
    assert [stage.stage for stage in ITB1.stages] == [stage for stage in Stage if stage is not Stage.CLOSED]


def test_all_errors_of_all_files_are_told_at_once(folder: Path, edit: Edit) -> None:
    edit("protocol.toml", 'role = "physiatrist"', 'role = "doctor"')
    edit("1-evaluation.toml", "target_days = 45", "target_days = ")
    edit("2-selection.toml", 'key = "mdt_minute"', 'key = "eligibility"')
    edit("3-trial.toml", "trial_date -5 WD", "five days before")
    edit("3-trial.toml", "outlives_stage = true", "outlives = true")
    edit("4-implant.toml", 'after = ["theatre_booking"]', 'after = ["operation"]')
    edit("5-titration.toml", 'when = "fresh_operation"', 'when = "fresh"')
    edit("6-long-term.toml", 'form = "device_plan"', 'form = "plan"')
    texts = {f"{problem.file} | {problem.key} | {problem.reason}" for problem in problems(folder)}
    for start in (
        "protocol.toml | anytime[refill].role | “doctor” is not one of 'neurosurgeon', 'physiatrist'",
        "1-evaluation.toml |  | is not TOML: Invalid value (at line 3",
        "2-selection.toml | todo[eligibility] | is already in 2-selection.toml",
        "3-trial.toml | todo[trial_plan].due | “five days before” is not a due rule; write e.g. “opening +10 WD”",
        "3-trial.toml | todo[call_day1].outlives | unknown key",
        "4-implant.toml | todo[surgical_plan].after | waits for itself by way of operation",
        "4-implant.toml | todo[operation].after | waits for itself by way of surgical_plan",
        "5-titration.toml | todo[wound_d12].when | there is no condition “fresh”",
        "6-long-term.toml | todo[device_plan_12].form | there is no record “plan”",
    ):
        assert any(text.startswith(start) for text in texts), start
    assert len(texts) == 9, "one error is told once, and nothing is blamed on its consequences"


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "reason"),
    [
        ("protocol.toml", 'name = "itb-1"\n', "", "name", "is missing"),
        (
            "protocol.toml",
            "version = 3",
            'version = "1"',
            "version",
            "Input should be a valid integer (given: '1')",
        ),
        (
            "protocol.toml",
            "version = 3",
            "version = 0",
            "version",
            "Input should be greater than or equal to 1 (given: 0)",
        ),
        ("protocol.toml", "version = 3", "version = 3\nnote = 2", "note", "unknown key"),
        (
            "protocol.toml",
            "version = 3",
            "version = 3\nstages = []",
            "stages",
            "is not a key of this file; write one file a stage",
        ),
        (
            "protocol.toml",
            '"previous +5 WD"',
            '"due +5 WD"',
            "ladder_repeat",
            "“due +5 WD” must be counted from “previous”",
        ),
        (
            "protocol.toml",
            'kind = "remind"',
            'kind = "nag"',
            "ladder.0.kind",
            "Input should be 'remind', 'due' or 'escalate' (given: 'nag')",
        ),
        ("1-evaluation.toml", 'stage = "evaluation"', 'stage = "triage"', "stage", None),
        ("1-evaluation.toml", "[[todo]]", "[todo]", "", None),
        ("1-evaluation.toml", 'title = "Treatment goals"\n', "", "todo[goals].title", "is missing"),
        ("1-evaluation.toml", 'key = "goals"\n', "", "todo[4].key", "is missing"),
        ("1-evaluation.toml", 'key = "goals"\n', 'key = "Goals!"\n', "todo[Goals!].key", None),
        ("1-evaluation.toml", 'roles = ["coordinator"]', "roles = []", "edge[accept].roles", None),
        (
            "2-selection.toml",
            "skippable = false",
            'skippable = "no"',
            "todo[eligibility].skippable",
            "Input should be a valid boolean (given: 'no')",
        ),
        (
            "2-selection.toml",
            'after = ["eligibility"]',
            'after = "eligibility"',
            "todo[candidacy_neurosurgeon].after",
            None,
        ),
        (
            "2-selection.toml",
            'decision = "candidacy"',
            'decision = "vote"',
            "todo[candidacy_neurosurgeon].decision",
            None,
        ),
    ],
)
def test_one_mistake_one_problem(
    folder: Path, edit: Edit, file: str, old: str, new: str, key: str, reason: str | None
) -> None:
    edit(file, old, new)
    (problem,) = problems(folder)
    assert (problem.file, problem.key) == (file, key)
    assert reason is None or problem.reason == reason


def test_an_entry_outside_its_table_is_refused(folder: Path) -> None:
    (folder / "6-long-term.toml").write_text(
        'stage = "long_term"\ntitle = "Long-term"\ntodo = "review"\nedge = [1]\n'
    )
    assert found(folder) == {
        ("6-long-term.toml", "todo", "write each entry under its own [[todo]]"),
        ("6-long-term.toml", "edge", "write each entry under its own [[edge]]"),
    }


def test_a_file_in_another_encoding_is_refused(folder: Path) -> None:
    (folder / "3-trial.toml").write_bytes('title = "Prüfung"'.encode("latin-1"))
    assert found(folder) == {("3-trial.toml", "", "is not UTF-8 text")}


def test_a_folder_without_a_header_is_refused(folder: Path) -> None:
    (folder / "protocol.toml").unlink()
    assert found(folder) == {("protocol.toml", "", "is missing from itb 1")}


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") == {("protocol.toml", "", "is missing from nowhere")}


def test_a_missing_stage_file_is_refused(folder: Path) -> None:
    (folder / "5-titration.toml").unlink()
    reasons = {problem.key: problem.reason for problem in problems(folder)}
    assert reasons["stage titration"] == "has no file"


def test_without_known_forms_the_forms_are_not_checked(folder: Path, edit: Edit) -> None:
    edit("1-evaluation.toml", 'form = "goals"', 'form = "something_new"')
    assert load(folder).todos["goals"].form == "something_new"
    assert found(folder) == {("1-evaluation.toml", "todo[goals].form", "there is no record “something_new”")}
