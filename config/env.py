"""Typed readers of environment variables that collect every problem instead of stopping at the first one.

Knows the syntax of a value (flag, number, list, URL), not what the application does with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import environ

#: Exit status for refused settings. Gunicorn reads 3 as "worker failed to boot" and stops instead of
#: respawning.
REFUSED = 3

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def _split(value: str) -> SplitResult:
    """The parts of a URL; all empty for text that is none at all, such as an unbalanced bracket."""
    try:
        return urlsplit(value)
    except ValueError:
        return SplitResult("", "", "", "", "")


class Environment:
    """Reads variables from `source` and remembers a plain sentence for each one that is missing or wrong.

    A reader never raises: it notes the problem and returns a harmless placeholder, so that one start shows
    them all.
    """

    def __init__(self, source: Mapping[str, str] | None = None) -> None:
        self._source: Mapping[str, str] = os.environ if source is None else source
        self.problems: list[str] = []

    def problem(self, sentence: str) -> None:
        """Note `sentence`; `refuse_problems` prints it."""
        self.problems.append(sentence)

    def given(self, name: str) -> bool:
        return bool(self._source.get(name, "").strip())

    def text(self, name: str, *, default: str | None = None, why: str = "") -> str:
        """The value of `name`; without a value and without a `default`, a problem that ends with `why`."""
        if self.given(name):
            return self._source[name].strip()
        if default is None:
            self.problem(f"{name} is not set{': ' + why if why else ''}.")
            return ""
        return default

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._source.get(name)
        if value is None:
            return default
        word = value.strip().lower()
        if word in _TRUE:
            return True
        if word not in _FALSE:
            self.problem(f"{name} must be 1 or 0, not {value!r}.")
        return False

    def integer(self, name: str, *, default: int, low: int, high: int) -> int:
        if not self.given(name):
            return default
        value = self._source[name].strip()
        # isdecimal alone accepts digits of other scripts, which int() accepts too: harmless, but surprising
        # in a file.
        if not (value.isascii() and value.isdecimal() and low <= int(value) <= high):
            self.problem(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
            return default
        return int(value)

    def listing(self, name: str, *, default: str | None = None, why: str = "") -> list[str]:
        """Comma-separated values, blanks dropped."""
        return [item.strip() for item in self.text(name, default=default, why=why).split(",") if item.strip()]

    def address(self, name: str, *, default: str | None = None, why: str = "") -> str:
        """An http(s) address without path, query or trailing slash."""
        value = self.text(name, default=default, why=why).rstrip("/")
        if not value:
            return ""
        parts = _split(value)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.path
            or parts.query
            or parts.fragment
        ):
            self.problem(f"{name} must be an address like https://pathway.example.org, without a path.")
        return value

    def database(self, name: str, *, default: str | None = None) -> dict[str, Any]:
        """PostgreSQL settings for Django. A Unix socket is written
        postgresql://user@%2Frun%2Fpostgresql/name.
        """
        value = self.text(
            name, default=default, why="an address like postgresql://user:password@host:5432/pathway"
        )
        if not value:
            return {}
        if not value.startswith(("postgres://", "postgresql://")):
            self.problem(f"{name} must start with postgresql://, the only database that Pathway runs on.")
            return {}
        try:
            urlsplit(value)
            parsed = dict(environ.Env.db_url_config(value))
        except ValueError:  # a port that is no number, an unbalanced bracket
            self.problem(f"{name} cannot be read as postgresql://user:password@host:5432/name.")
            return {}
        if not parsed.get("NAME"):
            self.problem(f"{name} names no database: add /pathway at its end.")
        parsed["HOST"] = unquote(parsed["HOST"])  # a socket folder arrives as %2Frun%2Fpostgresql
        return parsed

    def redis(self, name: str, *, default: str | None = None) -> str:
        """redis://, rediss:// or unix:///path/to.sock?db=0, as the redis client reads it."""
        value = self.text(name, default=default, why="an address like redis://host:6379/0")
        if not value:
            return ""
        parts = _split(value)
        reachable = parts.path if parts.scheme == "unix" else parts.hostname
        if parts.scheme not in {"redis", "rediss", "unix"} or not reachable:
            self.problem(
                f"{name} must look like redis://host:6379/0, rediss://host:6379/0 or unix:///path/to.sock?db=0."
            )
        return value

    def email(self, name: str, *, default: str | None = None) -> dict[str, Any]:
        """Django's EMAIL_* settings from smtp://user:password@host:587, smtp+tls:// or smtp+ssl://."""
        value = self.text(
            name, default=default, why="an address like smtp+tls://user:password@mail.example.org:587"
        )
        if not value:
            return {}
        schemes = {
            "smtp",
            "smtps",
            "smtp+tls",
            "smtp+ssl",
            "consolemail",
            "filemail",
            "memorymail",
            "dummymail",
        }
        try:
            if _split(value).scheme not in schemes:
                raise ValueError(value)
            return dict(environ.Env.email_url_config(value))
        except ValueError:
            self.problem(f"{name} must look like smtp+tls://user:password@mail.example.org:587.")
            return {}

    def refuse_problems(self) -> None:
        """Print every problem and end the process; return when there is none. Prints no value, only names."""
        if not self.problems:
            return
        print(
            "Pathway does not start. Settings come from environment variables (see .env.example):",
            file=sys.stderr,
        )
        for sentence in self.problems:
            print(f"  - {sentence}", file=sys.stderr)
        print("To try Pathway with safe local defaults instead, run: make demo", file=sys.stderr)
        raise SystemExit(REFUSED)
