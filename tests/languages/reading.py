"""What a page says: its texts as a person reads or hears them."""

import re
from html.parser import HTMLParser
from typing import Any

from .catalogue import entries

SPOKEN = ("alt", "aria-label", "data-done", "data-failed", "data-label", "placeholder")
# Words of English sentences, no German ones, and none that a fingerprint could hold.
ENGLISH = {
    *("the", "and", "you", "your", "yours", "nothing", "is", "are", "of", "to", "for"),
    *("with", "this", "that", "been", "has", "have", "not", "it", "its", "will", "or"),
    *("does", "may", "from", "by", "on", "as", "at", "here", "who", "what"),
}
# The field's own terms, and names that stay as they are.
NAMES = ("Partner of Record", "Microsoft Customer Agreement", "Isle of Man")
SHORT = 4  # words; a longer sentence is looked for within a text too


class Reader(HTMLParser):
    """Collects the texts of a page and `lang` of its root."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lang = ""
        self.texts: list[str] = []
        self.other_language = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang = given.get("lang", "")
        self.other_language = "lang" in given and tag != "html"
        named = [given.get(name, "") for name in SPOKEN]
        if tag == "input" and given.get("type") == "submit":
            named.append(given.get("value", ""))
        self.texts += filter(None, named)

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and not self.other_language:
            self.texts.append(text)
        self.other_language = False


def pattern(msgid: str) -> str:
    """A regular expression for this message, whatever its placeholders stand for."""
    plain = " ".join(re.sub(r"<[^>]+>", "", msgid).split())
    parts = re.split(r"%\(\w+\)[sd]", plain)
    return ".+?".join(map(re.escape, parts))


LEFTOVERS = {
    text: re.compile(pattern(text))
    for entry in entries()
    for text in filter(None, (entry.text, entry.plural))
    if text not in entry.forms.values()
}


def english_in(response: Any) -> list[str]:
    """English that a page of ours still has: messages of the catalogue, and words."""
    texts = Reader(response.content.decode()).texts
    found = []
    whole = " ".join(texts)
    for text, regex in LEFTOVERS.items():
        is_long = len(re.sub(r"%\(\w+\)[sd]", "", text).split()) >= SHORT
        if any(map(regex.fullmatch, texts)) or (is_long and regex.search(whole)):
            found.append(text)
    whole = re.sub(r"https?://\S+", "", whole)  # a token may hold any letters
    for name in NAMES:
        whole = whole.replace(name, "")
    return found + sorted(ENGLISH & set(re.findall(r"[^\W\d_]+", whole)))
