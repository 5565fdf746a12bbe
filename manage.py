#!/usr/bin/env python
"""Django's command line with this project's settings."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"]:
        os.environ.setdefault("DEMO", "1")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
