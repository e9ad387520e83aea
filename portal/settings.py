"""All settings, read from the environment; `.env.example` lists every variable.

Secure by default. `DEBUG` relaxes what a newcomer on one machine would stumble over.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal.foundation.keys import weakness

BASE_DIR = Path(__file__).resolve().parent.parent

environ.Env.read_env(BASE_DIR / ".env")
env = environ.Env()
env.ENVIRON = {name: value for name, value in os.environ.items() if value}

DEBUG = env.bool("DEBUG", default=False)

# Keys

SECRET_KEY = env(
    "SECRET_KEY", default="only-for-development-" + "x" * 40 if DEBUG else ""
)
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing. Set it in the environment or in .env, "
        "or set DEBUG=on for a portal that only you use."
    )
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Newest first. Empty: derived from SECRET_KEY and its fallbacks (relationships.links).
LINK_KEYS = env.list("LINK_KEYS", default=[])
for _key in [] if DEBUG else [SECRET_KEY, *SECRET_KEY_FALLBACKS, *LINK_KEYS]:
    if _weakness := weakness(_key):
        raise ImproperlyConfigured(
            f"A key of SECRET_KEY, SECRET_KEY_FALLBACKS or LINK_KEYS {_weakness}. Make "
            "one: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        )

# Hosts and transport

PUBLIC_URL = env("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else []
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Applications, from the top floor down

INSTALLED_APPS = [
    "portal.admin_site.apps.PortalAdminConfig",
    "portal.acceptance",
    "portal.customers",
    "portal.signin",
    "portal.demo",
    "portal.reports",
    "subscriptions",
    "relationships",
    "portal.accounts",
    "portal.jobs",
    "portal.foundation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django_tasks",
    "django_tasks_db",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "bootstrap",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_countries",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.foundation.headers.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.foundation.language.PageLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.foundation.requests.RequestIdMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.signin.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.signin.limits.LimitMiddleware",
    "portal.signin.middleware.InterruptionMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.signin.context_processors.actor",
            ],
        },
    },
]
FORMS_URLFIELD_ASSUME_HTTPS = True  # as Django 6 does; the setting goes with it
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Database

SQLITE = "django.db.backends.sqlite3"
DATABASES = {
    "default": (
        env.db("DATABASE_URL")
        if env("DATABASE_URL", default="")
        else {"ENGINE": SQLITE, "NAME": BASE_DIR / "portal.sqlite3"}
    )
}
if DATABASES["default"]["ENGINE"] == SQLITE:
    # IMMEDIATE: a transaction that will write takes the write lock at once, so that
    # two writers wait instead of failing. recursive_triggers: without it
    # INSERT OR REPLACE would walk past the guards on DELETE.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL;"
            "PRAGMA synchronous=NORMAL;"
            "PRAGMA recursive_triggers=ON;"
        ),
    }
else:
    # Compiling a page's query takes many times as long as the query itself.
    _given: Any = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = {"options": "-c jit=off", **_given}
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["portal.signin.backends.LocalAccountBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        (
            "UserAttributeSimilarityValidator",
            {"user_attributes": ("login", "full_name", "email")},
        ),
        ("MinimumLengthValidator", {}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOCAL_TENANT_SIGN_IN = env.bool("LOCAL_TENANT_SIGN_IN", default=DEBUG)

# OpenID Connect. Empty: nobody signs in by it. The names of the claims are Entra's.
OIDC_ISSUER = env("OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env("OIDC_CLIENT_SECRET", default="")
OIDC_NAME = env("OIDC_NAME", default="Microsoft")
OIDC_TENANT_CLAIM = env("OIDC_TENANT_CLAIM", default="tid")
OIDC_OBJECT_CLAIM = env("OIDC_OBJECT_CLAIM", default="oid")
OIDC_ROLES_CLAIM = env("OIDC_ROLES_CLAIM", default="wids")
OIDC_TIMEOUT = env.float("OIDC_TIMEOUT", default=5.0)
OIDC_SESSION_HOURS = env.int("OIDC_SESSION_HOURS", default=12)

# Who needs a second factor (optional, staff, everybody). portal.accounts.throttling
# counts guesses, so the library's own delay, which the owner would suffer, is off.
SECOND_FACTOR = env("SECOND_FACTOR", default="optional" if DEBUG else "staff")
OTP_TOTP_ISSUER = env("SECOND_FACTOR_NAME", default="Partner portal")
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
GUESSES = env.int("GUESSES", default=10)
GUESSES_PER_ADDRESS = env.int("GUESSES_PER_ADDRESS", default=50)
LOCK_MINUTES = env.int("LOCK_MINUTES", default=15)
SIGN_IN_HISTORY_DAYS = env.int("SIGN_IN_HISTORY_DAYS", default=365)
SIGN_INS_PER_MINUTE = env.int("SIGN_INS_PER_MINUTE", default=60)
LINKS_PER_MINUTE = env.int("LINKS_PER_MINUTE", default=300)
ASKS_PER_HOUR = env.int("ASKS_PER_HOUR", default=20)
RESETS_PER_HOUR = env.int("RESETS_PER_HOUR", default=20)
RESETS_PER_ACCOUNT_PER_HOUR = env.int("RESETS_PER_ACCOUNT_PER_HOUR", default=3)
PASSWORD_RESET_TIMEOUT = 60 * env.int("PASSWORD_RESET_MINUTES", default=60)

# The rules that a portal's operator may set (product.md names them)

INVITATION_ROWS = env.int("INVITATION_ROWS", default=1000)
INVITATION_DAYS = env.int("INVITATION_DAYS", default=30)
ACCEPTING_ROLES = env.list("ACCEPTING_ROLES", default=["global_administrator"])
MARKETS_MUST_MATCH = env.bool("MARKETS_MUST_MATCH", default=True)
AGREEMENT_TEMPLATE = env("AGREEMENT_TEMPLATE", default="Microsoft Customer Agreement")
AGREEMENT_VERSION = env("AGREEMENT_VERSION", default="2026-01")
REDUCTION_WINDOW_DAYS = env.int("REDUCTION_WINDOW_DAYS", default=7)
EXPIRED_DAYS = env.int("EXPIRED_DAYS", default=30)
DISABLED_DAYS = env.int("DISABLED_DAYS", default=90)
DISABLED_DAYS_AFTER_SUSPENSION = env.int("DISABLED_DAYS_AFTER_SUSPENSION", default=120)
APPROVAL_HOURS = env.int("APPROVAL_HOURS", default=24)
SEATS_WITHOUT_APPROVAL = env.int("SEATS_WITHOUT_APPROVAL", default=10)
CLOCK_BATCH = env.int("CLOCK_BATCH", default=100)
IMPORT_ROWS = env.int("IMPORT_ROWS", default=200_000)
IMPORT_MEGABYTES = env.int("IMPORT_MEGABYTES", default=50)

# Notices

# Days after which whoever was invited by e-mail is reminded, while nobody has answered.
REMINDER_DAYS = sorted(env.list("REMINDER_DAYS", cast=int, default=[3, 10]))
MEMBERSHIP_NOTICE_DAYS = env.int("MEMBERSHIP_NOTICE_DAYS", default=14)
# How long before the end of a term its renewal is to be decided, and how many days the
# digest of such decisions is for.
RENEWAL_NOTICE_DAYS = env.int("RENEWAL_NOTICE_DAYS", default=30)
RENEWAL_DIGEST_DAYS = env.int("RENEWAL_DIGEST_DAYS", default=7)
NOTICE_DAYS = env.int("NOTICE_DAYS", default=365)
EMAIL_TEXT_DAYS = env.int("EMAIL_TEXT_DAYS", default=90)
WEBHOOK_LOG_DAYS = env.int("WEBHOOK_LOG_DAYS", default=90)
LIST_DAYS = env.int("LIST_DAYS", default=365)

# Background work. A worker that was not seen for this long is gone.

TASKS = {"default": {"BACKEND": "portal.jobs.backend.JobBackend"}}
JOB_LEASE = timedelta(seconds=env.float("JOB_LEASE_SECONDS", default=60.0))
JOB_HISTORY_DAYS = env.int("JOB_HISTORY_DAYS", default=30)
CLOCK_MINUTES = env.int("CLOCK_MINUTES", default=5)

# Webhooks go to the Internet by https alone; only a developer's own machine may be
# reached besides, and without TLS.

WEBHOOK_SECONDS = env.float("WEBHOOK_SECONDS", default=10.0)
WEBHOOKS_TO_LOOPBACK = DEBUG and env.bool("WEBHOOKS_TO_LOOPBACK", default=False)

# E-mail

EMAIL_CONFIG = env.email(
    "EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost:25"
)
vars().update(EMAIL_CONFIG)
if EMAIL_CONFIG["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "portal.foundation.smtp.EmailBackend"
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", default=30.0)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="portal@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Language, time, files

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "portal.formats"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "portal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = DEBUG

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "portal.foundation.logs.RedactingFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own handlers would print what the formatter hides.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": ["console"], "propagate": False},
    },
}
