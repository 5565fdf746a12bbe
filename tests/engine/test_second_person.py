"""A program that needs two people: the second is named, asked, and agrees or not."""

from __future__ import annotations

from typing import Any

import pytest

from pathway.engine.errors import Invalid, NotAllowed
from pathway.engine.todos import complete
from pathway.models import Todo
from pathway.protocol.roles import Role
from tests.cast import Cast, person
from tests.engine.running_pump import (
    DAY,
    change,
    duty,
    program,
    pump_of,
    titrating,
    wrong,
)
from tests.engine.traces import nothing_written
from tests.examples import example
from tests.walk import Walk


@pytest.fixture
def walk(cast: Cast) -> Walk:
    return titrating(cast)


def high(walk: Walk) -> dict[str, Any]:
    return program(walk.at, "1100", over_limit_reason="Tolerance; catheter intact.")


LIMITED = "Above 1000 mcg/day there is limited experience: a second clinician confirms."


def test_the_second_clinician_is_named_and_fit(cast: Cast, walk: Walk) -> None:
    assert wrong(change, walk, high(walk)) == {
        "second_clinician": [f"{LIMITED} Name the second clinician who checks it."]
    }
    assert wrong(change, walk, high(walk), second=cast.phil.id) == {
        "second_clinician": ["The second clinician is somebody else than you."]
    }
    for nobody in (cast.omar, cast.cora):
        assert wrong(change, walk, high(walk), second=nobody.id) == {
            "second_clinician": ["That person is no physician of this clinic."]
        }
    change(walk, program(walk.at, "110"))
    assert not Todo.objects.filter(case_id=walk.case_id, key="second_check").exists()


def test_the_second_clinician_agrees(cast: Cast, walk: Walk) -> None:
    todo = change(walk, high(walk), second=cast.nora.id)
    assert pump_of(walk).daily_dose_mcg_per_day == 1100  # the pump runs it: dates never wait for a signature
    check = duty(walk, "second_check")
    assert (check.owner_id, check.role, check.due_on, check.safety) == (
        cast.nora.id,
        "neurosurgeon",
        walk.today,
        True,
    )
    assert check.result["record_about"] == todo.result["record"]
    complete(todo_id=check.id, by=cast.nora, at=walk.at, record=example("second_check"))
    assert not Todo.objects.filter(case_id=walk.case_id, key="program_change", state="open").exists()
    check.refresh_from_db()
    assert check.result["agrees"] is True
    assert check.result["record_about"] == todo.result["record"]


def test_the_second_clinician_disagrees(cast: Cast, walk: Walk) -> None:
    change(walk, high(walk), second=cast.nora.id)
    check = duty(walk, "second_check")
    silent = example("second_check", agrees=False)
    with nothing_written(), pytest.raises(Invalid) as refused:
        complete(todo_id=check.id, by=cast.nora, at=walk.at, record=silent)
    assert refused.value.errors == {"remarks": ["Write what is wrong and what must happen now."]}
    complete(todo_id=check.id, by=cast.nora, at=walk.at, record=silent | {"remarks": "110 was agreed."})
    asked = duty(walk, "program_change")
    assert (asked.role, asked.due_on, asked.safety) == ("physiatrist", walk.today, True)


def test_who_recorded_it_never_confirms_it(cast: Cast, walk: Walk) -> None:
    """Even where the named one hands it over: two people answer for it."""
    paul = person("paul", cast.clinic, Role.PHYSIATRIST)
    change(walk, high(walk), second=paul.id)
    Todo.objects.filter(case_id=walk.case_id, key="second_check").update(owner=cast.phil)
    check = duty(walk, "second_check")
    with nothing_written(), pytest.raises(NotAllowed, match="somebody else must check it"):
        complete(todo_id=check.id, by=cast.phil, at=walk.at, record=example("second_check"))


def test_a_later_change_takes_the_place_of_the_one_to_check(cast: Cast, walk: Walk) -> None:
    change(walk, high(walk) | {"effective_at": walk.at - DAY}, second=cast.nora.id)
    first = duty(walk, "second_check")
    later = change(walk, program(walk.at, "1200", over_limit_reason="Still tight."), second=cast.anna.id)
    first.refresh_from_db()
    assert first.state == "withdrawn"
    check = duty(walk, "second_check")
    assert (check.owner_id, check.occurrence) == (cast.anna.id, 2)
    assert check.result["record_about"] == later.result["record"]
