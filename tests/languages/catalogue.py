"""What has to be translated (read from the sources) and what is (from the .po)."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils.translation.template import templatize

GERMAN = Path(settings.LOCALE_PATHS[0]) / "de" / "LC_MESSAGES"

# What a customer can come to see. A new string in one of these is tested by itself.
TEMPLATES = (
    "templates/*.html",
    "templates/public/**/*.html",
    "templates/my/**/*.html",
    "templates/portal/copy_button.html",
    "templates/portal/lock.html",
    "templates/portal/pages.html",
    "templates/relationships/email/ended_*.txt",
    "templates/relationships/email/receipt_*.txt",
)
MODULES = (
    "portal/acceptance/**/*.py",
    "portal/signin/[!j]*.py",
    "portal/signin/openid/*.py",
    "portal/customers/receipts.py",
    "portal/customers/views.py",
    "portal/demo/accounts.py",
    "relationships/actors.py",
    "relationships/enums.py",
    "relationships/protection.py",
    "relationships/validators.py",
    "relationships/services/cases.py",
    "relationships/services/composing.py",
    "relationships/services/invitations/*.py",
    "relationships/services/partners.py",
    "relationships/services/rules.py",
    "subscriptions/enums.py",
    "subscriptions/protection.py",
    "subscriptions/services/observ*.py",
)
MARKS = ("_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy")

LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(
    rf"\b(?P<name>n?gettext|_)\((?P<one>{LITERAL})(?:, (?P<many>{LITERAL}))?"
)


@dataclass(frozen=True)
class Message:
    """A string as the source has it; `plural` is empty without one."""

    text: str
    plural: str = ""


@dataclass
class Entry:
    """One message of the .po: its German forms by their number."""

    text: str = ""
    plural: str = ""
    forms: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def message(self) -> Message:
        return Message(self.text, self.plural)


def files(patterns: tuple[str, ...]) -> list[Path]:
    found = [path for pattern in patterns for path in settings.BASE_DIR.glob(pattern)]
    return sorted(found)


def messages_of_template(path: Path) -> Iterator[Message]:
    for call in CALL.finditer(templatize(path.read_text(), origin=str(path))):
        many = call["many"] if call["name"] == "ngettext" else None
        yield Message(
            ast.literal_eval(call["one"]), ast.literal_eval(many) if many else ""
        )


def messages_of_module(path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id not in MARKS:
                continue
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            yield Message(*texts[: 2 if "ngettext" in node.func.id else 1])


def sources() -> list[Path]:
    return files(TEMPLATES) + files(MODULES)


def messages_of(path: Path) -> list[Message]:
    read = messages_of_module if path.suffix == ".py" else messages_of_template
    return list(read(path))


def entries() -> list[Entry]:
    """The messages of the .po, without its header."""
    blocks = (GERMAN / "django.po").read_text().split("\n\n")
    return [entry for entry in map(_entry, blocks) if entry.text]


def _entry(block: str) -> Entry:
    entry, name = Entry(), ""
    for line in block.splitlines():
        if line.startswith("#"):
            entry.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        if not line.startswith('"'):
            name, line = line.split(" ", 1)
        text = ast.literal_eval(line)
        if name == "msgid":
            entry.text += text
        elif name == "msgid_plural":
            entry.plural += text
        else:
            number = int(name.removeprefix("msgstr").strip("[]") or 0)
            entry.forms[number] = entry.forms.get(number, "") + text
    return entry


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]", text))
