"""`manage.py check_protocol [FOLDER]`: is this protocol sound? Prints every problem with its file and key."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pathway.models.records import RECORDS
from pathway.protocol.loader import VERSIONS, ProtocolError, load
from pathway.protocol.schema import Protocol

DEFAULT = VERSIONS / "itb-1"


def add_folder(parser: ArgumentParser) -> None:
    """The one argument of both protocol commands."""
    parser.add_argument(
        "folder", nargs="?", type=Path, default=DEFAULT, help="of TOML files; itb-1 where none is given"
    )


def read(folder: Path) -> Protocol:
    """The protocol in a folder, against the clinical records that exist. Raises CommandError with every problem."""
    try:
        return load(folder, RECORDS)
    except ProtocolError as error:
        count = len(error.problems)
        raise CommandError(f"{count} problem{'s' if count > 1 else ''} in {folder.name}:\n{error}") from error


class Command(BaseCommand):
    help = "Check a protocol without publishing it. Reads files only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_folder(parser)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        protocol = read(folder)
        self.stdout.write(
            f"{protocol.name} v{protocol.version}: sound, {len(protocol.todos)} to-dos, {protocol.sha256()}"
        )
