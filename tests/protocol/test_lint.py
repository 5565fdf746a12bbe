"""What the shape cannot say: dead ends, circles, forgotten pumps, rules that read what nobody writes."""

from __future__ import annotations

from typing import Any

import pytest

from pathway.protocol.lint import Part, check_parts, check_whole
from pathway.protocol.schema import Protocol
from tests.protocol.story import FORMS, ITB1

Text = dict[str, Any]
GONE: None = None  # a key that is taken away
HEADER = "protocol.toml"


def lint(text: Text) -> list[str]:
    """The problems of a protocol text, as the loader would find them in files named after their stages."""
    protocol = Protocol.model_validate(text)
    stages = [Part(f"{stage.stage}.toml", stage.stage, stage.todo, stage.edge) for stage in protocol.stages]
    parts = [Part(HEADER, None, protocol.anytime), *stages]
    problems = check_parts(parts, protocol, FORMS) or check_whole(protocol, parts)
    return [str(problem) for problem in problems]


def changed(entry: Text, changes: Text) -> None:
    for name, value in changes.items():
        if value is GONE:
            del entry[name]
        else:
            entry[name] = value


def todo(text: Text, key: str) -> Text:
    lists = [text["anytime"], *(stage["todo"] for stage in text["stages"])]
    return next(entry for entries in lists for entry in entries if entry["key"] == key)


def stage(text: Text, name: str) -> Text:
    found: Text = next(entry for entry in text["stages"] if entry["stage"] == name)
    return found


def edge(text: Text, where: str, name: str) -> Text:
    found: Text = next(entry for entry in stage(text, where)["edge"] if entry["edge"] == name)
    return found


def test_itb1_is_sound() -> None:
    assert lint(ITB1.canonical()) == []


@pytest.mark.parametrize(
    ("key", "changes", "problem"),
    [
        # names that nothing defines
        (
            "goals",
            {"due": "referral +10 WD"},
            "evaluation.toml: todo[goals].due: there is no anchor “referral”",
        ),
        ("goals", {"form": "aims"}, "evaluation.toml: todo[goals].form: there is no record “aims”"),
        (
            "wound_d12",
            {"when": "fresh"},
            "titration.toml: todo[wound_d12].when: there is no condition “fresh”",
        ),
        (
            "taper_plan",
            {"source": "V: S14, S999"},
            "titration.toml: todo[taper_plan].source: there is no source “S999”",
        ),
        (
            "weekly_call",
            {"repeat": {"due": "previous +7 d", "when": "weekly"}},
            "titration.toml: todo[weekly_call].repeat.when: there is no condition “weekly”",
        ),
        (
            "weekly_call",
            {"repeat": {"due": "monday +7 d"}},
            "titration.toml: todo[weekly_call].repeat.due: there is no anchor “monday”",
        ),
        # prerequisites
        (
            "surgical_plan",
            {"after": ["theatre"]},
            "implant.toml: todo[surgical_plan].after: there is no to-do “theatre”",
        ),
        (
            "trial_dose",
            {"after": ["surgical_plan"]},
            "trial.toml: todo[trial_dose].after: “surgical_plan” belongs to a later stage",
        ),
        (
            "refill",
            {"after": ["operation"]},
            f"{HEADER}: todo[refill].after: “operation” belongs to a later stage",
        ),
        (
            "mdt_minute",
            {"after": ["trial_booking"]},
            "selection.toml: todo[mdt_minute].after: “trial_booking” is only asked when trial_not_waived; "
            "ask this one under the same condition",
        ),
        (
            "goals",
            {"after": ["goals"]},
            "evaluation.toml: todo[goals].after: waits for itself by way of goals",
        ),
        # duties that cannot work
        ("goals", {"role": "system"}, "evaluation.toml: todo[goals].role: a duty belongs to people"),
        (
            "goals",
            {"due": "previous +1 d"},
            "evaluation.toml: todo[goals].due: “previous” can only stand in `repeat`",
        ),
        (
            "goals",
            {"new_round": True},
            "evaluation.toml: todo[goals].new_round: only a duty with when = “dissent” starts a new round",
        ),
        (
            "candidacy_physiatrist",
            {"form": "note"},
            "selection.toml: todo[candidacy_physiatrist].decision: a sign-off has no form",
        ),
        (
            "candidacy_physiatrist",
            {"role": "coordinator"},
            "selection.toml: todo[candidacy_physiatrist].decision: only neurosurgeon, physiatrist, anesthesiologist "
            "sign, each in a to-do named “candidacy_<role>”",
        ),
        # a patient left unprotected
        (
            "operation",
            {"skippable": True},
            "implant.toml: todo[operation].skippable: a safety duty cannot be skipped; write skippable = false",
        ),
        (
            "book_refill",
            {"repeat": {"due": "refill_by +1 d"}},
            f"{HEADER}: todo[book_refill].repeat.due: must not lie after the date it protects",
        ),
        (
            "device_plan_3",
            {"due": "end_of_service +3 mo"},
            "long_term.toml: todo[device_plan_3].due: must not lie after the date it protects",
        ),
        (
            "refill",
            {"due": "opening +5 WD"},
            f"{HEADER}: todo[refill]: must be a safety duty dated from refill_by",
        ),
        ("refill", {"safety": False}, f"{HEADER}: todo[refill]: must be a safety duty dated from refill_by"),
        ("refill", {"when": "on_hold"}, f"{HEADER}: anytime: a duty with when = “has_pump” is needed"),
        (
            "incident_coordinator",
            {"when": "on_hold"},
            f"{HEADER}: anytime: a duty with when = “incident_asks_coordinator” is needed",
        ),
        (
            "incident_physiatrist",
            {"safety": False},
            f"{HEADER}: todo[incident_physiatrist].safety: a hold must not silence it; write safety = true",
        ),
        (
            "incident_closure",
            {"repeat": None},
            f"{HEADER}: todo[incident_closure].repeat: this duty must come back",
        ),
        ("hold_review", {"when": "dissent"}, f"{HEADER}: anytime: a duty with when = “on_hold” is needed"),
        (
            "next_step",
            {"when": "on_hold"},
            f"{HEADER}: anytime: a duty with when = “nothing_else_open” is needed",
        ),
        (
            "hold_review",
            {"skippable": True},
            f"{HEADER}: todo[hold_review].skippable: this duty cannot be skipped; write skippable = false",
        ),
        ("next_step", {"repeat": GONE}, f"{HEADER}: todo[next_step].repeat: this duty must come back"),
        (
            "mdt_dissent",
            {"new_round": False},
            f"{HEADER}: todo[mdt_dissent].new_round: a dissent needs a new round of signatures",
        ),
        # rules that read what nobody writes
        (
            "goals_review",
            {"key": "goals_again"},
            "titration.toml: edge[settle]: “goals_reviewed” reads the to-do “goals_review”, which does not exist",
        ),
        (
            "book_refill",
            {"key": "refill_booking"},
            f"{HEADER}: todo[refill_booking]: “refill_not_booked” reads the to-do “book_refill”, which does not exist",
        ),
        (
            "theatre_booking",
            {"when": "has_pump"},
            "implant.toml: todo: no required duty opens when the stage begins",
        ),
    ],
)
def test_a_spoiled_duty_is_refused(key: str, changes: Text, problem: str) -> None:
    text = ITB1.canonical()
    changed(todo(text, key), changes)
    assert problem in lint(text)


@pytest.mark.parametrize(
    ("where", "name", "changes", "problem"),
    [
        (
            "evaluation",
            "accept",
            {"due": "referral +2 WD"},
            "edge[accept].due: there is no anchor “referral”",
        ),
        (
            "evaluation",
            "accept",
            {"due": "previous +2 WD"},
            "edge[accept].due: “previous” can only stand in `repeat`",
        ),
        ("evaluation", "accept", {"guards": ["awake"]}, "edge[accept].guards: there is no guard “awake”"),
        (
            "evaluation",
            "accept",
            {"guards": ["all_signed_for"]},
            "edge[accept].guards: nothing is signed in evaluation",
        ),
        (
            "evaluation",
            "accept",
            {"edge": "admit"},
            "edge[admit].edge: “admit” is no move a protocol may name",
        ),
        (
            "evaluation",
            "accept",
            {"edge": "close"},
            "edge[close].edge: “close” is no move a protocol may name",
        ),
        ("evaluation", "accept", {"edge": "settle"}, "edge[settle].edge: does not start in evaluation"),
        (
            "evaluation",
            "accept",
            {"prompt": GONE},
            "edge[accept].prompt: a prompt and its due rule stand together",
        ),
        (
            "evaluation",
            "accept",
            {"due": GONE},
            "edge[accept].prompt: a prompt and its due rule stand together",
        ),
        ("evaluation", "accept", {"roles": ["system"]}, "edge[accept].roles: a move belongs to people"),
        (
            "selection",
            "start_trial",
            {"prompt_when": "x"},
            "edge[start_trial].prompt_when: there is no condition “x”",
        ),
        (
            "long_term",
            "retitrate",
            {"prompt_when": "on_hold"},
            "edge[retitrate].prompt_when: there is no prompt",
        ),
        ("long_term", "retitrate", {"edge": "revise"}, "edge[revise]: stands twice in this stage"),
    ],
)
def test_a_spoiled_move_is_refused(where: str, name: str, changes: Text, problem: str) -> None:
    text = ITB1.canonical()
    changed(edge(text, where, name), changes)
    assert f"{where}.toml: {problem}" in lint(text)


@pytest.mark.parametrize(
    ("anchor", "path", "problem"),
    [
        ("trial_date", "trial_day.date", "anchors.trial_date: there is no to-do “trial_day”"),
        ("trial_date", "trial_booking", "anchors.trial_date: write “<to-do>.<name of the date>”"),
        ("opening", "trial_booking.date", "anchors.opening: is an anchor already"),
    ],
)
def test_a_spoiled_anchor_is_refused(anchor: str, path: str, problem: str) -> None:
    text = ITB1.canonical()
    text["anchors"][anchor] = path
    assert f"{HEADER}: {problem}" in lint(text)


@pytest.mark.parametrize(
    ("binds", "problem"),
    [
        (["aims"], "decision.candidacy.binds: there is no to-do “aims”"),
        (["operation"], "decision.candidacy.binds: a signature cannot rest on “operation”"),
        (
            ["candidacy_physiatrist"],
            "decision.candidacy.binds: a signature cannot rest on “candidacy_physiatrist”",
        ),
    ],
)
def test_a_spoiled_binding_is_refused(binds: list[str], problem: str) -> None:
    text = ITB1.canonical()
    text["decision"]["candidacy"]["binds"] = binds
    assert lint(text) == [f"{HEADER}: {problem}"]


def test_a_decision_needs_its_binding_and_its_three_signers() -> None:
    text = ITB1.canonical()
    del text["decision"]["trial_result"]
    trial = stage(text, "trial")
    trial["todo"] = [entry for entry in trial["todo"] if entry["key"] != "trial_result_physiatrist"]
    assert lint(text) == [
        f"{HEADER}: decision.trial_result: the physiatrist has no to-do “trial_result_physiatrist” in trial",
        f"{HEADER}: decision.trial_result: does not say which to-dos its signatures rest on",
    ]


def test_every_stage_is_there_once_can_be_reached_and_left() -> None:
    text = ITB1.canonical()
    stage(text, "titration")["edge"].pop(0)
    stage(text, "long_term")["edge"] = []
    text["stages"].append(stage(text, "evaluation") | {"todo": [], "edge": []})
    text["stages"] = [entry for entry in text["stages"] if entry["stage"] != "selection"]
    problems = lint(text)
    for problem in (
        f"{HEADER}: stage evaluation: stands in 2 files",
        f"{HEADER}: stage selection: has no file",
        f"{HEADER}: stage trial: cannot be reached from evaluation",
        f"{HEADER}: stage long_term: cannot be reached from evaluation",
        "long_term.toml: edge: no move leaves this stage",
    ):
        assert problem in problems


def test_nothing_happens_in_a_closed_case() -> None:
    text = ITB1.canonical()
    text["stages"].append({"stage": "closed", "title": "Closed", "todo": [], "edge": []})
    assert f"{HEADER}: stage closed: has no duties" in lint(text)


def test_a_key_stands_for_one_duty_in_all_files() -> None:
    text = ITB1.canonical()
    todo(text, "device_plan_6")["key"] = "wound_d42"
    assert lint(text) == [
        "long_term.toml: todo[wound_d42]: is already in titration.toml; a key stands for one duty"
    ]


def test_a_move_is_asked_of_somebody_in_one_stage_only() -> None:
    text = ITB1.canonical()
    for where in ("titration", "long_term"):
        edge(text, where, "revise").update(prompt="Plan a revision", due="opening +2 WD")
    assert lint(text) == [
        "long_term.toml: todo[edge_revise]: is already in titration.toml; a key stands for one duty"
    ]


def test_a_circle_names_its_members_and_nobody_behind_it() -> None:
    text = ITB1.canonical()
    todo(text, "theatre_booking")["after"] = ["operation"]
    circle = ("theatre_booking", "surgical_plan", "anesthesia_plan", "operation")
    problems = lint(text)
    assert len(problems) == len(circle)
    for key in circle:
        assert any(
            problem.startswith(f"implant.toml: todo[{key}].after: waits for itself") for problem in problems
        )
