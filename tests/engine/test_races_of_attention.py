"""Two presses at once on one's own settings: real connections, real locks; one row, one address."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from pathway.engine.attention import choose, mute_news
from pathway.engine.feeds import create_feed
from pathway.models import Attention, CalendarFeed
from pathway.queries.feeds import owner_of_key
from tests.cast import MONDAY, Cast, make_cast
from tests.engine.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
CHOICE: dict[str, Any] = {
    "soon": "hourly",
    "news": "daily",
    "news_muted": True,
    "daily_at": time(8),
    "quiet_from": None,
    "quiet_to": None,
}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def test_two_addresses_made_at_once_leave_one(cast: Cast) -> None:
    keys = at_once(*[lambda: create_feed(by=cast.nora, at=MONDAY)] * 4)
    assert len(set(keys)) == 4
    assert len([key for key in keys if owner_of_key(key)]) == 1
    assert CalendarFeed.objects.filter(revoked_at=None).count() == 1


def test_choosing_and_muting_at_once_keep_both(cast: Cast) -> None:
    def choosing() -> Any:
        return choose(by=cast.nora, at=MONDAY, **CHOICE)

    def muting() -> Any:
        return mute_news(clinician_id=cast.nora.id, at=MONDAY)

    results = at_once(choosing, muting, choosing, muting)
    assert not [result for result in results if isinstance(result, Exception)]
    row = Attention.objects.get()
    assert (row.soon, row.news_muted) == ("hourly", True)
