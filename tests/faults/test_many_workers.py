"""Three worker processes and two beats on one burst of due timers: each fires once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psycopg
import pytest

from pathway.tasks import fire_timers
from tests.bench.duties import NONE_DUE, UNWATCH, Duties
from tests.cast import make_cast
from tests.faults.plant import Plant, url_of_the_tests

TIMERS, PROCESSES = 2_000, 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_each_of_a_burst_of_timers_fires_once() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="pathway burst ") as name,
        psycopg.connect(url_of_the_tests(), autocommit=True) as link,
        Plant(Path(name)) as plant,
    ):
        duties = Duties(link, make_cast(), TIMERS)
        try:
            duties.rest()
            duties.ring()
            plant.start_broker()
            for _ in range(2 * PROCESSES):
                plant.publish(fire_timers, 1)
            plant.start_beat()
            plant.start_beat("beat 2")
            plant.start_worker(PROCESSES)
            duties.wait(NONE_DUE)
            duties.check_each_once()
        finally:
            link.execute(UNWATCH)
