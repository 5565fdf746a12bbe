"""What happens between a press and its answer: without JavaScript, with mistakes in a form, pressed twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from pathway.models import Case, Event, NeuroHistory, Todo
from pathway.protocol.roles import Stage
from tests.browser.looking import faults, teach_axe
from tests.browser.person import Person
from tests.browser.site import Site
from tests.cast import Cast
from tests.examples import written as typed
from tests.views.desk import case_url, fresh_case, todo_url
from tests.walk import Walk

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]
REFERRAL = {
    "mrn": "R-4004",
    "family_name": "Pressman",
    "given_name": "Sample",
    "birth_date": "1984-05-17",
    "sex": "female",
    "reason": "Spasms",
}


@pytest.fixture
def walk(site: Site, cast: Cast) -> Walk:
    """A fresh case, on the site's clock."""
    walk = fresh_case(cast)
    site.move_to(walk.at)
    return walk


def written(walk: Walk, kind: str, **changes: Any) -> dict[str, Any]:
    """What a person writes into the form of a record."""
    return typed(kind, walk.today, **changes)


def test_without_javascript_one_signs_in_does_a_todo_and_moves_the_case(
    walk: Walk, person: Callable[..., Person]
) -> None:
    for todo in walk.open():
        if todo.key != "social_checklist":
            walk.do(todo.key)
    cora = person("cora", java_script_enabled=False)
    cora.go(todo_url(walk.todo("social_checklist")))
    cora.press("Claim it")
    cora.reads("It is yours now.")
    cora.fill(cora.page.locator("#record form"), written(walk, "social_checklist"))
    cora.press("Save and complete")
    cora.reads("Social checklist: Done.")
    cora.press("Accept into selection")
    cora.reads("Accept into selection: done.")
    assert walk.case.stage == Stage.SELECTION


def test_a_form_with_mistakes_keeps_all_that_was_typed_and_points_to_them(
    walk: Walk, person: Callable[..., Person]
) -> None:
    typed = written(walk, "goals")
    typed |= {"agreed_on": "2031-01-01", "agreed_with": "patient & sister <both>"}
    phil = person("phil")
    phil.go(todo_url(walk.todo("goals")))
    form = phil.page.locator("#record form")
    phil.fill(form, typed)
    phil.press("Save and complete")
    summary = phil.page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(form.locator('[name="agreed_on"]')).to_be_focused()
    shown = {name: value for name, value in typed.items() if not name.endswith("-rows")}
    for name, value in shown.items():
        expect(form.locator(f'[name="{name}"]')).to_have_value(str(value))
    form.locator('[name="agreed_on"]').fill(walk.today.isoformat())
    phil.press("Save and complete")
    phil.reads("Treatment goals: Done.")
    assert phil.complaints == []


def test_a_double_click_opens_one_case(site: Site, cast: Cast, person: Callable[..., Person]) -> None:
    site.move_to(datetime.now(UTC))
    cora = person("cora")
    cora.go("/cases/new/")
    form = cora.page.locator("main form")
    cora.fill(form, REFERRAL)
    form.get_by_role("button", name="Open the case").dblclick()
    cora.reads("The case is open.")
    assert Case.objects.count() == 1


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(
    ("second", "answer"),
    [
        ({}, "It had been done before; nothing changed."),
        ({"remarks": "Another opinion"}, "What you typed was not saved. It is kept below"),
    ],
)
def test_two_presses_in_two_windows_write_one_record(
    walk: Walk, person: Callable[..., Person], script: bool, second: dict[str, str], answer: str
) -> None:
    todo = walk.todo("neuro_history")
    windows = [person("phil", java_script_enabled=script) for _ in range(2)]
    for window, changes in zip(windows, ({}, second), strict=True):
        window.go(todo_url(todo))
        window.fill(window.page.locator("#record form"), written(walk, "neuro_history", **changes))
    for window in windows:
        window.press("Save and complete")
    windows[0].reads("Neurological history: Done.")
    windows[1].reads(answer)
    assert Todo.objects.get(pk=todo.id).state == "done"
    assert NeuroHistory.objects.filter(case_id=walk.case_id).count() == 1
    assert Event.objects.filter(case_id=walk.case_id, verb="complete").count() == 1


def test_claiming_swaps_the_card_and_keeps_what_is_being_typed(
    walk: Walk, person: Callable[..., Person]
) -> None:
    phil = person("phil")
    phil.go(todo_url(walk.todo("neuro_history")))
    remarks = phil.page.locator('#record [name="remarks"]')
    remarks.fill("half a sentence")
    phil.page.get_by_role("button", name="Claim it").click()
    expect(phil.page.locator("#todo-owner")).to_contain_text("Yours")
    expect(remarks).to_have_value("half a sentence")
    assert walk.todo("neuro_history").owner_id == walk.cast.phil.pk


def test_an_advice_that_is_being_worked_out_stays_readable(walk: Walk, person: Callable[..., Person]) -> None:
    phil = person("phil")
    teach_axe(phil.context)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    phil.page.route("**/incidents/check/", hold)
    phil.go(case_url(walk.case_id) + "incidents/new/")
    preview = phil.page.locator("#preview")
    phil.page.locator("#report textarea").first.fill("Called, more spasms since noon")
    expect(preview).to_have_class(re.compile("htmx-request"))
    assert faults(phil.page) == []
    held[0].continue_()
    expect(preview).not_to_have_class(re.compile("htmx-request"))


def test_leaving_typed_work_asks_first(walk: Walk, person: Callable[..., Person]) -> None:
    phil = person("phil")
    phil.go(todo_url(walk.todo("neuro_history")))
    phil.page.locator('#record [name="remarks"]').press_sequentially("half a sentence")
    asked: list[str] = []
    phil.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    phil.page.goto(case_url(walk.case_id))
    assert asked == ["beforeunload"]
