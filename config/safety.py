"""What production must not run with, a sentence each, and the secret that the demo makes for itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config import embedded

SECRET_CHARACTERS = 50


def production_problems(
    *,
    debug: bool,
    secret: str,
    hosts: list[str],
    site: str,
    sender: str,
    database_host: str,
    redis_url: str,
    email: dict[str, Any],
) -> Iterator[str]:
    """A plain sentence for each unsafe value; a value that is missing was already reported by its reader."""
    if debug:
        yield "DEBUG must be off in production: its error pages show patients' data."
    if secret and (len(secret) < SECRET_CHARACTERS or len(set(secret)) < 10):
        yield f"SECRET_KEY is too short or too regular: use {SECRET_CHARACTERS} random characters."
    if any("*" in host for host in hosts):
        yield "ALLOWED_HOSTS must name each host: a wildcard lets links in e-mail point anywhere."
    if site and urlsplit(site).scheme != "https":
        yield "SITE_URL must start with https:// in production."
    host = urlsplit(site).hostname
    if (
        host
        and hosts
        and host not in hosts
        and not any(h.startswith(".") and host.endswith(h) for h in hosts)
    ):
        yield f"ALLOWED_HOSTS must contain {host}, the host of SITE_URL."
    if sender and "@" not in sender:
        yield "DEFAULT_FROM_EMAIL must be an e-mail address."
    if embedded.is_embedded(database_host):
        yield "DATABASE_URL points to the demo's embedded PostgreSQL: use a server with backups."
    if embedded.is_embedded(urlsplit(redis_url).path):
        yield "REDIS_URL points to the demo's embedded Valkey: use a Redis or Valkey server."
    if email and not email["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
        yield "EMAIL_URL must be an SMTP server in production: reminders would go nowhere."


def demo_secret(var: Path) -> str:
    """The demo's SECRET_KEY: made once, readable by its owner only."""
    path = var / "secret_key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        var.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_urlsafe(SECRET_CHARACTERS)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
        return secret
