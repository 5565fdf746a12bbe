"""Django's settings, from environment variables only; every missing or unsafe one is named at start-up, all
at once.

Three modes. Production is the default and refuses anything unsafe. DEMO=1 fills in safe local values (servers
under var/). TESTING=1, set by the test suite, does the same without touching var/. Knows no clinical word.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from config import embedded
from config.env import Environment
from config.logs import configure_structlog, logging_settings
from config.safety import demo_secret, production_problems

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
SHORTEST_TOKEN = 20

env = Environment()
DEMO = env.flag("DEMO")
TESTING = env.flag("TESTING")
PRODUCTION = not (DEMO or TESTING)
DEBUG = env.flag("DEBUG")


def _unless_production(value: str) -> str | None:
    """A default for demo and tests; production has none and must say."""
    return None if PRODUCTION else value


# --- addresses and secrets ----------------------------------------------------------------------------------
SECRET_KEY = env.text(
    "SECRET_KEY",
    default=demo_secret(VAR_DIR)
    if DEMO
    else _unless_production("x" * 25 + "tests-only-not-a-secret-0123456789"),
    why="50 random characters, kept for as long as sessions should last",
)
ALLOWED_HOSTS = env.listing(
    "ALLOWED_HOSTS",
    default=_unless_production("127.0.0.1,localhost,[::1],testserver"),
    why="the host names people type, separated by commas",
)
SITE_URL = env.address(
    "SITE_URL",
    default=_unless_production(f"http://127.0.0.1:{env.integer('PORT', default=8000, low=1, high=65535)}"),
    why="the address that links in e-mail start with",
)
REDIS_URL = env.redis("REDIS_URL", default=_unless_production(embedded.broker_url(VAR_DIR / "valkey")))
DATABASE = env.database(
    "DATABASE_URL", default=_unless_production(embedded.database_url(VAR_DIR / "postgres"))
)
EMAIL = env.email("EMAIL_URL", default=_unless_production("memorymail://" if TESTING else "dummymail://"))
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL",
    default=_unless_production("Pathway <pathway@clinic.example>"),
    why="the sender of every message",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", default=0, low=0, high=9)
if PRODUCTION and not env.given("TRUSTED_PROXIES"):  # 0 could redirect for ever, 1 could trust anybody
    env.problem(
        "TRUSTED_PROXIES is not set: how many proxies stand in front, usually 1; 0 where gunicorn ends TLS."
    )
SESSION_HOURS = env.integer("SESSION_HOURS", default=10, low=1, high=24)
METRICS_TOKEN = env.text("METRICS_TOKEN", default="")
if METRICS_TOKEN and len(METRICS_TOKEN) < SHORTEST_TOKEN:
    env.problem(f"METRICS_TOKEN is short: use {SHORTEST_TOKEN} or more random characters.")
DATABASE_POOL = env.integer("DATABASE_POOL", default=0, low=0, high=100)
DEMO_MAIL_DIR = VAR_DIR / "mail"

if PRODUCTION:
    for _sentence in production_problems(
        debug=DEBUG, secret=SECRET_KEY, hosts=ALLOWED_HOSTS, site=SITE_URL, sender=DEFAULT_FROM_EMAIL,
        database_host=str(DATABASE.get("HOST", "")), redis_url=REDIS_URL, email=EMAIL,
    ):  # fmt: skip
        env.problem(_sentence)
elif DEMO and TESTING:
    env.problem("DEMO and TESTING exclude each other: set one of them.")
env.refuse_problems()

# --- database, cache, mail ----------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {"default": DATABASE | {"ATOMIC_REQUESTS": False}}
_options: dict[str, Any] = DATABASES["default"].setdefault("OPTIONS", {})
if (
    DATABASE_POOL
):  # web processes; Celery closes a pool around every task, so workers keep one connection each
    _options["pool"] = {"min_size": 1, "max_size": DATABASE_POOL, "timeout": 10}
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
_options.setdefault("connect_timeout", 5)
# Plans are kept by the server for statements a connection repeats: planning was half of an action's time there.
# Behind PgBouncer: 1.21 or later, or prepare_threshold=None.
_options["server_side_binding"] = True
_options.setdefault("prepare_threshold", 5)

# In the database, so that losing the broker locks nobody out: sign-in's rate limits live in the cache.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

globals().update(EMAIL)
EMAIL_TIMEOUT = 10

# --- application --------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "pathway",  # first: its templates and commands come before those of others
    "django_fsm",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_cotton.apps.SimpleAppConfig",
    "django_structlog",
    "csp",
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # the form renderer finds Django's widget templates through it
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.PrivatePages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.RequestLog",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pathway.views.context.page",
            ],
        },
    }
]
COTTON_DIR = "_components"
FORM_RENDERER = "pathway.views.forms.renderer.PatternFlyRenderer"

# --- people -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "pathway.Clinician"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    # Tests sign in hundreds of times and prove nothing about the hasher.
    "django.contrib.auth.hashers.MD5PasswordHasher"
    if TESTING
    else "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "config.accounts.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = False
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Pathway"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the programme makes the accounts: nobody signs up with another's address

SESSION_COOKIE_AGE = SESSION_HOURS * 3600  # counted from sign-in, so that a polling page cannot prolong it
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would sign people out who follow a link in an e-mail
CSRF_COOKIE_HTTPONLY = False  # htmx sends the token in a header

# --- transport and headers ----------------------------------------------------------------------------------
_HTTPS = PRODUCTION
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_NAME = "__Host-pathway" if _HTTPS else "pathway"
CSRF_COOKIE_NAME = "__Host-csrf" if _HTTPS else "csrftoken"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if _HTTPS else []
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # probed from inside, over plain HTTP
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- static files -------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static_root"
STATICFILES_DIRS = [BASE_DIR / "static_build"]  # made by `make static` from the npm packages, never committed
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = TESTING
WHITENOISE_USE_FINDERS = TESTING  # tests serve what was built without collecting it first
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # pages name hashed files only; halves the time to compress

# --- language, time, logs -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = logging_settings(level=env.text("LOG_LEVEL", default="INFO"), readable=not PRODUCTION)
configure_structlog()
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # the line at the end of a request says it all
