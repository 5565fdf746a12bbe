"""An absence from entry to return, in the browser: the deputy sees the duty, does it, and afterwards has it no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from pathway.engine.todos import claim
from pathway.models import Absence, Notice, Todo
from pathway.protocol.roles import Role
from tests.browser.looking import faults, keyboard_faults, teach_axe
from tests.browser.person import Person
from tests.browser.site import Site
from tests.cast import Cast
from tests.cast import person as employ
from tests.config.waiting import until
from tests.examples import written
from tests.views.desk import fresh_case, todo_url

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]


def test_an_absence_is_entered_and_the_deputy_does_the_duty(
    site: Site, cast: Cast, person: Callable[..., Person]
) -> None:
    walk = fresh_case(cast)
    site.move_to(walk.at)
    pia = employ("pia", cast.clinic, Role.PHYSIATRIST)
    todo, other = walk.todo("goals"), walk.todo("neuro_history")
    for one in (todo, other):
        claim(todo_id=one.id, by=cast.phil, at=walk.at)

    phil = person("phil")
    teach_axe(phil.context)
    phil.go("/cover/")
    assert faults(phil.page) + keyboard_faults(phil.page) == []
    form = phil.page.locator("#enter form")
    days = {"first_day": str(walk.today), "last_day": str(walk.today + timedelta(days=2))}
    phil.fill(form, {**days, "deputy": str(pia.id), "note": "On a congress"})
    phil.press("Enter the absence", form)
    phil.reads("The absence is entered. Nothing changed its owner; the deputy has been told.")
    phil.reads("On a congress")
    assert faults(phil.page) == []
    site.turn_of_beat()
    until(lambda: Notice.objects.filter(recipient=pia, kind="cover_begins").exists())

    deputy = person("pia")
    teach_axe(deputy.context)
    deputy.go("/")
    row = deputy.page.locator(f"#todo-{todo.id}")
    expect(row).to_contain_text("for phil, away until")
    assert faults(deputy.page) == []
    deputy.go(todo_url(todo))
    deputy.reads("you answer")
    deputy.fill(deputy.page.locator("#record form"), written("goals", walk.today))
    deputy.press("Save and complete")
    deputy.reads("Treatment goals: Done.")
    done = Todo.objects.get(pk=todo.pk)
    assert (done.state, done.owner, done.ended_by_id) == ("done", cast.phil, pia.id)

    phil.go(f"/cover/{Absence.objects.get().id}/")
    assert faults(phil.page) == []
    site.move_to(walk.at + timedelta(days=1))
    phil.go(f"/cover/{Absence.objects.get().id}/")
    phil.page.get_by_text("End it now").click()
    phil.press("Yes, end it")
    phil.reads("over since yesterday")
    deputy.go("/")
    expect(deputy.page.locator(f"#todo-{other.id}")).to_have_count(0)
    phil.go("/")
    expect(phil.page.locator(f"#todo-{other.id}")).to_have_count(1)
    assert phil.complaints + deputy.complaints == []
