"""The single Django app: its label is `pathway`."""

from __future__ import annotations

from django.apps import AppConfig


class PathwayConfig(AppConfig):
    name = "pathway"
    verbose_name = "Pathway"
    default_auto_field = "django.db.models.BigAutoField"
