"""The cast, for every test of a read."""

from __future__ import annotations

import pytest

from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """One clinic with its four people, and an outsider."""
    return make_cast()
