"""How a page looks to whoever comes with a phone, in the dark, or by keyboard."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from threading import Thread
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import RequestFactory
from django.urls import reverse
from django.views.i18n import JavaScriptCatalog
from playwright.sync_api import BrowserContext
from playwright.sync_api import Page as Tab

from .walk import Page
from .watching import OVERHANG, PHONE, Watch

DESKTOP = {"width": 1280, "height": 900}
# The admin's scripts begin a little after the page is there, in an order of their own.
SETTLED = """() => new Promise((done) => {
  window.django?.jQuery ? django.jQuery(() => setTimeout(done)) : done();
})"""
# What a theme changes, and nothing else: the other rules need not run in both.
OF_COLOURS = ["color-contrast", "link-in-text-block"]

# It does not load stylesheets again, which the policy forbids: no rule here needs it.
# Nor does it look for the ways to an element, which take a quarter of its time.
AXE = """async (rules) => {
  const which = rules
    ? {runOnly: {type: "rule", values: rules}}
    : {rules: {"target-size": {enabled: true}}};
  const {violations} = await axe.run(document, {
    ...which, preload: false, selectors: false, resultTypes: ["violations"],
  });
  return violations.flatMap(({id, nodes}) => nodes.map(
    (node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`
  ));
}"""
# A target within a sentence may be as high as its line (WCAG 2.5.8). A box to tick is
# as large as its label, and what shows on focus alone is not aimed at.
TARGETS = """() => {
  const all = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const large = ({width, height}) => Math.min(width, height) > 23.9;
  const inSentence = (target) => {
    if (getComputedStyle(target).display !== "inline") return false;
    const around = target.parentElement.innerText.trim();
    return around.length > target.innerText.trim().length;
  };
  return [...document.querySelectorAll(all)].filter((target) => {
    const box = target.getBoundingClientRect();
    if (!target.checkVisibility() || box.bottom < 0 || box.width <= 1) return false;
    const labels = [...(target.labels ?? [])].map((one) => one.getBoundingClientRect());
    return ![box, ...labels].some(large) && !inSentence(target);
  }).map((target) => {
    const {width, height} = target.getBoundingClientRect();
    return `small: ${width.toFixed()}x${height.toFixed()} ${target.outerHTML}`;
  });
}"""
# A page that does not scroll sideways may still hide the end of a box.
CUT = """() => {
  const all = "a[href], button, input:not([type=hidden]), select, textarea, h1, h2";
  const hides = (one) => /hidden|clip/.test(getComputedStyle(one).overflowX);
  return [...document.querySelectorAll(all)].filter((part) => {
    const {right: end, width} = part.getBoundingClientRect();
    if (!part.checkVisibility() || width <= 1) return false;
    for (let one = part.parentElement; one; one = one.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(one).overflowX)) return false;
      if (hides(one) && end > one.getBoundingClientRect().right + 1) return true;
    }
    return false;
  }).map((part) => `cut off: ${part.outerHTML}`);
}"""
FOCUS = """() => {
  const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, "
    + "[tabindex='0']";
  return [...document.querySelectorAll(all)].filter((target) => {
    if (target.disabled || !target.checkVisibility()) return false;
    target.focus();
    if (document.activeElement !== target) return false;
    const {outlineStyle, outlineWidth} = getComputedStyle(target);
    return outlineStyle === "none" || parseFloat(outlineWidth) < 2;
  }).map((target) => `focus does not show: ${target.outerHTML}`);
}"""


class Shelf(ThreadingHTTPServer):
    """Serves one kept page at every address, and the files that it asks for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Librarian)
        self.page: Page | None = None
        self.url = f"http://127.0.0.1:{self.server_port}"


class Librarian(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Shelf

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith(settings.STATIC_URL):
            found = finders.find(path.removeprefix(settings.STATIC_URL))
            kind = guess_type(path)[0] or "text/plain"
            headers = {"Content-Type": kind, "Cache-Control": "max-age=600"}
            self._answer(Path(str(found)).read_bytes(), headers)
        elif path == reverse("admin:jsi18n"):
            words = JavaScriptCatalog.as_view()(RequestFactory().get(path))
            self._answer(words.content, dict(words.headers))
        else:
            assert self.server.page is not None
            page = self.server.page
            self._answer(page.html.encode(), page.headers)

    def _answer(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        kept = {**headers, "Content-Length": str(len(body))}
        for name, value in kept.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """A browser's complaints are told by the watch."""


@contextmanager
def open_shelf() -> Iterator[Shelf]:
    with Shelf() as shelf:
        Thread(target=shelf.serve_forever, args=[0.05], daemon=True).start()
        yield shelf
        shelf.shutdown()


class Eye:
    """A browser that is shown kept pages, one after the other."""

    def __init__(self, context: BrowserContext, watch: Watch, shelf: Shelf) -> None:
        context.add_init_script(AXE_SCRIPT)
        watch.follow(context)
        self.watch, self.shelf = watch, shelf
        self.tab: Tab = context.new_page()

    def open(self, page: Page) -> Tab:
        self.shelf.page = page
        self.tab.goto(f"{self.shelf.url}{page.address}")
        self.tab.evaluate(SETTLED)
        return self.tab

    def faults(self, page: Page) -> Iterator[str]:
        """What is wrong with this page: both themes, both widths, keyboard."""
        tab = self.open(page)
        yield from tab.evaluate(AXE, None)
        yield from tab.evaluate(TARGETS)
        tab.keyboard.press("Tab")  # from here on the browser shows where the focus is
        yield from tab.evaluate(FOCUS)
        tab.emulate_media(color_scheme="dark")
        yield from tab.evaluate(AXE, OF_COLOURS)
        tab.set_viewport_size(PHONE)
        yield from self._faults_on_phone(tab)
        tab.emulate_media(color_scheme="light")
        yield from tab.evaluate(AXE, OF_COLOURS)
        tab.set_viewport_size(DESKTOP)
        yield from self.watch.complaints
        self.watch.complaints.clear()

    @staticmethod
    def _faults_on_phone(tab: Tab) -> Iterator[str]:
        if overhang := tab.evaluate(OVERHANG):
            yield f"{overhang} px wider than a phone"
        for look in (TARGETS, CUT):
            yield from (f"phone: {fault}" for fault in tab.evaluate(look))
        yield from (f"phone: {fault}" for fault in tab.evaluate(AXE, None))


def report(faults: dict[str, list[Page]]) -> list[str]:
    """Each fault once, with how many pages have it and one of them."""
    return [
        f"{fault[:300]} ({len(pages)}, such as {pages[0].who} {pages[0].address})"
        for fault, pages in faults.items()
    ]


def note(faults: dict[str, list[Page]], found: Any, page: Page) -> None:
    for fault in found:
        faults.setdefault(fault, []).append(page)
