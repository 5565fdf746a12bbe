"""Log lines: JSON with ids and roles, never a person's identity.

Knows which keys may carry identity, by name. It cannot recognise a name inside free text: write no free text
to logs.
"""

from __future__ import annotations

import re
from typing import Any

import structlog
from structlog.typing import EventDict

#: Keys whose values are removed from every log line, wherever they stand in it.
IDENTITY_KEYS = frozenset(
    {
        "address",
        "authorization",
        "birth_date",
        "body",
        "caregiver",
        "contact",
        "contacts",
        "cookie",
        "date_of_birth",
        "dob",
        "email",
        "family_name",
        "first_name",
        "full_name",
        "given_name",
        "last_name",
        "mobile",
        "mrn",
        "name",
        "note",
        "password",
        "patient_name",
        "phone",
        "secret",
        "sex",
        "street",
        "subject",
        "telephone",
        "text",
        "token",
        "username",
    }
)
REMOVED = "[removed]"
#: Addresses that end in a key: whoever has the key needs no sign-in, so that it is as good as a password.
KEYED_PATH = re.compile(
    r"(/calendar/|/notices/mute/|/reminders/stop/|/accounts/password/reset/key/)[^\s/?#\"'<>\\]+"
)


def drop_identity(logger: Any, method: str, event: EventDict) -> EventDict:
    """Structlog processor: replace the values of identity keys, also inside nested mappings and lists."""
    return {key: _clean(key, value) for key, value in event.items()}


def drop_keys(logger: Any, method: str, event: EventDict) -> EventDict:
    """Structlog processor: remove the key from an address that needs no sign-in, wherever a line holds one."""
    return {key: _keyless(value) for key, value in event.items()}


def drop_row_values(logger: Any, method: str, event: EventDict) -> EventDict:
    """Structlog processor: cut the traceback lines in which PostgreSQL quotes the row that it refused."""
    if isinstance(event.get("exception"), str):
        kept = [
            line for line in event["exception"].splitlines() if not line.startswith(("DETAIL:", "CONTEXT:"))
        ]
        event["exception"] = "\n".join(kept)
    return event


def _clean(key: str, value: Any) -> Any:
    if key.lower() in IDENTITY_KEYS:
        return REMOVED
    if isinstance(value, dict):
        return {inner: _clean(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", item) for item in value]
    return value


def _keyless(value: Any) -> Any:
    if isinstance(value, str):
        return KEYED_PATH.sub(rf"\1{REMOVED}", value)
    if isinstance(value, dict):
        return {key: _keyless(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_keyless(item) for item in value]
    return value


def logging_settings(*, level: str, readable: bool) -> dict[str, Any]:
    """Django's LOGGING: one stream to stderr; JSON, or `readable` lines for a person at a terminal."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False)
        if readable
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared_processors(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    drop_identity,
                    drop_keys,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would print a second, unfiltered copy and mail tracebacks with request
            # data.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # A line for each periodic turn, every few seconds, says nothing.
            "celery": {"level": "WARNING"},
            # What a font is cut down to for a PDF, table by table.
            "fontTools": {"level": "WARNING"},
            "weasyprint.progress": {"level": "WARNING"},
        },
    }


def configure_structlog() -> None:
    """Route structlog through the standard library: one formatter, and one filter, sees every line."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        drop_row_values,
    ]
