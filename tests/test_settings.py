import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STRONG = string.ascii_letters + string.digits


def listed() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE))


def read_by_settings() -> set[str]:
    text = (ROOT / "portal" / "settings.py").read_text()
    return set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"', text))


def test_env_example_lists_exactly_what_settings_read():
    assert listed() == read_by_settings()


@pytest.mark.parametrize("debug", ["on", "off"])
def test_copy_of_env_example_says_what_holds_without_it(debug):
    text = (ROOT / ".env.example").read_text()
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    code = "[print(n, getattr(settings, n)) for n in dir(settings) if n.isupper()]"
    own = {"DEBUG": debug, "SECRET_KEY": STRONG}
    without = run(code, **own)
    assert "\nHTTPS " in without.stdout
    copied = run(code, **{**example, **own})
    assert copied.stdout.splitlines() == without.stdout.splitlines()


def in_readme() -> set[str]:
    """The settings that the README's tables explain."""
    rows = re.findall(r"^\| (`[A-Z].*?) \|", (ROOT / "README.md").read_text(), re.M)
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_readme_explains_only_settings_that_there_are():
    assert len(in_readme()) > 15
    assert in_readme() <= read_by_settings()


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from portal import settings; {code}"],
        cwd=ROOT,
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_settings_refuse_to_start_when_secret_key_is_missing():
    result = run("pass")
    assert result.returncode != 0
    assert "SECRET_KEY is missing" in result.stderr


@pytest.mark.parametrize(
    "name",
    ["SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"],
)
def test_settings_are_secure_when_debug_is_off(name):
    result = run(f"print(settings.{name})", SECRET_KEY=STRONG)
    assert result.stdout == "True\n"


def test_settings_use_the_embedded_database_when_none_is_given():
    code = "print(settings.DATABASES['default']['OPTIONS']['transaction_mode'])"
    assert run(code, SECRET_KEY=STRONG).stdout == "IMMEDIATE\n"


def test_queries_are_not_compiled_unless_database_url_says_so():
    code = "print(settings.DATABASES['default']['OPTIONS'])"
    url = "postgres://portal@/portal?host=/run"
    result = run(code, SECRET_KEY=STRONG, DATABASE_URL=url)
    assert result.stdout == "{'options': '-c jit=off', 'host': '/run'}\n"


def test_settings_use_postgresql_when_database_url_names_it():
    code = "print(settings.DATABASES['default']['ENGINE'])"
    result = run(code, SECRET_KEY=STRONG, DATABASE_URL="postgres://portal@/portal")
    assert result.stdout == "django.db.backends.postgresql\n"


def test_settings_keep_local_tenant_sign_in_off_when_debug_is_off():
    code = "print(settings.LOCAL_TENANT_SIGN_IN)"
    assert run(code, SECRET_KEY=STRONG).stdout == "False\n"


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("tiny", "is shorter than 50 characters"),
        (STRONG[:49], "is shorter than 50 characters"),
        ("abcdefghi" * 10, "has fewer than 10 different characters"),
        ("django-insecure-" + STRONG, "is one for development"),
        ("only-for-development-" + STRONG, "is one for development"),
    ],
)
@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS", "LINK_KEYS"])
def test_settings_refuse_to_start_when_a_key_is_weak(name, key, why):
    result = run("pass", **{"SECRET_KEY": STRONG, name: key})
    assert result.returncode != 0
    assert why in result.stderr
    assert key not in result.stderr


def test_settings_take_the_published_key_when_debug_is_on():
    assert run("print(settings.DEBUG)", DEBUG="on").stdout == "True\n"
    key = "print(settings.SECRET_KEY)"
    published = run(key, DEBUG="on").stdout.strip()
    assert run("pass", SECRET_KEY=published).returncode != 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_COOKIE_HTTPONLY", True),
        ("CSRF_COOKIE_HTTPONLY", True),
        ("LANGUAGE_COOKIE_HTTPONLY", True),
        ("LANGUAGE_COOKIE_SECURE", True),
        ("SESSION_COOKIE_SAMESITE", "Lax"),
        ("CSRF_COOKIE_SAMESITE", "Lax"),
        ("SECURE_HSTS_SECONDS", 31_536_000),
        ("SECURE_HSTS_INCLUDE_SUBDOMAINS", True),
        ("SECOND_FACTOR", "staff"),
        ("TRUSTED_PROXIES", 0),
    ],
)
def test_settings_protect_people_when_nothing_is_said(name, value):
    assert run(f"print(repr(settings.{name}))", SECRET_KEY=STRONG).stdout == (
        f"{value!r}\n"
    )


def test_passwords_are_hashed_by_argon2_first():
    result = run("print(settings.PASSWORD_HASHERS[0])", SECRET_KEY=STRONG)
    assert "Argon2PasswordHasher" in result.stdout
