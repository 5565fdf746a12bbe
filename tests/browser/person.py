"""A person of the cast at a browser window: signs in, opens links, fills forms, presses buttons, as people do.

Whatever the console or the content policy complains about is kept in `complaints`.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.browser.site import Site
from tests.cast import PASSWORD

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
#: For a busy machine: nothing waits for it where the page is quick.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
#: Chromium writes a refused request to the console; a test asks for those on purpose.
_EXPECTED = "Failed to load resource: the server responded with a status of 4"


class Person:
    """One person, one browser context, one page."""

    def __init__(self, browser: Browser, site: Site, name: str, **options: Any) -> None:
        self.site, self.name = site, name
        self.address = f"{name}@clinic.example"
        window = {"viewport": WIDE, "reduced_motion": "reduce", **options}
        self.context = browser.new_context(base_url=site.url, **window)
        self.context.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_EXPECTED):
            self.complaints.append(f"{message.type}: {message.text}")

    # --- going somewhere ---

    def go(self, url: str) -> None:
        """Open an address, signing in where the site asks for it."""
        self.page.goto(url)
        if "/accounts/login/" in self.page.url:
            self.sign_in_here()

    def sign_in_here(self) -> None:
        """Fill the sign-in page that is open."""
        self.page.get_by_label("Username").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Sign in")

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press a button by what it says, and wait for the page that follows."""
        (within or self.page.locator("main, .app-entrance").first).get_by_role(
            "button", name=name, exact=True
        ).click()
        self.page.wait_for_load_state()

    def reads(self, text: str) -> None:
        """The page says this."""
        expect(self.page.locator("main")).to_contain_text(text)

    # --- forms ---

    def fill(self, form: Locator, posted: dict[str, Any]) -> None:
        """Put values into a form's inputs by their names: type, choose, tick."""
        for name, value in posted.items():
            if name.endswith("-rows"):
                self._rows(form, name.removesuffix("-rows"), int(value))
                continue
            inputs = form.locator(f'[name="{name}"]')
            kind = inputs.first.evaluate("input => input.type")
            if kind == "select-one":
                inputs.select_option(value)
            elif kind in ("radio", "checkbox"):
                for one in value if isinstance(value, list) else [value]:
                    form.locator(f'[name="{name}"][value="{one}"]').or_(
                        form.locator(f'[name="{name}"]:not([value])')
                    ).check()
            else:
                inputs.fill(str(value))

    def _rows(self, form: Locator, name: str, wanted: int) -> None:
        """Add rows to an open table until there are enough."""
        count = form.locator(f'[name="{name}-rows"]')
        while int(count.input_value()) < wanted:
            form.locator(".app-rows", has=count).get_by_role("button", name="Add a row").click()
