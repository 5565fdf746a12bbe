"""Every address of the application, in the order of the menu."""

from __future__ import annotations

from django.urls import path

from pathway.views import health, style

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("help/style/", style.style, name="style"),
]
