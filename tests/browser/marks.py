"""What every story in the browser is marked with: one group shares the site, and a story takes minutes."""

from __future__ import annotations

import pytest

STORY = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(600),
]
