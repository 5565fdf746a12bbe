"""The page of one's choices, the link that mutes news, and who is told how much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time, timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client

from pathway.engine.feeds import create_feed
from pathway.models import CalendarFeed, Membership
from pathway.notify.unsubscribe import Whose, headers_for, mute_link, token_for
from pathway.protocol.attention import Pace
from pathway.queries.attention import taste_of
from pathway.queries.feeds import owner_of_key
from tests.cast import MONDAY, Cast, make_cast
from tests.engine.traces import nothing_written
from tests.inboxes import tell
from tests.views.desk import MAX_QUERIES, Desk, at, words

URL = "/settings/notices/"
CHOICE = {
    "soon": "instant",
    "news": "daily",
    "daily_at": "08:00",
    "quiet_from": "20:00",
    "quiet_to": "07:00",
}


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast, on Monday."""
    cast = make_cast()
    with at(MONDAY):
        yield cast


def token_of(person_id: UUID) -> str:
    """What a clinician's link ends in."""
    return token_for(Whose.CLINICIAN, person_id)


# --- choices ---


def test_the_page_shows_what_holds_and_what_follows_from_it(cast: Cast) -> None:
    text = words(Desk(cast.nora).get(URL))
    assert "On your clinic's clock, America/Chicago." in text
    assert "A reminder that something is due at 21:40 reaches you at 06:30 the next day." in text
    assert "A reminder that something is due at 10:05 reaches you at 10:05." in text
    assert "News at 10:05 reaches you at 11:00." in text
    assert "Something about safety at 21:40 reaches you at 21:40." in text


def test_what_may_be_muted_and_what_not_is_listed_apart(cast: Cast) -> None:
    text = words(Desk(cast.nora).get(URL))
    always, wait, news = (
        text.index(title)
        for title in (
            "Always at once, day and night",
            "May wait for an hour",
            "News: may wait, and may be muted",
        )
    )
    assert always < text.index("A red incident waits for acknowledgement") < wait
    assert always < text.index("A to-do is overdue, where it protects a pump or a patient") < wait
    assert wait < text.index("A sign-off lapsed") < news
    assert news < text.index("A to-do opened")
    assert "An appointment is near" not in text


def test_a_choice_is_kept_and_shown(cast: Cast) -> None:
    desk = Desk(cast.nora)
    answer = desk.post(URL, {**CHOICE, "news_muted": "on"})
    assert (answer.status_code, answer.headers["Location"]) == (303, URL)
    taste = taste_of(cast.nora.id)
    assert (taste.news, taste.news_muted, taste.daily_at, taste.quiet_to) == (
        Pace.DAILY,
        True,
        time(8),
        time(7),
    )
    page = desk.get(URL)
    assert "News at 10:05 stands in your inbox only." in words(page)
    assert re.search(r'name="daily_at" value="08:00"', page)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"quiet_to": ""}, "Quiet hours need a beginning and an end."),
        ({"quiet_from": "07:00"}, "Quiet hours cannot end when they begin."),
        ({"daily_at": "05:00"}, "05:00 lies in your quiet hours, 20:00 to 07:00"),
        ({"daily_at": "25:00"}, "Enter a valid time."),
        ({"soon": "never"}, "Select a valid choice."),
    ],
)
def test_a_refused_choice_keeps_what_was_typed(cast: Cast, wrong: dict[str, str], says: str) -> None:
    desk = Desk(cast.nora)
    with nothing_written():
        answer = desk.post(URL, {**CHOICE, **wrong})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says in words(page)
    for name, typed in {**CHOICE, **wrong}.items():
        if name in ("daily_at", "quiet_from") and typed:
            assert f'name="{name}" value="{typed}"' in page


def test_few_queries(cast: Cast) -> None:
    assert Desk(cast.cora).queries(URL) <= 8 < MAX_QUERIES


# --- the private calendar address ---


def test_an_address_is_shown_once(cast: Cast) -> None:
    desk = Desk(cast.nora)
    page = desk.post(f"{URL}address/").content.decode()
    (key,) = re.findall(r"/calendar/([\w-]{43})\.ics", page)
    owner = owner_of_key(key)
    assert owner is not None
    assert owner.person_id == cast.nora.id
    later = desk.get(URL)
    assert key not in later
    assert "Address in use" in later
    assert "not read by any calendar yet" in words(later)


def test_a_new_address_and_none(cast: Cast) -> None:
    desk, old = Desk(cast.nora), create_feed(by=cast.nora, at=MONDAY)
    desk.post(f"{URL}address/")
    assert owner_of_key(old) is None
    assert CalendarFeed.objects.filter(revoked_at=None).count() == 1
    desk.post(f"{URL}address/revoke/")
    assert CalendarFeed.objects.filter(revoked_at=None).count() == 0
    assert "The address no longer answers." in desk.get(URL)
    desk.post(f"{URL}address/revoke/")
    assert "There was no address to close." in desk.get(URL)


# --- muting by link ---


def test_the_link_says_what_would_happen_and_changes_nothing(cast: Cast) -> None:
    with nothing_written():
        answer = Client().get(f"/notices/mute/{token_of(cast.nora.id)}/")
    assert answer.status_code == 200
    text = words(answer.content.decode())
    assert "You would get no more mail about: A to-do opened" in text
    assert "A red incident waits for acknowledgement: at once" in text
    assert "nora" not in text


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}])
def test_one_click_mutes_the_news_of_its_person_alone(cast: Cast, body: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    link = f"/notices/mute/{token_of(cast.nora.id)}/"
    assert "No more mail about news" in client.post(link, body).content.decode()
    assert taste_of(cast.nora.id).news_muted
    assert not taste_of(cast.phil.id).news_muted
    with nothing_written():
        assert client.post(link, body).status_code == 200
        assert "No more mail about news" in client.get(link).content.decode()


def test_it_mutes_whoever_the_mail_was_sent_to_not_who_is_signed_in(cast: Cast) -> None:
    Desk(cast.phil).post(f"/notices/mute/{token_of(cast.nora.id)}/")
    assert (taste_of(cast.nora.id).news_muted, taste_of(cast.phil.id).news_muted) == (True, False)


def test_a_changed_link_or_one_of_another_kind_is_not_there(cast: Cast) -> None:
    good = token_of(cast.nora.id)
    swapped = good.replace(cast.nora.id.hex, cast.phil.id.hex)
    client = Client()
    with nothing_written():
        for token in (good[:-1], swapped, "x", token_for(Whose.CONTACT, cast.nora.id), token_of(uuid4())):
            assert client.get(f"/notices/mute/{token}/").status_code == 404, token
            assert client.post(f"/notices/mute/{token}/").status_code == 404, token


def test_a_closed_account_has_no_link(cast: Cast) -> None:
    cast.nora.is_active = False
    cast.nora.save()
    assert Client().post(f"/notices/mute/{token_of(cast.nora.id)}/").status_code == 404


def test_the_headers_name_the_link_and_the_one_click(cast: Cast) -> None:
    assert headers_for(cast.nora.id) == {
        "List-Unsubscribe": f"<{mute_link(cast.nora.id)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    link = mute_link(cast.nora.id)
    path = "/" + link.split("/", 3)[3]
    assert re.fullmatch(r"/notices/mute/[\w.-]+/", path)
    assert Client().get(path).status_code == 200


# --- who is told how much ---


def test_a_coordinator_sees_people_and_rules(cast: Cast) -> None:
    tell(cast.nora, cast.clinic, 3, kind="alarm", urgency="safety")
    tell(cast.phil, cast.clinic, 1)
    text = words(Desk(cast.cora).get("/attention/"))
    assert "Riverside, the last 30 days." in text
    assert "An absence is over No to-do 1" in text
    assert "25 %" in text
    assert "75 %" in text
    assert text.index("nora") < text.index("phil")


def test_everybody_else_is_told_who_may(cast: Cast) -> None:
    answer = Desk(cast.nora).get("/attention/", 403)
    assert "A coordinator or a lead of your clinic sees" in answer
    assert "/attention/" not in Desk(cast.nora).get(URL)
    Membership.objects.filter(clinician=cast.nora).update(is_lead=True)
    assert "Who is told how much" in Desk(cast.nora).get("/attention/")
    assert 'href="/attention/"' in Desk(cast.nora).get(URL)


def test_another_clinic_is_shown_to_who_keeps_it_alone(cast: Cast) -> None:
    tell(cast.omar, cast.other_clinic, 5)
    url = f"/attention/?clinic={cast.other_clinic.id}"
    assert "omar" not in words(Desk(cast.cora).get(url))
    Membership.objects.create(clinician=cast.cora, clinic=cast.other_clinic, role="coordinator")
    assert "omar" in words(Desk(cast.cora).get(url))
    assert Desk(cast.cora).queries(url) <= 8 < MAX_QUERIES


def test_a_quiet_clinic_says_so(cast: Cast) -> None:
    with at(MONDAY + timedelta(days=40)):
        assert "Nobody was told anything" in Desk(cast.cora).get("/attention/")
