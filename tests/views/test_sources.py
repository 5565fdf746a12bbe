"""The page of sources: tags, sources, constants, devices and the protocol's numbers; the filter by tag."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from pathway.clinical.catalogue import constants
from pathway.clinical.sources import SOURCES, Tag
from pathway.models import ProtocolVersion
from pathway.protocol.numbers import policy_numbers
from pathway.queries.definitions import protocol_in_force
from tests.cast import MONDAY, Cast, make_cast
from tests.views.desk import MAX_QUERIES, Desk, at, words
from tests.views.tracing import Reading

pytestmark = pytest.mark.django_db
URL = "/help/sources/"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with at(MONDAY + timedelta(hours=6)):
        cast: Cast = make_cast()
        yield Desk(cast.phil)


def test_everything_has_its_place(desk: Desk) -> None:
    html = desk.get(URL)
    ids = Reading(html).ids
    assert {f"tag-{tag}" for tag in Tag} | set(SOURCES) <= ids
    assert {constant.anchor for constant in constants()} <= ids
    assert {"device-synchromed-ii", "device-prometra-ii", "device-ascenda"} <= ids
    text = words(html)
    for said in (
        "not yet checked against the document",
        "Step percent: spinal adult, titration 10, 30 %",
        "Low-reservoir alarm volume 2 mL",
        "Internal path, Battery life, From replacement warning to stop, Youngest patient, Concentrations allowed.",
        "Days without a change of dose before long-term care",
        "Severe spasticity of spinal or cerebral origin.",
    ):
        assert said in text
    protocol = protocol_in_force()
    assert protocol is not None
    assert all(number.title in text for number in policy_numbers(protocol) if "'" not in number.title)


def test_a_source_leads_to_what_rests_on_it(desk: Desk) -> None:
    html = desk.get(URL)
    row = html[html.index('id="S57"') :]
    row = row[: row.index("</tr>")]
    assert f'href="{URL}#residual-absolute-ml"' in row
    row = html[html.index('id="S44"') :]
    assert f'href="{URL}#device-prometra-ii"' in row[: row.index("</tr>")]


def test_what_nobody_has_checked_is_marked(desk: Desk) -> None:
    html = desk.get(URL)
    row = html[html.index('id="candidacy-weight-flag-kg"') :]
    assert "pf-m-warning" in row[: row.index("</tr>")]
    row = html[html.index('id="residual-absolute-ml"') :]
    assert "pf-m-warning" not in row[: row.index("</tr>")]


@pytest.mark.parametrize("tag", list(Tag))
def test_the_filter_shows_one_tag(desk: Desk, tag: Tag) -> None:
    html = desk.get(f"{URL}?tag={tag}")
    ids = Reading(html).ids
    for constant in constants():
        assert (constant.anchor in ids) is (constant.sourced.tag is tag), constant.name
    assert set(SOURCES) <= ids
    assert ("Days without a change of dose" in html) is (tag is Tag.POLICY)
    assert f'<option value="{tag}" selected>' in html


def test_a_tag_that_is_none_shows_everything(desk: Desk) -> None:
    assert words(desk.get(f"{URL}?tag=X")) == words(desk.get(URL))


def test_without_a_protocol_the_page_says_so(desk: Desk) -> None:
    ProtocolVersion.objects.update(retired_at=MONDAY)
    assert "No protocol is published." in words(desk.get(URL))


def test_it_asks_little(desk: Desk) -> None:
    assert desk.queries(URL) <= MAX_QUERIES
