"""/metrics as Prometheus' own parser reads it: who may, what is counted, and that nobody can be found out from it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client, override_settings
from prometheus_client.parser import text_string_to_metric_families

from pathway.models import Clinician, Mail, Notice, Timer
from pathway.models.base import new_id
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.engine.running_pump import titrating
from tests.engine.told import SEIZURE, tell
from tests.engine.watched import DAY, HOUR, TOKEN, all_alive, forget_beat
from tests.views.desk import at

pytestmark = pytest.mark.django_db


def scrape(moment: Any = MONDAY) -> dict[tuple[str, str], float]:
    """Every sample by name and the value of its one label."""
    with at(moment), override_settings(METRICS_TOKEN=TOKEN):
        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_without_a_token_in_the_settings_there_is_no_such_page(client: Client) -> None:
    with override_settings(METRICS_TOKEN=""):
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer ü"]
)
def test_only_the_right_token_opens_it(client: Client, given: str) -> None:
    with override_settings(METRICS_TOKEN=TOKEN):
        answer = client.get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert b"pathway_" not in answer.content


def test_signing_in_opens_it_no_more(client: Client) -> None:
    root = Clinician.objects.create_superuser("root", "root@clinic.example", "pathway-demo")
    client.force_login(root)
    with override_settings(METRICS_TOKEN=TOKEN):
        assert client.get("/metrics").status_code == 401


def test_an_empty_installation_reads_nought() -> None:
    found = scrape()
    assert found["pathway_alarms", "mail_stuck"] == 0
    assert found["pathway_mails", "dead"] == 0
    assert found["pathway_cases_open", "trial"] == 0
    assert found["pathway_unsent_age_seconds", ""] == 0


def test_what_is_counted() -> None:
    cast: Cast = make_cast()
    walk = titrating(cast)
    referred(cast, at=walk.at, mrn="R-2")
    tell(walk, SEIZURE)
    moment = walk.at
    all_alive(moment - HOUR)
    Notice.objects.update(state="kept")
    for due_at in (moment - HOUR, moment + HOUR):
        Notice.objects.create(
            id=new_id(),
            clinic=cast.clinic,
            recipient=cast.phil,
            kind="due",
            created_at=moment,
            due_at=due_at,
        )
    for state in ("pending", "leased", "dead", "dead", "dropped"):
        Mail.objects.create(
            clinic=cast.clinic,
            recipient=cast.phil,
            state=state,
            urgency="soon",
            created_at=moment - DAY,
            due_at=moment + HOUR,
        )
    Timer.objects.update(due_at=moment - HOUR)
    found = scrape(moment)
    forget_beat()
    wanted = {
        ("pathway_heartbeat_age_seconds", "worker"): 3600,
        ("pathway_notices_pending", ""): 2,
        ("pathway_notices_due", ""): 1,
        ("pathway_unsent_age_seconds", ""): 3600,
        ("pathway_mails", "pending"): 1,
        ("pathway_mails", "leased"): 1,
        ("pathway_mails", "dead"): 2,
        ("pathway_mail_age_seconds", ""): 86400,
        ("pathway_timers_due", ""): Timer.objects.count(),
        ("pathway_timers_late", ""): Timer.objects.count(),
        ("pathway_incident_calls_due", ""): 0,
        ("pathway_incidents_unacknowledged", "red"): 1,
        ("pathway_incidents_unacknowledged", "green"): 0,
        ("pathway_cases_open", "titration"): 1,
        ("pathway_cases_open", "evaluation"): 1,
        ("pathway_cases_open", "selection"): 0,
    }
    assert {key: found.get(key) for key in wanted} == wanted
    assert found["pathway_todos_overdue", "physiatrist"] > 0


def test_it_holds_no_id_and_no_name() -> None:
    cast = make_cast()
    referred(cast)
    with at(MONDAY), override_settings(METRICS_TOKEN=TOKEN):
        text = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)
    assert not re.search(r"riverside|phil|sample|R-1001", text, re.IGNORECASE)
