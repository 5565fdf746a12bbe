"""Every screen as people meet it: no rule of accessibility broken, light and dark, wide and narrow; nothing in the
console; few queries; usable by keyboard and without JavaScript.

The screens follow from the URL configuration: a new page that `SCREENS` does not know fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.mime.text import MIMEText
from email.utils import formatdate
from mailbox import Maildir
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import override_settings
from playwright.sync_api import Browser, expect

from pathway.engine.protocols import publish
from pathway.models import Case, Clinician, Incident, Todo
from pathway.notify.compose_appointment import stop_link
from pathway.notify.unsubscribe import mute_link
from pathway.protocol.loader import VERSIONS, load
from pathway.synthetic.demo import make_demo
from pathway.views.referral_file import COLUMNS, SAMPLE
from tests.access.routes import routes
from tests.access.test_matrix import expected, is_admin
from tests.browser.absent import phils_absence
from tests.browser.consent import agreed
from tests.browser.looking import faults, keyboard_faults, teach_axe
from tests.browser.person import WIDE, Person
from tests.browser.site import Site
from tests.browser.trouble import make_trouble
from tests.cast import PASSWORD
from tests.views.desk import MAX_QUERIES, Desk

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(600),
]
ROLES = {"neurosurgeon": "nora", "physiatrist": "phil", "anesthesiologist": "anna", "coordinator": "cora"}


@dataclass(frozen=True)
class Screen:
    """A page: who looks at it (nobody: not signed in) and where it is."""

    who: str
    url: str


class World:
    """The demonstration's clinics and cases, which show every situation at once."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        publish(by=None, at=datetime(2015, 1, 1, tzinfo=UTC), protocol=load(VERSIONS / "itb-1"))
        self.made = make_demo(end=now, seed=20, password=PASSWORD)
        Clinician.objects.create_superuser("admin", "admin@clinic.example", PASSWORD)
        two_factors = Clinician.objects.get(username="arno")
        TOTP.activate(two_factors, generate_totp_secret())
        RecoveryCodes.activate(two_factors)

        self.contacts = [
            agreed(self.case("titration at six weeks"), now),
            agreed(self.case("long-term, past its refill date"), now, refused_at=now),
        ]
        self.absence = phils_absence()
        self.desks = {user.username: Desk(user) for user in Clinician.objects.all()}

    def desk(self, name: str) -> Desk:
        """Somebody's session, begun before the tests and seen by the site."""
        return self.desks[name]

    def id_of(self, name: str) -> UUID:
        """Somebody's id."""
        return Clinician.objects.get(username=name).pk

    def case(self, scenario: str) -> str:
        """The address of the case that shows this situation."""
        [walked] = [
            walked for plan, walked in self.made if plan.name == scenario and walked.case_id in self.riverside
        ]
        return f"/cases/{walked.case_id}/"

    @property
    def riverside(self) -> set[Any]:
        return set(Case.objects.filter(clinic__slug="riverside").values_list("id", flat=True))

    def open_todos(self) -> list[Screen]:
        """For each kind of duty the newest open to-do, seen by one who may do it."""
        newest: dict[str, Todo] = {}
        todos = Todo.objects.filter(clinic__slug="riverside", state="open", case__held_at=None).order_by(
            "opened_at", "id"
        )
        for todo in todos:
            name = ROLES[todo.role]
            if todo.owner is None or todo.owner.username == name:
                newest[todo.key] = todo
        return [Screen(ROLES[todo.role], f"/todos/{todo.id}/") for todo in newest.values()]

    def other_todos(self) -> list[Screen]:
        """Done with a record, signed, lapsed, not applicable, somebody else's, of a closed case."""
        todos = Todo.objects.filter(clinic__slug="riverside")
        done = todos.filter(state="done")
        found = [
            done.filter(key="baseline_spasticity").first(),
            done.filter(key="trial_readings").first(),
            done.filter(key="operation").first(),
            done.filter(key="candidacy_physiatrist").first(),
            todos.filter(state="open", role="physiatrist").first(),
            todos.filter(state="open", key="trial_readings").first(),  # she observes, the physiatrist judges
            todos.filter(case__stage="closed").exclude(state="open").last(),
        ]
        return [Screen("nora", f"/todos/{todo.id}/") for todo in found if todo]


def in_trouble(world: World) -> list[Screen]:
    """The watch while something is wrong, for who mends it, who reads it, and who has no clinic."""
    make_trouble()
    return [Screen(name, "/watch/") for name in ("cora", "anna", "admin")]


CASES = (
    "evaluation half done",
    "on hold in evaluation",
    "ready to be accepted",
    "dissent waits for the meeting",
    "a signature lapsed",
    "no response, to be discussed",
    "plans overdue",
    "titration at six weeks",
    "long-term, past its refill date",
    "revision planned",
    "died",
)
#: Nothing yet, a trial alone, a dose that rises, many refills, and a pump that is out.
TRENDS = (
    "referred today or yesterday",
    "non-responder",
    "titration at six weeks",
    "long-term, late refills",
    "pump explanted",
)


def of_everybody(*urls: str) -> Callable[[World], list[Screen]]:
    return lambda world: [Screen("", url) for url in urls]


def of(who: str, *urls: str) -> Callable[[World], list[Screen]]:
    return lambda world: [Screen(who, url) for url in urls]


#: The pages of each route. Routes that only act, and files, are no pages.
SCREENS: dict[str, Callable[[World], list[Screen]]] = {
    "": lambda world: [*of("phil", "/", "/?when=overdue")(world), Screen("admin", "/"), Screen("cora", "/")],
    "notices/": lambda world: [
        Screen("cora", "/notices/"),
        Screen("phil", "/notices/?show=all"),
        Screen("nora", "/notices/?show=safety"),
    ],
    "notices/<uuid:notice_id>/": of(
        "cora", f"/notices/{UUID(int=0)}/"
    ),  # nobody's: the page that nothing is there
    "notices/mute/<str:token>/": lambda world: [Screen("", urlsplit(mute_link(world.id_of("phil"))).path)],
    "settings/notices/": of("cora", "/settings/notices/"),
    "attention/": lambda world: [Screen("cora", "/attention/"), Screen("phil", "/attention/")],
    "board/": of("cora", "/board/", "/board/?state=hold", "/board/?turn=nurse"),
    "cases/": of("cora", "/cases/", "/cases/?state=closed", "/cases/?stage=trial&state=hold"),
    "cases/new/": lambda world: [Screen("cora", "/cases/new/"), Screen("phil", "/cases/new/")],
    "cases/import/": of("cora", "/cases/import/"),
    "cases/<uuid:case_id>/": lambda world: (
        [Screen("cora", world.case(name)) for name in CASES]
        + [Screen("phil", world.case("titration at six weeks"))]
    ),
    "cases/<uuid:case_id>/card/": lambda world: [
        Screen("cora", world.case(name) + "card/")
        for name in ("titration at six weeks", "long-term, past its refill date", "on hold in evaluation")
    ],
    "cases/<uuid:case_id>/trends/": lambda world: (
        [Screen("phil", world.case(name) + "trends/") for name in TRENDS]
        + [Screen("cora", world.case("pump near its end of service") + "trends/?window=all")]
    ),
    "cases/<uuid:case_id>/record/<slug:key>/": lambda world: (
        [
            Screen("phil", f"{world.case('long-term, past its refill date')}record/{key}/")
            for key in ("program_change", "pump_event")
        ]
        + [Screen("cora", f"{world.case('long-term, past its refill date')}record/program_change/")]
    ),
    "todos/<uuid:todo_id>/": lambda world: world.open_todos() + world.other_todos(),
    "cases/<uuid:case_id>/incidents/new/": lambda world: [
        Screen("phil", f"{world.case('titration at six weeks')}incidents/new/")
    ],
    "refills/": of("cora", "/refills/"),
    "watch/": in_trouble,
    "incidents/": of("cora", "/incidents/", "/incidents/?level=green", "/incidents/?state=closed"),
    "incidents/<uuid:incident_id>/": lambda world: [
        Screen("phil", f"/incidents/{key}/") for key in Incident.objects.values_list("id", flat=True)
    ],
    "clinic/": lambda world: [
        Screen("cora", "/clinic/"),
        Screen("phil", "/clinic/"),
        Screen("admin", "/clinic/"),
    ],
    "cover/": lambda world: [Screen("cora", f"/cover/?clinic={world.absence.clinic_id}")],
    "cover/<uuid:absence_id>/": lambda world: [
        Screen(who, f"/cover/{world.absence.id}/") for who in ("phil", "anna")
    ],
    "people/": of("cora", "/people/"),
    "people/<uuid:clinician_id>/": lambda world: [Screen("cora", f"/people/{world.absence.clinician_id}/")],
    "devices/": lambda world: [Screen(who, "/devices/") for who in ("cora", "anna", "admin")],
    "reminders/stop/<str:key>/": lambda world: [
        Screen("", urlsplit(stop_link(world.contacts[0].pk)).path),
        Screen("cora", "/reminders/stop/none/"),
    ],
    "demo/mail/": of("cora", "/demo/mail/"),  # outside the demonstration: the page that nothing is there
    "demo/mail/<str:key>/": of("cora", "/demo/mail/none/"),
    "help/sources/": of("cora", "/help/sources/", "/help/sources/?tag=U"),
    "help/style/": of("cora", "/help/style/"),
    "accounts/login/": of_everybody("/accounts/login/"),
    "accounts/logout/": of("cora", "/accounts/logout/"),
    "accounts/inactive/": of_everybody("/accounts/inactive/"),
    "accounts/signup/": of_everybody("/accounts/signup/"),
    "accounts/reauthenticate/": of("cora", "/accounts/reauthenticate/"),
    "accounts/email/": of("cora", "/accounts/email/"),
    "accounts/confirm-email/": of_everybody("/accounts/confirm-email/"),
    "accounts/password/change/": of("cora", "/accounts/password/change/"),
    "accounts/password/set/": of("cora", "/accounts/password/set/"),
    "accounts/password/reset/": of_everybody("/accounts/password/reset/"),
    "accounts/login/code/confirm/": of_everybody("/accounts/login/code/confirm/"),
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": of_everybody("/accounts/confirm-email/none/"),
    "accounts/password/reset/key/done/": of_everybody("/accounts/password/reset/key/done/"),
    r"accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": of_everybody(
        "/accounts/password/reset/key/1-none/"
    ),
    "accounts/password/reset/done/": of_everybody("/accounts/password/reset/done/"),
    "accounts/2fa/": lambda world: [Screen("cora", "/accounts/2fa/"), Screen("arno", "/accounts/2fa/")],
    "accounts/2fa/authenticate/": of_everybody("/accounts/2fa/authenticate/"),
    "accounts/2fa/reauthenticate/": of("arno", "/accounts/2fa/reauthenticate/"),
    "accounts/2fa/totp/activate/": of("cora", "/accounts/2fa/totp/activate/"),
    "accounts/2fa/totp/deactivate/": of("arno", "/accounts/2fa/totp/deactivate/"),
    "accounts/2fa/recovery-codes/": of("arno", "/accounts/2fa/recovery-codes/"),
    "accounts/2fa/recovery-codes/generate/": of("arno", "/accounts/2fa/recovery-codes/generate/"),
}
#: Pages that send this reader elsewhere; where to, is looked at too.
REDIRECTS = {
    "/accounts/password/set/",
    "/accounts/login/code/confirm/",
    "/accounts/2fa/authenticate/",
    "/accounts/2fa/reauthenticate/",
}
NO_PAGES = {
    "cases/<uuid:case_id>/card.pdf",
    "cases/<uuid:case_id>/summary.pdf",
    "cases/import/referrals.csv",
    "calendar/<str:key>.ics",
    "todos/<uuid:todo_id>/clock/",  # a fragment of the to-do's page
    "accounts/2fa/recovery-codes/download/",
    "healthz",
    "readyz",
    "metrics",
}
GROUPS = ("accounts/", "cases/", "todos/", "incidents/", "")


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
        yield World()
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


def group_of(route: str) -> str:
    """The first of GROUPS that the route begins with."""
    return next(group for group in GROUPS if route.startswith(group))


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
