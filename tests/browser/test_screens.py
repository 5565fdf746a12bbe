"""Every screen as people meet it: no rule of accessibility broken, light and dark, wide and narrow; nothing in the
console; few queries; usable by keyboard and without JavaScript.

The screens follow from the URL configuration: a new page that `tests.browser.screens` does not know fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.mime.text import MIMEText
from email.utils import formatdate
from mailbox import Maildir
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import override_settings
from playwright.sync_api import Browser, expect

from pathway.views.referral_file import COLUMNS, SAMPLE
from tests.access.routes import routes
from tests.access.test_matrix import expected, is_admin
from tests.browser.looking import faults, keyboard_faults, teach_axe
from tests.browser.person import WIDE, Person
from tests.browser.screens import GROUPS, NO_PAGES, REDIRECTS, SCREENS, group_of
from tests.browser.site import Site
from tests.browser.world import World
from tests.cast import PASSWORD
from tests.views.desk import MAX_QUERIES

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(600),
]


def test_every_page_of_the_configuration_is_looked_at() -> None:
    readable = {
        route
        for route in routes()
        if not is_admin(route) and expected()["GET", route]["cora"] != 405 and route not in NO_PAGES
    }
    assert set(SCREENS) == readable


@pytest.fixture(scope="module")
def world(site: Site, django_db_blocker: Any) -> Iterator[World]:
    """The demonstration's people and cases, once for all screens; everything is removed afterwards."""
    with django_db_blocker.unblock():
        site.move_to(datetime.now(UTC))
        try:
            yield World()
        finally:  # what is left would fail every later test
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def windows(world: World, site: Site, browser: Browser) -> Iterator[Callable[[str], Person]]:
    """A window for each name, signed in; the same one each time. No name: nobody is signed in."""
    opened: dict[str, Person] = {}

    def window(name: str) -> Person:
        if name not in opened:
            opened[name] = Person(browser, site, name)
            teach_axe(opened[name].context)
            if name:
                cookie = world.desk(name).cookie
                opened[name].context.add_cookies(
                    [{"name": cookie.key, "value": cookie.value, "url": site.url}]
                )
        return opened[name]

    yield window
    for one in opened.values():
        one.context.close()


def complaints_about(one: Person, url: str) -> list[str]:
    """Everything wrong with the page at this address."""
    one.complaints.clear()
    one.page.set_viewport_size(WIDE)
    one.page.goto(url)
    if "reauthenticate" in one.page.url and "reauthenticate" not in url:  # pages about factors ask once more
        one.page.get_by_label("Password").fill(PASSWORD)
        one.press("Confirm")
    assert one.page.url.startswith(one.site.url + url) or url in REDIRECTS, f"{url} leads to {one.page.url}"
    return [f"{one.name or 'anonymous'} {url}: {line}" for line in (*faults(one.page), *one.complaints)]


@pytest.mark.parametrize("group", GROUPS)
def test_no_rule_of_accessibility_is_broken_and_the_console_is_silent(
    world: World, windows: Callable[[str], Person], group: str
) -> None:
    mine = [make for route, make in SCREENS.items() if group_of(route) == group]
    screens = [screen for make in mine for screen in make(world)]
    wrong = [line for screen in screens for line in complaints_about(windows(screen.who), screen.url)]
    assert not wrong, "\n".join(wrong)


def test_the_page_of_the_second_factor(world: World, windows: Callable[[str], Person]) -> None:
    stranger = windows("")
    stranger.name = "arno"
    stranger.go("/")
    expect(stranger.page).to_have_url(f"{stranger.site.url}/accounts/2fa/authenticate/")
    assert not faults(stranger.page) + stranger.complaints


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500, "403_csrf"])
def test_the_pages_of_errors(windows: Callable[[str], Person], status: int | str) -> None:
    one = windows("")
    show(one, "/broken/", render_to_string(f"{status}.html"))
    assert not complaints_about(one, "/broken/")


def show(one: Person, url: str, page: str) -> None:
    """Have the window get this page from the address, with the site's own files around it."""
    one.context.route(f"**{url}", lambda route: route.fulfill(body=page, content_type="text/html"))


def test_the_inbox_of_the_demonstration(
    world: World, windows: Callable[[str], Person], tmp_path: Path
) -> None:
    """The site is not in demo mode: its page is drawn here and shown at its address."""
    one, desk = windows("cora"), world.desk("cora")
    letter = MIMEText("A to-do has opened for you.")
    letter["Subject"], letter["To"], letter["Date"] = "To do: Goals", "cora@clinic.example", formatdate()
    with override_settings(DEMO=True, DEMO_MAIL_DIR=tmp_path / "mail"):
        key = Maildir(tmp_path / "mail", create=True).add(letter)
        for url in ("/demo/mail/", f"/demo/mail/{key}/"):
            show(one, url, desk.get(url))
            assert not complaints_about(one, url)


def test_forms_with_errors_and_reports(world: World, windows: Callable[[str], Person]) -> None:
    """What a person sees after a press that was refused: the same rules hold, and the focus is on the summary."""
    wrong: list[str] = []
    for screen in world.open_todos():
        one = windows(screen.who)
        one.page.set_viewport_size(WIDE)
        one.page.goto(screen.url)
        button = one.page.get_by_role("button", name="Save and complete")
        if button.count():
            one.complaints.clear()
            button.click()
            expect(one.page.locator("[data-error-summary]")).to_be_focused()
            wrong += [f"{screen.url} after errors: {line}" for line in (*faults(one.page), *one.complaints)]
    cora = windows("cora")
    for rows in ([SAMPLE], [SAMPLE, ("",) * len(SAMPLE), SAMPLE]):
        cora.page.goto("/cases/import/")
        text = "\n".join(",".join(cells) for cells in (COLUMNS, *rows))
        cora.page.locator('input[type="file"]').set_input_files(
            {"name": "referrals.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
        cora.page.locator("main form button[type=submit]").first.click()
        cora.reads("MRN-0001")
        wrong += [f"import report: {line}" for line in (*faults(cora.page), *cora.complaints)]
    assert not wrong, "\n".join(wrong)


def test_the_rules_find_what_is_broken(windows: Callable[[str], Person]) -> None:
    one = windows("")
    broken = '<html><title>x</title><main><img src="/static/pathway/logo.svg" width="2000"><p onclick="0">x</p></main>'
    show(one, "/broken/", broken)
    found = "\n".join(complaints_about(one, "/broken/"))
    for fault in ("image-alt", "html-has-lang", "390 px dark: does not fit"):
        assert fault in found


def test_no_page_asks_the_database_more_than_a_few_times(world: World) -> None:
    screens = {
        screen
        for route, make in SCREENS.items()
        if not route.startswith("accounts/")
        for screen in make(world)
        if screen.who
    }
    asked = {screen: world.desk(screen.who).queries(screen.url, status=None) for screen in screens}
    assert {screen: number for screen, number in asked.items() if number > MAX_QUERIES} == {}


@pytest.mark.parametrize(
    "url", ["/", "/board/", "/cases/", "/cases/new/", "case", "todo", "/accounts/login/"]
)
def test_every_control_is_reached_with_the_tab_key_and_shows_it(
    world: World, windows: Callable[[str], Person], url: str
) -> None:
    one = windows("" if url.startswith("/accounts/") else "cora")
    todo = next(screen.url for screen in world.open_todos() if screen.who == "cora")
    one.page.goto({"case": world.case("titration at six weeks"), "todo": todo}.get(url, url))
    assert not keyboard_faults(one.page)
