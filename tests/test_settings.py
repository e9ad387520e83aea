import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STRONG = "a" * 30 + "B7-" * 20


def listed() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE))


def read_by_settings() -> set[str]:
    text = (ROOT / "portal" / "settings.py").read_text()
    return set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"', text))


def test_env_example_lists_exactly_what_settings_read():
    assert listed() == read_by_settings()


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


def test_settings_use_postgresql_when_database_url_names_it():
    code = "print(settings.DATABASES['default']['ENGINE'])"
    result = run(code, SECRET_KEY=STRONG, DATABASE_URL="postgres://portal@/portal")
    assert result.stdout == "django.db.backends.postgresql\n"


def test_settings_keep_local_tenant_sign_in_off_when_debug_is_off():
    code = "print(settings.LOCAL_TENANT_SIGN_IN)"
    assert run(code, SECRET_KEY=STRONG).stdout == "False\n"
