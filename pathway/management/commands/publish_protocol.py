"""`manage.py publish_protocol [FOLDER]`: check a protocol and freeze it, so that new cases are pinned to it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pathway.engine.errors import Refused
from pathway.engine.protocols import publish
from pathway.management.commands.check_protocol import add_folder, read


class Command(BaseCommand):
    help = "Publish a protocol version. Publishing the same one again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_folder(parser)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            version = publish(by=None, at=timezone.now(), protocol=read(folder))
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{version} is published ({version.sha256}).")
