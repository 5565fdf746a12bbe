"""Bracket tags are read by one grammar, left out where nothing can be a link, written by a constant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pathway.clinical.sources import Sourced, Tag
from pathway.clinical.tags import Citation, citations, tags_in, without_tags

V, M, U, P = Tag.VERIFIED, Tag.MEMORY, Tag.UNCERTAIN, Tag.POLICY


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    """What an earlier test read must not answer for this one."""
    citations.cache_clear()
    yield
    citations.cache_clear()


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("P", [Citation(P)]),
        ("U", [Citation(U)]),
        ("V:S4,S14", [Citation(V, ("S4", "S14"))]),
        ("V: S4, S6b", [Citation(V, ("S4", "S6b"))]),
        ("M: LIO Precautions", [Citation(M, ("LIO",), "Precautions")]),
        ("M: ASHP/IDSA 2013", [Citation(M, ("ASHP",), "/IDSA 2013")]),
        ("M:SM2", [Citation(M, ("SM2",))]),
        ("P; V:S3", [Citation(P), Citation(V, ("S3",))]),
        ("P: 7 days before the alarm", [Citation(P, (), "7 days before the alarm")]),
        (
            "P: schedule; V: S4, S5 for 4 to 8 h",
            [Citation(P, (), "schedule"), Citation(V, ("S4", "S5"), "for 4 to 8 h")],
        ),
        ("V: S4; who does not respond", [Citation(V, ("S4",), "who does not respond")]),
        ("V:S999,S4", [Citation(V, ("S4",), "", ("S999",))]),
        ("V:XYZ", [Citation(V, (), "", ("XYZ",))]),
    ],
)
def test_citations(body: str, read: list[Citation]) -> None:
    assert list(citations(body)) == read


@pytest.mark.parametrize("body", ["", "X", "V S4", "V4", "; P"])
def test_what_is_no_tag_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"is not a tag: write V, M, U or P"):
        citations(body)


def test_the_refusal_quotes_the_part() -> None:
    with pytest.raises(
        ValueError, match=r"^“V S4” is not a tag: write V, M, U or P, then “: ” and the sources\.$"
    ):
        citations("V S4")


def test_tags_are_found_in_a_sentence() -> None:
    assert list(tags_in("At 0 h [P]; twice [V:S9], as [here], not [PM] or [x].")) == ["P", "V:S9"]
    assert list(tags_in("at hand [P; V:S3]")) == ["P; V:S3"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Age 4 years or more [V:S2,S3]", "Age 4 years or more"),
        ("[V:S14,S15]", ""),
        ("At 1 h [P] by the rater [M: LIO].", "At 1 h by the rater."),
        ("Nothing [here]", "Nothing [here]"),
    ],
)
def test_without_tags(text: str, left: str) -> None:
    assert without_tags(text) == left


@pytest.mark.parametrize(
    ("constant", "written"),
    [
        (Sourced(2, "mL", V, ("S57",)), "[V:S57]"),
        (Sourced(2, "mL", V, ("S4", "S14")), "[V:S4,S14]"),
        (Sourced(2, "mL", P), "[P]"),
    ],
)
def test_a_constant_is_written_as_a_tag(constant: Sourced[int], written: str) -> None:
    assert constant.bracket == written
    assert citations(written[1:-1])[0].tag is constant.tag
