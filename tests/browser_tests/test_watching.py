"""The watch would notice: what the other tests rely on."""

import pytest

from .conftest import OpenBrowser
from .watching import Watch

WIDE = """() => {
  const picture = document.createElement("img");
  picture.width = 800;
  document.body.append(picture);
}"""


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("() => console.error('broken')", "error: broken"),
        ("() => console.warn('unwise')", "warning: unwise"),
        ("() => { setTimeout(() => { throw Error('thrown') }) }", "thrown"),
        ("() => document.body.setAttribute('style', 'color: red')", "style-src"),
        ("() => fetch('https://elsewhere.example/').catch(() => {})", "default-src"),
        ("() => fetch('/no-such-page/')", "404"),
        (WIDE, "px wider than a phone"),
    ],
    ids=["error", "warning", "exception", "style", "host", "missing", "wide"],
)
def test_watch_complains_when_page_is_not_clean(
    open_browser: OpenBrowser, watch: Watch, script: str, complaint: str
):
    page = open_browser()
    page.goto("/")
    with watch.expecting(complaint):
        page.evaluate(script)
        watch.look(page, "not-clean")
    watch.complaints.clear()  # a fault may be told in two ways
