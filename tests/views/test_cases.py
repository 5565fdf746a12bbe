"""The list of cases as its reader sees it; a search names a person and stays out of every address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from pathway.engine.cases import close
from pathway.queries.cases import PAGE_ROWS
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.queries.crowd import crowd
from tests.views.desk import MAX_QUERIES, Desk, at, words

NOW = MONDAY + timedelta(days=2)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast, on Wednesday morning."""
    cast = make_cast()
    with at(NOW):
        yield cast


def test_a_search_is_kept_out_of_the_address(cast: Cast) -> None:
    case_id = referred(cast)
    referred(cast, mrn="X-9")
    desk = Desk(cast.cora)
    answer = desk.post("/cases/", {"search": "  r-10  "})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cases/?found=1")
    page = desk.get("/cases/?found=1")
    assert f'id="case-{case_id}"' in page
    assert "X-9" not in page
    assert 'value="r-10"' in page
    assert "X-9" in desk.get("/cases/")


def test_an_empty_search_forgets_the_last_one(cast: Cast) -> None:
    referred(cast)
    desk = Desk(cast.cora)
    desk.post("/cases/", {"search": "nobody"})
    assert "Nobody found" in desk.get("/cases/?found=1")
    assert desk.post("/cases/", {"search": " "}).headers["Location"] == "/cases/"
    assert "R-1001" in desk.get("/cases/?found=1")


@pytest.mark.parametrize("search", ["a\0b", "x" * 5000, "%_\\", "<script>alert(1)</script>", "Ω, ß"])
def test_any_search_gets_an_answer(cast: Cast, search: str) -> None:
    referred(cast)
    desk = Desk(cast.cora)
    desk.post("/cases/", {"search": search})
    page = desk.get("/cases/?found=1")
    assert "Nobody found" in page
    assert "<script>alert" not in page


def test_many_cases_page_by_page_with_few_queries(cast: Cast) -> None:
    crowd(cast, 64, last=MONDAY)
    desk = Desk(cast.cora)
    page = desk.get("/cases/?stage=evaluation")
    assert page.count('id="case-') == PAGE_ROWS
    following = (
        page[page.index('rel="next" href="') + len('rel="next" href="') :].split('"')[0].replace("&amp;", "&")
    )
    assert following.startswith("?stage=evaluation&after=")
    assert desk.get(f"/cases/{following}").count('id="case-') == 14
    assert desk.queries("/cases/") <= 6 < MAX_QUERIES
    desk.post("/cases/", {"search": "crowd"})
    assert desk.queries("/cases/?found=1") <= 6


def test_a_closed_case_says_why_and_when(cast: Cast) -> None:
    evidence = {"note": "They decided against it."}
    close(case_id=referred(cast), reason="withdrew", evidence=evidence, by=cast.cora, at=NOW)
    desk = Desk(cast.cora)
    assert "Patient withdrew 4 Mar 2026" in words(desk.get("/cases/?state=closed"))
    assert "No case fits this filter" in desk.get("/cases/?state=died")
    assert "No open case yet" in desk.get("/cases/")


def test_other_clinics_cases_stay_away(cast: Cast) -> None:
    referred(cast)
    desk = Desk(cast.omar)
    desk.post("/cases/", {"search": "R-1001"})
    for url in ("/cases/", "/cases/?found=1", "/cases/?state=closed"):
        assert 'id="case-' not in desk.get(url)


@pytest.mark.parametrize(
    "query", ["?stage=nowhere", "?turn=x&state=y", "?after=z", "?found=1", "?stage=closed"]
)
def test_a_mistyped_address_shows_the_list(cast: Cast, query: str) -> None:
    referred(cast)
    assert "R-1001" in Desk(cast.cora).get(f"/cases/{query}")
