"""Looks over a browser's shoulder: what it complains of, and how each page looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

PHONE = {"width": 360, "height": 740}
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
OVERHANG = """() => {
  const page = document.documentElement;
  return page.scrollWidth - page.clientWidth;
}"""


class Watch:
    """Everything that the browsers of one test complain of, and their pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.complaints: list[str] = []
        self.expected: list[str] = []
        self.pictures = 0

    def follow(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._complain(str(error.error)))
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)

    def look(self, page: Page, name: str) -> None:
        """Keep a picture of this page; see that it fits a phone and bears the dark."""
        page.wait_for_load_state()
        self.pictures += 1
        picture = self.folder / f"{self.pictures:02}-{name}"
        self._take(page, f"{picture}.png")
        desktop = page.viewport_size
        assert desktop is not None  # a browser without a window has a size
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE)
        if overhang := page.evaluate(OVERHANG):
            self._complain(f"{name}: {overhang} px wider than a phone")
        self._take(page, f"{picture}-phone-dark.png")
        page.set_viewport_size(desktop)
        page.emulate_media(color_scheme="light")

    @staticmethod
    def _take(page: Page, path: str) -> None:
        page.screenshot(path=path, full_page=True, animations="disabled")

    @contextmanager
    def expecting(self, complaint: str) -> Iterator[None]:
        """What is meant to be complained of in this block, and has to be."""
        before = len(self.complaints)
        yield
        found = self.complaints[before:]
        assert [text for text in found if complaint in text]
        self.complaints[before:] = [text for text in found if complaint not in text]

    def _complain(self, text: str) -> None:
        self.complaints.append(text)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self._complain(f"{message.type}: {message.text}")

    def _on_failure(self, request: Request) -> None:
        """A page that is left, as by a second click, is no longer waited for."""
        if "ABORTED" not in str(request.failure):
            self._complain(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500:
            self._complain(f"{response.status} {response.url}")
