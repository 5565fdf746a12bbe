"""Private calendar addresses: one a person, shown once, replaced and revoked by them alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pathway.engine.errors import NotFound
from pathway.engine.feeds import create_feed, feed_was_read, revoke_feed
from pathway.models import CalendarFeed
from pathway.queries.feeds import KEY_LENGTH, feed_of, key_hash, owner_of_key
from tests.cast import MONDAY, Cast
from tests.engine.traces import nothing_written


def test_a_key_opens_its_persons_feed_and_is_kept_nowhere(cast: Cast) -> None:
    key = create_feed(by=cast.nora, at=MONDAY)
    owner = owner_of_key(key)
    assert owner is not None
    assert owner.person_id == cast.nora.id
    assert len(key) == KEY_LENGTH
    row = CalendarFeed.objects.get()
    assert bytes(row.key_hash) == key_hash(key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM pathway_calendarfeed t")
        assert key not in cursor.fetchone()[0]


def test_a_new_address_closes_the_old_one(cast: Cast) -> None:
    old, new = create_feed(by=cast.nora, at=MONDAY), create_feed(by=cast.nora, at=MONDAY + timedelta(hours=1))
    assert old != new
    assert owner_of_key(old) is None
    assert owner_of_key(new) is not None
    assert CalendarFeed.objects.count() == 2


def test_revoked_it_answers_nobody_and_once_more_changes_nothing(cast: Cast) -> None:
    mine, theirs = create_feed(by=cast.nora, at=MONDAY), create_feed(by=cast.phil, at=MONDAY)
    assert revoke_feed(by=cast.nora, at=MONDAY)
    assert owner_of_key(mine) is None
    assert feed_of(cast.nora.id) is None
    assert owner_of_key(theirs) is not None
    with nothing_written():
        assert not revoke_feed(by=cast.nora, at=MONDAY)


@pytest.mark.parametrize("key", ["", "none", "x" * KEY_LENGTH, "x" * 10_000])
def test_a_key_that_nobody_has_opens_nothing(cast: Cast, key: str) -> None:
    create_feed(by=cast.nora, at=MONDAY)
    with CaptureQueriesContext(connection) as asked:
        assert owner_of_key(key) is None
    assert len(asked) == (1 if len(key) == KEY_LENGTH else 0)


def test_a_closed_account_has_no_feed(cast: Cast) -> None:
    key = create_feed(by=cast.nora, at=MONDAY)
    cast.nora.is_active = False
    cast.nora.save()
    assert owner_of_key(key) is None
    with pytest.raises(NotFound):
        create_feed(by=cast.nora, at=MONDAY)


def test_that_a_calendar_asked_is_written_once_an_hour(cast: Cast) -> None:
    create_feed(by=cast.nora, at=MONDAY)
    feed = CalendarFeed.objects.get()
    for minutes, kept in ((0, 0), (59, 0), (60, 60), (61, 60)):
        feed_was_read(feed_id=feed.id, at=MONDAY + timedelta(minutes=minutes))
        assert CalendarFeed.objects.get().read_at == MONDAY + timedelta(minutes=kept)
