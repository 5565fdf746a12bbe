"""Start-up in the three modes, as a person meets it: a process that starts, or sentences and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config import embedded
from config.safety import demo_secret, production_problems

SAFE = {
    "SECRET_KEY": "k2v9w4xq8z1m7n3b5c6d0f-g_hjklpoiuytrewqasdfghzxcvb",
    "ALLOWED_HOSTS": "pathway.example",
    "SITE_URL": "https://pathway.example",
    "DATABASE_URL": "postgresql://pathway:x@db/pathway",
    "REDIS_URL": "redis://broker:6379/0",
    "EMAIL_URL": "smtp+tls://pathway:x@mail.example:587",
    "DEFAULT_FROM_EMAIL": "Pathway <pathway@pathway.example>",
    "TRUSTED_PROXIES": "1",
}
OWN_WORDS = {*SAFE, "DEMO", "TESTING", "DEBUG", "DATABASE_POOL", "SESSION_HOURS", "PORT", "METRICS_TOKEN"}


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in a process whose Pathway variables are `variables` alone."""
    environment = {name: value for name, value in os.environ.items() if name not in OWN_WORDS} | variables
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_with_safe_settings() -> None:
    done = start(**SAFE)
    assert (done.returncode, done.stderr.count("- ")) == (0, 0), done.stderr


def test_a_token_for_monitoring_that_can_be_guessed_stops_the_start() -> None:
    done = start(**SAFE, METRICS_TOKEN="secret")
    assert done.returncode == 3
    assert "METRICS_TOKEN is short" in done.stderr
    assert start(**SAFE, METRICS_TOKEN="m2n8b5v1c7x3z9l4k6j0").returncode == 0


def test_an_empty_environment_names_every_missing_setting_at_once() -> None:
    done = start()
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    for name in SAFE:
        assert f"- {name} is not set" in done.stderr


def test_every_unsafe_setting_is_named_at_once() -> None:
    done = start(
        SECRET_KEY="short",
        ALLOWED_HOSTS="*",
        SITE_URL="http://pathway.example",
        DATABASE_URL=embedded.database_url(Path("x")),
        REDIS_URL=embedded.broker_url(Path("x")),
        EMAIL_URL="consolemail://",
        DEFAULT_FROM_EMAIL="nobody",
        DEBUG="1",
        SESSION_HOURS="99",
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    for words in (
        "DEBUG must be off",
        "SECRET_KEY is too short",
        "ALLOWED_HOSTS must name each host",
        "SITE_URL must start with https://",
        "embedded PostgreSQL",
        "embedded Valkey",
        "EMAIL_URL must be an SMTP server",
        "DEFAULT_FROM_EMAIL must be an e-mail address",
        "SESSION_HOURS must be a whole number from 1 to 24",
    ):
        assert words in done.stderr


def test_demo_and_testing_exclude_each_other() -> None:
    done = start(DEMO="1", TESTING="1")
    assert done.returncode == 3
    assert "exclude each other" in done.stderr


def problems(**changes: object) -> list[str]:
    safe: dict[str, object] = {
        "debug": False,
        "secret": SAFE["SECRET_KEY"],
        "hosts": ["pathway.example"],
        "site": "https://pathway.example",
        "sender": "a@pathway.example",
        "database_host": "db",
        "redis_url": "redis://broker",
        "email": {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"},
    }
    return list(production_problems(**(safe | changes)))  # type: ignore[arg-type]


def test_safe_values_raise_no_sentence() -> None:
    assert problems() == []


@pytest.mark.parametrize("secret", ["a" * 60, "abababab" * 8, "k2v9w4xq8z1m7n3b5c6d"])
def test_weak_secrets(secret: str) -> None:
    assert problems(secret=secret) == ["SECRET_KEY is too short or too regular: use 50 random characters."]


def test_the_site_is_one_of_the_allowed_hosts() -> None:
    assert problems(hosts=["other.example"]) == [
        "ALLOWED_HOSTS must contain pathway.example, the host of SITE_URL."
    ]
    assert problems(hosts=[".example"]) == []


def test_the_demo_keeps_its_secret_to_its_owner(tmp_path: Path) -> None:
    first = demo_secret(tmp_path / "var")
    assert len(first) >= 50
    assert demo_secret(tmp_path / "var") == first
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
