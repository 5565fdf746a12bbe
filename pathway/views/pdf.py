"""Turns a print template into a tagged PDF (PDF/UA-1). Fonts and style are ours; nothing is fetched from anywhere.

Knows paper, no case. Where the machine lacks Pango, WeasyPrint cannot be loaded: then the same template is shown as a
page that the browser prints, with a sentence on top that says so.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

try:
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher
except OSError:  # a shared library of Pango is missing
    weasyprint = None

STYLE = "pathway/print.css"
FONT_FOLDER = "vendor/patternfly/assets/fonts"
FONTS = {"Paper": "RedHatText/RedHatTextVF.woff2", "Paper Mono": "RedHatMono/RedHatMonoVF.woff2"}
VARIANT = "pdf/ua-1"
Context = dict[str, Any]


def can_print() -> bool:
    """Whether this machine makes PDF files."""
    return weasyprint is not None


def paper(
    request: HttpRequest, template: str, attempts: Iterable[Context], *, filename: str, pages: int
) -> HttpResponse:
    """The first attempt that fits on so many pages, as PDF; the last one, however long, where none does.

    `filename` names no person: it lands in download folders.
    """
    if not can_print():
        return _as_page(request, template, next(iter(attempts)))
    document = None
    for context in attempts:
        document = _lay_out(render_to_string(template, context))
        if len(document.pages) <= pages:
            break
    assert document is not None, "at least one attempt"
    response = HttpResponse(document.write_pdf(pdf_variant=VARIANT), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    # The policy is for pages; a browser's own viewer of PDF files may trip over it.
    response._csp_exempt = True  # type: ignore[attr-defined]  # what csp.decorators.csp_exempt sets
    return response


def _as_page(request: HttpRequest, template: str, context: Context) -> HttpResponse:
    page = render_to_string(template, context | {"on_screen": True}, request)
    return HttpResponse(page, headers={"Cache-Control": "no-store"})


def _lay_out(html: str) -> Any:
    fetcher = URLFetcher(allowed_protocols=("data",))
    fonts = FontConfiguration()
    style = weasyprint.CSS(string=_style(), font_config=fonts, url_fetcher=fetcher)
    page = weasyprint.HTML(string=html, url_fetcher=fetcher)
    return page.render(stylesheets=[style], font_config=fonts, pdf_variant=VARIANT)


@cache
def _style() -> str:
    """Our style with the fonts inside, so that letters do not depend on what a machine has installed."""
    faces = [_face(name, f"{FONT_FOLDER}/{path}") for name, path in FONTS.items()]
    return "\n".join([*faces, _file(STYLE).read_text(encoding="utf-8")])


def _face(name: str, path: str) -> str:
    data = base64.b64encode(_file(path).read_bytes()).decode()
    source = f'url("data:font/woff2;base64,{data}") format("woff2")'
    return f'@font-face {{ font-family: "{name}"; src: {source}; }}'


def _file(name: str) -> Path:
    found = finders.find(name)
    if found is None:
        raise FileNotFoundError(f"{name} is missing: run `make static`.")
    return Path(found)
