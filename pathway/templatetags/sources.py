"""Bracket tags of our own sentences become links to the page of sources; what people typed is never looked at.

`traced` draws a sentence, `untraced` leaves the tags out (attributes, options), `cited` draws the tag of a
constant alone.
"""

from __future__ import annotations

import html
from functools import lru_cache
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from pathway.clinical.sources import SOURCES, Sourced, Tag
from pathway.clinical.tags import BRACKET, Citation, citations, without_tags

register = template.Library()

SHOWN = {Tag.VERIFIED: "V", Tag.MEMORY: "M", Tag.UNCERTAIN: "U unverified", Tag.POLICY: "local policy"}
"""What a link shows of a tag; what is not known for sure says so itself."""


@register.filter
def traced(text: Any) -> SafeString:
    """The sentence, escaped, with each bracket tag as a link to its source."""
    safe = conditional_escape(text)
    return SafeString(BRACKET.sub(lambda match: _link(html.unescape(match["body"])), safe))


@register.filter
def untraced(text: Any) -> str:
    """The sentence without its tags, for attributes and options, where nothing can be a link."""
    return without_tags(str(text))


@register.filter
def cited(constant: Sourced[Any]) -> SafeString:
    """The link that a constant's tag and sources make."""
    return traced(constant.bracket)


@register.filter
def rule_text(source: str) -> str:
    """A protocol's `source` as a sentence with bracket tags: "P: 7 days" becomes "7 days [P]"."""
    return "; ".join(_part_text(citation) for citation in citations(source))


def _part_text(citation: Citation) -> str:
    ids = ",".join((*citation.sources, *citation.unknown))
    tag = f"[{citation.tag}:{ids}]" if ids else f"[{citation.tag}]"
    label = (
        citation.tag.label if citation.tag in (Tag.VERIFIED, Tag.MEMORY) else ""
    )  # the link says the others
    said = ": ".join(filter(None, [label, citation.words]))
    return f"{said} {tag}".strip()


@lru_cache(maxsize=1024)
def _link(body: str) -> SafeString:
    """One link for one tag: to its first source, or to what the tag means where it names none."""
    parts = citations(body)
    first = next((source for part in parts for source in part.sources), f"tag-{parts[0].tag}")
    unsure = " app-source-unsure" if any(part.tag in (Tag.MEMORY, Tag.UNCERTAIN) for part in parts) else ""
    return format_html(
        '<a class="app-source{}" href="{}#{}" target="pathway-sources" title="{}">'
        '[<span class="pf-v6-screen-reader">source: </span>{}<span class="pf-v6-screen-reader">{}</span>]</a>',
        unsure,
        reverse("sources"),
        first,
        "; ".join(_told(part) for part in parts),
        "; ".join(_shown(part) for part in parts),
        _spoken(parts),
    )


def _named(part: Citation) -> tuple[str, ...]:
    return (*part.sources, *part.unknown)


def _shown(part: Citation) -> str:
    said = ", ".join(_named(part))
    return " ".join(filter(None, [f"{SHOWN[part.tag]}: {said}" if said else SHOWN[part.tag], part.words]))


def _spoken(parts: tuple[Citation, ...]) -> str:
    """What the short form leaves out, for those who listen."""
    said = [part.tag.label for part in parts if part.tag in (Tag.VERIFIED, Tag.MEMORY)]
    return ", " + "; ".join([*said, "opens the page of sources"])


def _told(part: Citation) -> str:
    """The tooltip: what the tag means, and every source by name."""
    named = "; ".join(f"{source}: {SOURCES[source]}" for source in part.sources)
    return ": ".join(filter(None, [part.tag.label, part.words, named]))
