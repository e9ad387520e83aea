"""How strong a key has to be; the settings ask before Django is there."""

SHORTEST = 50
FEWEST_DIFFERENT = 10
PUBLIC = ("django-insecure-", "only-for-development-")  # beginnings that are published


def weakness(key: str) -> str | None:
    """What is wrong with a key, or None."""
    if len(key) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if len(set(key)) < FEWEST_DIFFERENT:
        return f"has fewer than {FEWEST_DIFFERENT} different characters"
    if key.startswith(PUBLIC):
        return "is one for development, which is published"
    return None
