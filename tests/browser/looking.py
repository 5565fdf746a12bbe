"""Looking at a page the way nobody can for a hundred pages: accessibility rules, width, focus."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from playwright.sync_api import Page

from tests.browser.person import NARROW, WIDE

AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}}
#: All that the theme can change; the other rules give the same answer in light and dark.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}

_RUN_AXE = """async options => {
  const found = await axe.run(document, { ...options, resultTypes: ["violations"] });
  const where = violation => violation.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(" | ");
  return found.violations.map(violation => `${violation.id}: ${violation.help}: ${where(violation)}`);
}"""
_OVERFLOW = """() => {
  const page = document.documentElement;
  const short = page.scrollHeight - document.body.getBoundingClientRect().height;
  if (short > 1) return [`its ground and its masthead end ${Math.round(short)} px before the page does`];
  if (page.scrollWidth <= page.clientWidth) return [];
  const beyond = element => element.getBoundingClientRect().right > page.clientWidth + 1;
  const out = [...document.querySelectorAll("body *")].filter(beyond);
  return out.slice(-3).map(e => e.outerHTML.slice(0, 160));
}"""
# Remembers how each control and the box that stands for it look without focus: ring, shadow, border, background.
_REACHABLE = """() => {
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
  const radios = new Set();
  const look = node => [null, "::after"].map(part => {
    const s = getComputedStyle(node, part);
    return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.borderWidth, s.backgroundColor,
            s.textDecorationLine];
  }).join();
  window.lookOf = element => look(element) + look(element.parentElement);
  window.looks = [];
  document.activeElement.blur();
  for (const element of all) {
    const seen = element.checkVisibility({ visibilityProperty: true });
    const skipped = element.disabled || element.type === "hidden" || !seen;
    const group = element.type === "radio" ? `${element.form?.action} ${element.name}` : "";
    const chosen = group && [...all].find(one => one.checked && one.name === element.name && one.form === element.form);
    if (skipped || (group && radios.has(group)) || (chosen && chosen !== element)) continue;
    radios.add(group);
    element.dataset.reach = looks.push(lookOf(element)) - 1;
  }
  return looks.length;
}"""
_FOCUSED = """() => {
  const element = document.activeElement, reach = element.dataset.reach;
  if (reach === undefined) return null;
  return { reach, visible: lookOf(element) !== looks[reach], html: element.outerHTML.slice(0, 160) };
}"""


def teach_axe(context: Any) -> None:
    """Every page of this window brings the rules; the content policy does not apply to the test's own script."""
    context.add_init_script(path=str(AXE))


def faults(page: Page) -> list[str]:
    """What is wrong with the page that is open, at both widths, light and dark."""
    found: list[str] = []
    for size, theme, rules in (
        (WIDE, "light", EVERYTHING),
        (WIDE, "dark", COLOURS),
        (NARROW, "dark", EVERYTHING),
        (NARROW, "light", COLOURS),
    ):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        where = f"{size['width']} px {theme}"
        found += [f"{where}: {violation}" for violation in page.evaluate(_RUN_AXE, rules)]
        found += [f"{where}: does not fit: {html}" for html in page.evaluate(_OVERFLOW)]
    return found


def keyboard_faults(page: Page) -> list[str]:
    """What the Tab key does not reach, and where the focus cannot be seen."""
    number = page.evaluate(_REACHABLE)
    reached, found = set(), []
    for _ in range(6 * number):  # a date has up to six stops: day, month, year, hour, minute and its button
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUSED)
        if focus is None or focus["reach"] in reached:
            continue
        reached.add(focus["reach"])
        if not focus["visible"]:
            found.append(f"no visible focus: {focus['html']}")
        if len(reached) == number:
            break
    missed = {str(one) for one in range(number)} - reached
    for one in sorted(missed, key=int):
        html = page.locator(f'[data-reach="{one}"]').evaluate("e => e.outerHTML.slice(0, 160)")
        found.append(f"Tab does not reach: {html}")
    return found
