"""The two commands: refused beside real patients, safe to repeat, and honest about what they made."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django.fixtures import Settings

from pathway.models import Case, Clinic, Clinician, Membership
from pathway.synthetic import demo
from pathway.synthetic.demo import HILLSIDE, HILLSIDE_CASES, RIVERSIDE, RIVERSIDE_CASES
from pathway.synthetic.staff import Staff

SMALL = (
    (demo.CLINICS[0][0], RIVERSIDE, RIVERSIDE_CASES[:3]),
    (demo.CLINICS[1][0], HILLSIDE, HILLSIDE_CASES[:1]),
)


def _run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_seed_demo_is_refused_outside_demo_mode() -> None:
    with pytest.raises(CommandError, match="demo mode only"):
        _run("seed_demo")
    assert not Clinic.objects.exists()


@pytest.mark.django_db
def test_cohort_is_refused_in_production(settings: Settings) -> None:
    settings.TESTING = False
    with pytest.raises(CommandError, match="demo mode only"):
        _run("cohort", "--patients", "1")
    assert not Clinic.objects.exists()


@pytest.mark.django_db
def test_seed_demo_makes_the_cast_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO = True
    monkeypatch.setattr(demo, "CLINICS", SMALL)
    assert "4 synthetic cases" in _run("seed_demo")

    roles = dict(
        Membership.objects.filter(clinic__slug="riverside").values_list("clinician__username", "role")
    )
    assert roles["nora"] == "neurosurgeon"
    assert roles["phil"] == "physiatrist"
    assert roles["anna"] == "anesthesiologist"
    assert roles["cora"] == "coordinator"
    assert Membership.objects.get(clinician__username="omar").clinic.country == "DE"
    admin = Clinician.objects.get(username="admin")
    assert admin.is_superuser
    assert not admin.memberships.exists()
    assert all(
        Clinician.objects.get(username=name).check_password("pathway-demo") for name in ("nora", "admin")
    )

    assert "nothing was changed" in _run("seed_demo")
    assert Case.objects.count() == 4


@pytest.mark.django_db
def test_seed_demo_goes_on_where_it_stopped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO = True
    monkeypatch.setattr(demo, "CLINICS", SMALL[:1])
    _run("seed_demo")
    monkeypatch.setattr(demo, "CLINICS", SMALL)
    assert "1 synthetic cases" in _run("seed_demo")


def test_cohort_adds_patients_and_says_what_was_assumed(staff: Staff) -> None:
    told = _run("cohort", "--patients", "2", "--seed", "5", "--clinic", "riverside")
    assert Case.objects.count() == 2
    assert "trial positive, spinal" in told
    assert "trial_success_spinal = 0.93 [P]" in told

    _run("cohort", "--patients", "1", "--seed", "6", "--clinic", "riverside")
    assert Case.objects.count() == 3


@pytest.mark.django_db
def test_cohort_needs_a_protocol_and_a_number() -> None:
    with pytest.raises(CommandError, match="publish_protocol"):
        _run("cohort", "--patients", "2")
    with pytest.raises(CommandError, match="above 0"):
        _run("cohort", "--patients", "0")
