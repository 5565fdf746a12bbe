"""The page bench: my work through Django's test client and all middleware, against SQL and f-string in Django."""

from __future__ import annotations

import logging

from django.test import Client, override_settings

from tests.bench import pages
from tests.bench.reading import Place, in_turn
from tests.bench.report import Line, Report


def page_bench(place: Place, report: Report, *, rounds: int) -> None:
    """My work as a page, through Django's test client and all middleware, against SQL and f-string there."""
    place.database.use()
    logging.disable(logging.INFO)
    client = Client()
    client.force_login(place.cast.cora)
    with override_settings(ROOT_URLCONF="tests.bench.pages"):
        page = client.get("/").content.decode()
        begin, end = page.index('<tr class="pf-v6-c-table__tr" id="todo-'), page.index("</tbody>")
        pages.FRAME.update(head=page[:begin], tail=page[end:])
        floor = client.get("/bench/").content.decode()
        assert floor.count('id="todo-') == page.count('id="todo-') == 50
        took = in_turn(
            {"page": lambda: client.get("/"), "floor": lambda: client.get("/bench/")}, rounds=rounds
        )
    note = f"{1e3 * took['page']:.1f} ms against {1e3 * took['floor']:.1f} ms; {len(page)} and {len(floor)} bytes"
    report.add(
        Line(
            "list page against SQL + f-string",
            took["floor"] / took["page"],
            "",
            0.6,
            0.9,
            at_least=True,
            note=note,
        )
    )
