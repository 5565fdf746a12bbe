"""Proof that a refusal left nothing behind: every table of the product, row by row, before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection


def fingerprint() -> dict[str, tuple[int, str]]:
    """Rows and a hash of their content, for each table of the product."""
    prints = {}
    with connection.cursor() as cursor:
        for model in apps.get_app_config("pathway").get_models():
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(
                f"SELECT count(*), coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM {table} t"
            )
            count, text = cursor.fetchone()
            prints[model._meta.label] = (count, hashlib.sha256(text.encode()).hexdigest())
    return prints


@contextmanager
def nothing_written() -> Iterator[None]:
    """Fails when the block changes any row of the product."""
    before = fingerprint()
    yield
    after = fingerprint()
    assert after == before, [label for label in after if after[label] != before[label]]
