"""Addresses of incidents, and one found on a case, for the tests of their pages."""

from __future__ import annotations

from typing import Any

from pathway.clinical.signs import Signs
from pathway.engine.incidents import report
from pathway.models import Incident
from pathway.models.base import new_id
from tests.views.desk import case_url
from tests.walk import Walk


def new_url(walk: Walk) -> str:
    return f"{case_url(walk.case_id, 'incidents')}new/"


def check_url(walk: Walk) -> str:
    return f"{case_url(walk.case_id, 'incidents')}check/"


def url_of(incident: Incident, verb: str = "") -> str:
    return f"/incidents/{incident.id}/{verb}"


def found(walk: Walk, signs: Signs, **more: Any) -> Incident:
    values = {"request_id": new_id(), "by": walk.cast.cora, "at": walk.at, **more}
    report(case_id=walk.case_id, signs=signs, **values)
    return Incident.objects.latest("opened_at")
