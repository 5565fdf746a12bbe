"""A coordinator closes a day of the clinic: what moves is shown, agreed on and moved; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from pathway.models import Clinic
from tests.browser.looking import faults, keyboard_faults, teach_axe
from tests.browser.marks import STORY
from tests.browser.person import NARROW, Person
from tests.browser.site import Site
from tests.cast import Cast
from tests.views.desk import fresh_case

pytestmark = STORY


@pytest.mark.parametrize("options", [{}, {"viewport": NARROW, "color_scheme": "dark"}])
def test_a_day_is_closed_after_a_look_at_what_moves(
    site: Site, cast: Cast, person: Callable[..., Person], options: dict[str, object]
) -> None:
    walk = fresh_case(cast)
    site.move_to(walk.at)
    before = walk.todo("baseline_spasticity").due_on
    cora = person("cora", **options)
    teach_axe(cora.context)
    cora.go("/clinic/")
    form = cora.page.locator("#calendar form")
    form.locator('[name="closed_days-0-on"]').fill(str(before - timedelta(days=3)))
    form.locator('[name="closed_days-0-reason"]').fill("Painting")
    cora.press("Show what moves")
    cora.reads("Nothing is saved yet.")
    cora.reads("1 day later")
    assert not faults(cora.page) + keyboard_faults(cora.page)

    cora.press("Back")
    expect(form.locator('[name="closed_days-0-reason"]')).to_have_value("Painting")
    cora.press("Show what moves")
    cora.press("Move these dates and save")
    cora.reads("The calendar is saved.")
    assert walk.todo("baseline_spasticity").due_on > before
    assert Clinic.objects.get(pk=cast.clinic.pk).calendar_version == 2
    assert not faults(cora.page) + keyboard_faults(cora.page) + cora.complaints
