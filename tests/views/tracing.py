"""Reads a page for its sources: tags that are no link, links to nowhere, tags of no source."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

from pathway.clinical.tags import tags_in

TAG = re.compile(r"\[[VMUP]\b[^\]]*\]")
SKIPPED = ("script", "style", "template", "textarea")


class Reading(HTMLParser):
    """What a page says outside the links to sources, in attributes too, and where those links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self._inside: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note attributes, ids and links."""
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        self.outside += given.values()
        if tag == "a" and "app-source" in given.get("class", "").split():
            self.links.append(given["href"])
            self._inside = tag
        elif tag in SKIPPED:
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """A link or a skipped element ends."""
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        """Keep what stands outside."""
        if self._inside is None:
            self.outside.append(data)


@cache
def anchors(page: str) -> frozenset[str]:
    """The places of the page of sources, as links name them."""
    return frozenset(f"/help/sources/#{name}" for name in Reading(page).ids)


def faults(html: str, sources: str) -> list[str]:
    """Everything wrong with the sources on a page; `sources` is the page that links lead to."""
    reading = Reading(html)
    bare = [found for text in reading.outside for found in TAG.findall(text)]
    lost = [link for link in reading.links if link not in anchors(sources)]
    return [f"no link: {text}" for text in bare] + [f"leads nowhere: {link}" for link in lost]


__all__ = ["Reading", "anchors", "faults", "tags_in"]
