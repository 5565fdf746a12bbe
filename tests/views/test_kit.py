"""Tags, navigation and the icon list: the small things every screen leans on."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.template import Context

from pathway.templatetags import kit
from pathway.views.context import navigation

TODAY = dt.date(2026, 3, 4)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
COMPONENTS = TEMPLATES / "_components"
ICONS = set((COMPONENTS / "icons.txt").read_text().split())


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (-12, "12 days overdue Fri 20 Feb"),
        (-1, "1 day overdue Tue 3 Mar"),
        (0, "Due today Wed 4 Mar"),
        (1, "Due tomorrow Thu 5 Mar"),
        (3, "Due in 3 days Sat 7 Mar"),
        (4, "Sun 8 Mar"),
        (400, "8 Apr 2027"),
    ],
)
def test_a_due_date_says_in_words_what_its_colour_says(days: int, said: str) -> None:
    assert words(kit.due(Context({"today": TODAY}), TODAY + dt.timedelta(days))) == said


def test_a_finished_duty_is_never_overdue() -> None:
    assert words(kit.due(Context({"today": TODAY}), TODAY - dt.timedelta(9), done=True)) == "Mon 23 Feb"


def test_the_clinics_date_is_asked_only_when_needed() -> None:
    asked: list[int] = []

    def today() -> dt.date:
        asked.append(1)
        return TODAY

    context = Context({"today": today})
    assert words(kit.due(context, None)) == "No date"
    assert asked == []
    assert "Due today" in kit.due(context, TODAY)


def test_a_status_is_never_colour_alone() -> None:
    html = kit.status("danger", "Overdue")
    assert words(html) == "Overdue"
    assert "<svg" in html
    with pytest.raises(KeyError):
        kit.status("crimson", "Overdue")


def test_names_are_escaped() -> None:
    assert "<b>" not in kit.role("physiatrist", "<b>Phil")
    assert "<b>" not in kit.status("info", "<b>")
    assert "<b>" not in kit.icon("check", "<b>")


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    pattern = re.compile(r"""\{% icon "([a-z0-9-]+)"|\bicon="([a-z0-9-]+)"|<c-icon name="([a-z0-9-]+)\"""")
    found = {
        next(filter(None, match.groups())): template
        for template in TEMPLATES.rglob("*.html")
        for match in pattern.finditer(template.read_text())
    }
    assert len(found) > 20
    assert {name: str(path) for name, path in found.items() if name not in ICONS} == {}
    assert set(kit.STATUS_ICONS.values()) | set(kit.ROLE_ICONS.values()) <= ICONS


def test_every_component_tells_how_it_is_used_and_declares_what_it_takes() -> None:
    for template in COMPONENTS.glob("*.html"):
        text = template.read_text()
        name = template.stem.replace("_", "-")
        assert f"<c-{name}" in text.split("<c-vars")[0], f"{template.name} has no usage comment"
        assert "<c-vars" in text, f"{template.name} would read its page's variables by accident"


def test_no_template_carries_inline_script_or_style() -> None:
    for template in TEMPLATES.rglob("*.html"):
        if "emails" in template.parts:
            continue
        text = re.sub(
            r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", "", template.read_text(), flags=re.DOTALL
        )
        assert not re.search(
            r"\sstyle=|<style|\son[a-z]+=[\"']|javascript:|hx-on|<script(?![^>]*src=)", text
        ), template


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", "My work"),
        ("/board/", "Board"),
        ("/cases/", "Cases"),
        ("/cases/new/", "Refer"),
        ("/x/", None),
    ],
)
def test_one_entry_of_the_navigation_is_current(path: str, current: str | None) -> None:
    marked = [item["label"] for item in navigation(path, demo=True) if item["current"]]
    assert marked == ([current] if current else [])


def test_the_demo_inbox_is_only_in_the_demo() -> None:
    assert "Demo inbox" in [item["label"] for item in navigation("/", demo=True)]
    assert "Demo inbox" not in [item["label"] for item in navigation("/", demo=False)]


def test_only_the_notices_are_counted_and_only_where_the_menu_is_drawn() -> None:
    asked: list[int] = []
    entries = navigation("/", demo=False, unread=lambda: asked.append(1) or "7")
    assert not asked
    counted = {item["label"]: item["count"]() for item in entries if item["count"]}
    assert (counted, asked) == ({"Notices": "7"}, [1])
