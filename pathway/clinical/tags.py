"""Bracket tags in sentences, such as [V:S4,S14] or [P; V:S3]: read them, leave them out.

One grammar for help texts, errors, guards and the protocol's `source` fields. It knows words, no number and
no page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pathway.clinical.sources import SOURCES, Tag

BRACKET = re.compile(r"\[(?P<body>[VMUP](?:\s*:[^\[\]]*|\s*;\s*[VMUP](?:\s*:[^\[\]]*)?)*)\]")
"""A tag as it stands in a sentence; `body` is what `citations` reads."""

_PART = re.compile(r"^(?P<tag>[VMUP])(?:\s*:\s*(?P<rest>.*))?$")
_NEXT_TAG = re.compile(r";\s*(?=[VMUP]\s*(?:[:;]|$))")
_ID = re.compile(r"^(?P<id>S\d{1,3}[a-z]?|[A-Z]{3,}\d*|SM2)\b\s*(?P<more>,?)\s*(?P<rest>.*)$")


@dataclass(frozen=True, slots=True)
class Citation:
    """One tag with the sources it names and what else is said; `unknown` holds ids that no source has."""

    tag: Tag
    sources: tuple[str, ...] = ()
    words: str = ""
    unknown: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def citations(body: str) -> tuple[Citation, ...]:
    """The tags of "V: S4, S5 for the gap" or "P: schedule; V: S4". Raises ValueError for anything else.

    What follows a semicolon without being a tag belongs to the words before it.
    """
    return tuple(_citation(part.replace(";", ",").strip()) for part in _NEXT_TAG.split(body))


def _citation(part: str) -> Citation:
    match = _PART.match(part)
    if match is None:
        raise ValueError(f"“{part}” is not a tag: write V, M, U or P, then “: ” and the sources.")
    ids, rest = [], (match["rest"] or "").strip()
    while (named := _ID.match(rest)) is not None:
        ids.append(named["id"])
        rest = named["rest"]
        if not named["more"]:
            break
    known = tuple(name for name in ids if name in SOURCES)
    unknown = tuple(name for name in ids if name not in SOURCES)
    return Citation(Tag(match["tag"]), known, rest, unknown)


def tags_in(text: str) -> Iterator[str]:
    """The body of every bracket tag of a sentence."""
    return (match["body"] for match in BRACKET.finditer(text))


def without_tags(text: str) -> str:
    """The sentence without its bracket tags: for mail, and where nothing can be a link."""
    return re.sub(rf"\s*{BRACKET.pattern}", "", text).strip()
