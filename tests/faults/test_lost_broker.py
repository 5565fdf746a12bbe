"""The broker dies while every process of the worker has a task in hand, so that no acknowledgement arrives."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from django.utils import timezone

from pathway.models import Clinician, Mail, Notice, Todo
from pathway.models.base import new_id
from pathway.tasks import deliver_notices
from tests.cast import make_cast, referred
from tests.config.waiting import until
from tests.faults.plant import WORKERS, Plant


def told(todo: Todo, person: Clinician) -> None:
    """Tell a person something that leaves at once and alone."""
    now = timezone.now()
    Notice.objects.create(
        id=new_id(),
        case_id=todo.case_id,
        clinic_id=todo.clinic_id,
        todo=todo,
        recipient=person,
        role=todo.role,
        kind="due",
        urgency="safety",
        created_at=now,
        due_at=now,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_worker_whose_acknowledgements_were_lost_works_on_with_the_next_broker() -> None:
    cast = make_cast()
    todo = Todo.objects.filter(case_id=referred(cast)).first()
    assert todo is not None
    Notice.objects.all().delete()
    with tempfile.TemporaryDirectory(prefix="pathway broker ") as name, Plant(Path(name)) as plant:
        plant.start_mail(limit=0)  # every reply waits
        plant.start_broker()
        plant.start_worker()
        for number, person in enumerate((cast.nora, cast.phil)[:WORKERS], start=1):
            told(todo, person)
            plant.publish(deliver_notices, 1)
            plant.wait_for_mail(number)
        plant.kill("broker")
        plant.hold_mail_at(1000)
        until(lambda: not Mail.objects.exclude(state="sent").exists())
        plant.start_broker()
        told(todo, cast.anna)

        def sent() -> bool:
            plant.publish(deliver_notices, 1)  # as beat does, again and again
            return len(os.listdir(plant.mail_folder / "new")) == WORKERS + 1  # noqa: PTH208

        until(sent, seconds=40)
