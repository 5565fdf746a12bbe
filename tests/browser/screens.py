"""Which pages there are: for each route of the URL configuration, who looks at it and where it is."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

from pathway.models import Incident
from pathway.notify.compose_appointment import stop_link
from pathway.notify.unsubscribe import mute_link
from tests.browser.trouble import make_trouble
from tests.browser.world import Screen, World


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


def group_of(route: str) -> str:
    """The first of GROUPS that the route begins with."""
    return next(group for group in GROUPS if route.startswith(group))
