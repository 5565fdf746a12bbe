"""Wiring: settings, servers, processes. Nothing in this package knows a clinical word."""

from __future__ import annotations

from config.celery import app as celery_app

__all__ = [
    "celery_app"
]  # imported here so that a task published by a web process finds the broker's settings
