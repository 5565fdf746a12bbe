"""`manage.py open_clinic NAME …`: a new clinic with its first coordinator, who adds everybody else on the screens."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.text import slugify

from pathway.engine.errors import Invalid
from pathway.engine.founding import NewClinic, open_clinic
from pathway.engine.joining import Newcomer
from pathway.models import Clinician
from pathway.notify.compose_joining import DAYS, password_link


class Command(BaseCommand):
    help = "Open a clinic and invite its first coordinator. A clinic that exists is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the programme's name, as its people read it")
        parser.add_argument("--slug", help="its short name in addresses; by default made of the name")
        parser.add_argument("--time-zone", required=True, help="such as Europe/Berlin")
        parser.add_argument("--country", required=True, help="whose public holidays count: DE, US, …")
        parser.add_argument("--subdivision", default="", help="whose further holidays count: BY, IL, …")
        parser.add_argument("--username", required=True, help="the coordinator's name for sign-in")
        parser.add_argument("--given-name", required=True)
        parser.add_argument("--family-name", required=True)
        parser.add_argument("--email", required=True, help="where the coordinator is told")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        clinic = NewClinic(
            name=name,
            slug=options["slug"] or slugify(name),
            time_zone=options["time_zone"],
            country=options["country"],
            subdivision=options["subdivision"],
        )
        people = ("username", "given_name", "family_name", "email")
        coordinator = Newcomer(**{field: options[field] for field in people})
        try:
            joined = open_clinic(clinic=clinic, coordinator=coordinator, at=timezone.now())
        except Invalid as error:
            lines = [_line(field, texts) for field, texts in error.errors.items()]
            raise CommandError("\n".join(["The clinic is not opened:", *lines])) from error
        self.stdout.write(f"{name} is open. Its coordinator adds everybody else under Cover, People.")
        if joined.invited:
            link = password_link(Clinician.objects.get(pk=joined.clinician_id))
            self.stdout.write(
                "The coordinator sets a password behind the link in their mail, which is also this one."
            )
            self.stdout.write(f"It works once, for {DAYS} days: {link}")


def _line(field: str, texts: list[str]) -> str:
    """What is wrong, beside the option that it is wrong with."""
    return f"  --{field.replace('_', '-')}: {' '.join(texts)}"
