import pytest


@pytest.fixture(autouse=True)
def _no_limits(settings):
    """The limits have tests of their own; here they would stop nearly everything."""
    for name in (
        "GUESSES",
        "GUESSES_PER_ADDRESS",
        "SIGN_INS_PER_MINUTE",
        "LINKS_PER_MINUTE",
        "ASKS_PER_HOUR",
        "RESETS_PER_HOUR",
    ):
        setattr(settings, name, 1_000_000)
