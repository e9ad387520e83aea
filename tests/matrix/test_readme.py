"""The README shows the table of rights as the code has it."""

from pathlib import Path

from django.conf import settings

from relationships.roles import COLUMNS, GRANTS, LETTERS, role_label

# Nobody signs in as these.
UNSEEN = {"C", "v"}
SEEN = {letter: role for letter, role in LETTERS.items() if letter not in UNSEEN}


def table() -> list[str]:
    """In Markdown, a row for each right that people have."""
    heads = [role_label(role) for role in SEEN.values()]
    rows = [
        [str(right).replace("_", " "), *("✓" if at in who else "" for at in SEEN)]
        for right, who in {**GRANTS, **COLUMNS}.items()
        if set(who) & set(SEEN)
    ]
    lines = [["right", *heads], ["---", *[":-:"] * len(heads)], *rows]
    return [f"| {' | '.join(cells)} |".replace("  ", " ") for cells in lines]


def test_readme_shows_the_table_of_rights():
    readme = Path(settings.BASE_DIR, "README.md").read_text()
    missing = [line for line in table() if line not in readme.splitlines()]
    assert missing == [], "write this into the README:\n" + "\n".join(table())
