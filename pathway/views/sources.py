"""The page of sources: what the tags mean, every source, every number of the clinical layer and of the protocol.

It stores nothing; its only question to the database is which protocol is in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pathway.clinical.catalogue import Constant, constants, resting_on
from pathway.clinical.device import CATHETER_MODELS, PUMP_MODELS
from pathway.clinical.sources import SOURCES, Sourced, Tag
from pathway.clinical.tags import citations
from pathway.protocol.numbers import PolicyNumber, policy_numbers
from pathway.queries.definitions import protocol_in_force
from pathway.views.numbers import DOUBT, DeviceLines, device_lines, in_words

TAGS = (
    (Tag.VERIFIED, "The number was read in a copy of the source that is named with it."),
    (Tag.MEMORY, "Believed right, from the document named with it. Not yet checked against that document."),
    (Tag.UNCERTAIN, "From memory and uncertain, or sources disagree. Do not rely on it."),
    (Tag.POLICY, "Proposed by this protocol. It is no evidence; each programme sets its own."),
)
ALL = ("", "Every tag")


@dataclass(frozen=True, slots=True)
class Line:
    """One constant as a row."""

    anchor: str
    name: str
    value: str
    unit: str
    sourced: Sourced[Any]

    @property
    def doubt(self) -> str:
        """What a label says of a number that nobody has checked."""
        return DOUBT.get(self.sourced.tag, "")


@dataclass(frozen=True, slots=True)
class Source:
    """One source with what rests on it."""

    id: str
    text: str
    constants: tuple[Constant, ...]
    devices: tuple[tuple[str, str], ...]


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """GET the page; `?tag=U` shows only the numbers with that tag."""
    asked = request.GET.get("tag", "")
    tag = Tag(asked) if asked in {str(one) for one in Tag} else None
    devices = [device_lines(pump) for pump in PUMP_MODELS.values()]
    devices += [device_lines(catheter) for catheter in CATHETER_MODELS.values()]
    protocol = protocol_in_force()
    numbers = policy_numbers(protocol) if protocol else ()
    shown = [constant for constant in constants() if tag in (None, constant.sourced.tag)]
    context = {
        "tags": TAGS,
        "tag": tag or "",
        "options": [ALL, *((str(one), f"{one}: {one.label}") for one in Tag)],
        "groups": _grouped(shown),
        "devices": [found for device in devices if (found := device.only(tag)).lines],
        "sources": [_source(name, devices) for name in SOURCES],
        "protocol": protocol,
        "numbers": [number for number in numbers if tag is None or tag in tags_of(number)],
        "count": len(shown),
    }
    return render(request, "help/sources.html", context)


def tags_of(number: PolicyNumber) -> set[Tag]:
    """The tags of a protocol's number."""
    return {citation.tag for citation in citations(number.source)}


def _grouped(shown: Iterable[Constant]) -> list[tuple[str, list[Line]]]:
    groups: dict[str, list[Line]] = {}
    for constant in shown:
        groups.setdefault(constant.module, []).append(_line(constant))
    return sorted((module.capitalize(), lines) for module, lines in groups.items())


def _line(constant: Constant) -> Line:
    value = constant.sourced.value
    text = constant.text if value is None else in_words(value)
    if value is not None and constant.text:
        text = f"{text}: {constant.text}" if not constant.sourced.unit else text
    return Line(constant.anchor, constant.name, text, constant.sourced.unit, constant.sourced)


def _source(name: str, devices: list[DeviceLines]) -> Source:
    numbers = tuple(
        (device.anchor, f"{device.name}, {line.label.lower()}")
        for device in devices
        for line in device.lines
        if line.sourced is not None and name in line.sourced.sources
    )
    return Source(name, SOURCES[name], resting_on(name), numbers)
