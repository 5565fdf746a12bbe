"""A synthetic clinic with its people and the protocol, for every test of this folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pathway.engine.protocols import publish
from pathway.protocol.loader import VERSIONS, load
from pathway.synthetic.demo import RIVERSIDE
from pathway.synthetic.staff import Staff, make_staff

WEDNESDAY = datetime(2026, 9, 30, 15, 0, tzinfo=UTC)


@pytest.fixture
def staff(db: None) -> Staff:
    """The demonstration's first clinic."""
    publish(by=None, at=WEDNESDAY - timedelta(days=4000), protocol=load(VERSIONS / "itb-1"))
    identity = {"name": "Riverside", "slug": "riverside", "time_zone": "America/Chicago", "country": "US"}
    return make_staff(identity, RIVERSIDE, None)
