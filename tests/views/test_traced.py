"""Every number that is not about a patient leads to its source: on each form, page and sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import pathway
from pathway.clinical.sources import SOURCES, Sourced, Tag
from pathway.clinical.tags import citations, tags_in
from pathway.models import Todo
from pathway.protocol.loader import VERSIONS, load
from pathway.protocol.numbers import policy_numbers
from pathway.protocol.roles import Stage
from pathway.templatetags.sources import cited, rule_text, traced, untraced
from pathway.views.forms import FORMS
from tests.access.routes import address, routes
from tests.access.test_matrix import is_admin
from tests.cast import MONDAY, Cast, make_cast
from tests.examples import EXAMPLES, SITUATION, form_data
from tests.views.desk import Desk, at, case_url, fresh_case, todo_url
from tests.views.tracing import Reading, faults

NUMBER = re.compile(
    r"\d+(?:\.\d+)? ?(?:%|mcg|mg|mL|h\b|hours?\b|days?\b|weeks?\b|months?\b|years?\b|min\b|cm\b)"
)
FOLDER = Path(pathway.__file__).parent
OUR_SENTENCES = sorted(
    [*FOLDER.glob("models/*.py"), *FOLDER.glob("protocol/*.py"), *FOLDER.glob("engine/*.py")]
)


# --- one sentence ---


def test_a_tag_becomes_a_link_that_says_what_it_is() -> None:
    html = traced("Required for the trial [V:S7,S13]")
    assert 'href="/help/sources/#S7"' in html
    assert "Required for the trial <a" in html
    assert (
        'source: </span>V: S7, S13<span class="pf-v6-screen-reader">, verified in a copy of the source'
        in html
    )
    assert f"S13: {SOURCES['S13']}" in html


@pytest.mark.parametrize(
    ("tag", "href", "shown"),
    [
        ("[P]", "#tag-P", "local policy"),
        ("[U]", "#tag-U", "U unverified"),
        ("[M]", "#tag-M", "M"),
        ("[M: LIO Precautions]", "#LIO", "M: LIO Precautions"),
        ("[P; V:S3]", "#S3", "local policy; V: S3"),
        ("[V: S4, S5]", "#S4", "V: S4, S5"),
    ],
)
def test_every_kind_of_tag(tag: str, href: str, shown: str) -> None:
    html = traced(f"A number {tag}.")
    assert f'href="/help/sources/{href}"' in html
    assert f"source: </span>{shown}<span" in html
    assert html.endswith("]</a>.")


def test_a_sentence_is_escaped_before_it_is_read() -> None:
    assert traced("<b>5</b> & [x] [PM] [V S4]") == "&lt;b&gt;5&lt;/b&gt; &amp; [x] [PM] [V S4]"
    assert "<script>" not in traced('[V:"><script>]')


def test_where_nothing_can_be_a_link_the_tag_is_left_out() -> None:
    assert untraced("Age 4 years or more [V:S2,S3]") == "Age 4 years or more"
    assert untraced("At 0 and 1 h [P] by the rater [M: LIO].") == "At 0 and 1 h by the rater."


def test_a_constant_shows_its_tag() -> None:
    assert 'href="/help/sources/#S57"' in cited(Sourced(2, "mL", Tag.VERIFIED, ("S57",)))
    assert 'href="/help/sources/#tag-P"' in cited(Sourced(2, "mL", Tag.POLICY))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("P", "[P]"),
        ("P: 7 days before", "7 days before [P]"),
        ("V: S4, S5", "verified in a copy of the source [V:S4,S5]"),
        (
            "P: schedule; V: S4, S5 for 4 to 8 h",
            "schedule [P]; verified in a copy of the source: for 4 to 8 h [V:S4,S5]",
        ),
    ],
)
def test_a_rule_of_the_protocol_in_words(source: str, words: str) -> None:
    assert rule_text(source) == words


# --- the checks find what is wrong ---


def test_a_page_with_a_bare_tag_or_a_lost_link_is_found() -> None:
    sources = '<i id="S4">'
    assert faults(f"<p>{traced('5 h [V:S4]')}</p>", sources) == []
    assert faults("<p>5 h [V:S4]</p>", sources) == ["no link: [V:S4]"]
    assert faults('<p title="5 h [P]"></p>', sources) == ["no link: [P]"]
    assert faults(str(traced("[V:S5]")), sources) == ["leads nowhere: /help/sources/#S5"]


# --- every form ---


def drawn(kind: str) -> Iterator[str]:
    """The form untouched, empty, filled in, and with every number far too large."""
    form = FORMS[kind](situation=SITUATION)
    yield str(form)
    yield str(FORMS[kind]({}, situation=SITUATION))
    data = form_data(form, EXAMPLES[kind])
    yield str(FORMS[kind](data, situation=SITUATION))
    large = {
        name: "99999" if re.fullmatch(r"\d+(\.\d+)?", str(text)) else text for name, text in data.items()
    }
    yield str(FORMS[kind](large, situation=SITUATION))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", FORMS)
def test_every_tag_of_a_form_is_a_link_to_a_source(kind: str, page_of_sources: str) -> None:
    wrong = [fault for html in drawn(kind) for fault in faults(html, page_of_sources)]
    assert wrong == []


# --- every page ---


@pytest.fixture
def cast() -> Iterator[Cast]:
    with at(MONDAY + timedelta(hours=6)):
        yield make_cast()


@pytest.fixture
def page_of_sources(cast: Cast) -> str:
    return Desk(cast.cora).get("/help/sources/")


def pages(cast: Cast) -> Iterator[tuple[str, str]]:
    """Every page that the coordinator can read, every to-do of a whole pathway, and each refused form."""
    walk = fresh_case(cast)
    seen: set[Any] = set()
    for stage, days in (
        (Stage.SELECTION, 3),
        (Stage.TRIAL, 5),
        (Stage.IMPLANT, 7),
        (Stage.TITRATION, 20),
        (Stage.LONG_TERM, 40),
    ):
        for todo in walk.open():
            if todo.id not in seen:
                seen.add(todo.id)
                with at(walk.at):
                    own = Desk(cast.of(todo.role))
                    yield todo_url(todo), own.get(todo_url(todo))
                    yield f"{todo.key} refused", own.post(todo_url(todo)).content.decode()
        with at(walk.at):
            yield f"case in {walk.case.stage}", Desk(cast.cora).get(case_url(walk.case_id))
        walk.wait(days)
        walk.do_all(until=stage)
    with at(walk.at):
        desk = Desk(cast.cora)
        for todo in Todo.objects.filter(case_id=walk.case_id):
            yield f"{todo.key} {todo.state}", desk.get(todo_url(todo))
        for route in routes():
            if not is_admin(route) and not route.startswith("accounts/"):
                url = address(route, walk.case_id, walk.todo("refill").id)
                answer = desk.client.get(url)
                if answer.headers.get("Content-Type", "").startswith("text/html"):
                    yield url, answer.content.decode()


@pytest.mark.django_db
def test_every_tag_of_a_page_is_a_link_to_a_source(cast: Cast, page_of_sources: str) -> None:
    read = dict(pages(cast))
    assert len(read) > 100
    wrong = {f"{url}: {fault}" for url, html in read.items() for fault in faults(html, page_of_sources)}
    assert sorted(wrong) == []
    assert sum(bool(Reading(html).links) for html in read.values()) > 50


# --- every sentence ---


def sentences() -> Iterator[tuple[str, str]]:
    """Each text in the code that people read: (where, text), with gaps for what is filled in."""
    for path in OUR_SENTENCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        parts = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            if id(node) in docs | parts:
                continue
            if isinstance(node, ast.JoinedStr):
                said = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                said = node.value
            else:
                continue
            yield f"{path.relative_to(FOLDER)}:{node.lineno}", said
    for todo in load(VERSIONS / "itb-1").todos.values():
        yield f"itb-1 {todo.key}", todo.help


def test_every_tag_names_sources_that_exist() -> None:
    found = [(where, body) for where, text in sentences() for body in tags_in(text)]
    assert len(found) > 80
    protocol = load(VERSIONS / "itb-1")
    found += [(number.title, number.source) for number in policy_numbers(protocol)]
    unknown = {
        where: citation
        for where, body in found
        for citation in citations(body)
        if citation.unknown or (citation.tag is Tag.VERIFIED and not citation.sources)
    }
    assert unknown == {}


def test_every_tag_is_written_as_one() -> None:
    """Something like [V S4] would be shown as it stands."""
    like = re.compile(r"\[[VMUP][ :;,][^\]]*\]|\[S\d+\]")
    odd = {
        where: text for where, text in sentences() for match in like.findall(text) if not list(tags_in(match))
    }
    assert odd == {}


def test_every_sentence_with_a_clinical_number_carries_a_tag() -> None:
    bare = {
        where: text
        for where, text in sentences()
        if NUMBER.search(text) and text.endswith((".", "?")) and not list(tags_in(text))
    }
    assert bare == {}


def test_every_label_with_a_clinical_number_has_a_help_that_carries_a_tag() -> None:
    bare = [
        f"{kind}.{column.name}"
        for kind, form in FORMS.items()
        for column in form.Meta.model.content_fields()
        if NUMBER.search(f"{column.verbose_name} {column.help_text}")
        and not list(tags_in(str(column.help_text)))
    ]
    assert bare == []
