"""The portal's settings: what differs between machines comes from the environment (docs/operators/settings.md)."""

from __future__ import annotations

import os
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from fleetportal import env

BASE_DIR = env.BASE_DIR
VAR_DIR = env.var_dir()

# --- What it is called, and where ---------------------------------------------------------------------------------
PORTAL_NAME = env.text("PORTAL_NAME", "Fleet Portal")
SALES_CONTACT = env.text("SALES_CONTACT", "sales@operator.example")
PORTAL_URL = env.text("PORTAL_URL", "http://localhost:8000").rstrip("/")
# The demonstration: known passwords, a card maker that answers by itself, mail kept in a page. Never with real data.
PORTAL_DEMO = env.flag("PORTAL_DEMO")
OPERATOR_NAME = env.text("OPERATOR_NAME", "Demo Mobility" if PORTAL_DEMO else "Your mobility provider")
BEHIND_TLS = PORTAL_URL.startswith("https://")

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY", "demonstration only, refused elsewhere" if PORTAL_DEMO else None)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if not BEHIND_TLS else "")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", PORTAL_URL)

# --- Applications -------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_filters",
    "django_htmx",
    "csp",
    "fleetportal.core",
    "fleetportal.downloads",
    "fleetportal.imports",
    "accounts",
    "vehicles",
    "cards",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "fleetportal.core.middleware.HeadersMiddleware",
    "fleetportal.core.middleware.HealthMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLifeMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.ScopeMiddleware",
]

ROOT_URLCONF = "fleetportal.urls"
WSGI_APPLICATION = "fleetportal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fleetportal.navigation.frame",
            ],
        },
    }
]
FORM_RENDERER = "fleetportal.rendering.Renderer"

# --- Engines ------------------------------------------------------------------------------------------------------
_ROLE = "DATABASE_OWNER_URL" if os.environ.get("PORTAL_DB_ROLE") == "owner" else "DATABASE_URL"
DATABASES = {"default": env.database(env.engine(_ROLE))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The role that runs the portal, and the one behind the wide door; neither owns a table (decision 4).
APP_ROLE = env.text("PORTAL_APP_ROLE", "portal_app")
WIDE_ROLE = env.text("PORTAL_WIDE_ROLE", "portal_wide")
# The model whose rows are the tenants; the kernel knows it by this name alone.
TENANT_MODEL = "accounts.Company"

REDIS_URL = env.engine("REDIS_URL").rstrip("/")
_SOCKET = {"socket_timeout": 1, "socket_connect_timeout": 1}
CACHES = {
    "default": {
        "BACKEND": "fleetportal.core.cache.ForgivingRedisCache",
        "LOCATION": f"{REDIS_URL}/1",
        "OPTIONS": _SOCKET,
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # cached_db answers 500 when the cache is gone

# Who a person is today, for work that they asked for earlier (GEN-13).
WORK_ACTOR = "accounts.actors.current_actor"
# The same with membership and scope, for what is made of rows that only they may see.
WORK_STANDING = "accounts.actors.current_standing"
# Who finds the people to whom a notice goes, and writes it (ACC-40).
NOTICE_WRITER = "accounts.notices.writing.write"

# --- How long what is done with is kept, in days (GEN-14) ---------------------------------------------------------
DOWNLOAD_DAYS = max(1, env.number("DOWNLOAD_DAYS", 7))
WORK_DAYS = max(1, env.number("WORK_DAYS", 90))
MAIL_DAYS = max(1, env.number("MAIL_DAYS", 365))
NOTICE_DAYS = max(1, env.number("NOTICE_DAYS", 183))

# --- Work that happens later --------------------------------------------------------------------------------------
CELERY_BROKER_URL = f"{REDIS_URL}/0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_timeout": 2, "socket_connect_timeout": 1}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Europe/Brussels"
CELERY_BEAT_SCHEDULER = "fleetportal.core.beat:HeartbeatScheduler"

# --- Signing in ---------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PortalBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
REAUTHENTICATION_URL = "account_reauthenticate"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "accounts.passwords.PortalPasswordValidator"}]
PASSWORD_RESET_TIMEOUT = 3600

ACCOUNT_ADAPTER = "accounts.adapter.PortalAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the other sessions end, this one stays (ACC-4)
# Sign-ins are limited by three counters of ours in the database (decision 16), so allauth's limits on them are off.
ACCOUNT_RATE_LIMITS = {"login": False, "login_failed": False}
USERSESSIONS_TRACK_ACTIVITY = False

# The second factor (ACC-6): authenticator app and passkeys, with recovery codes of our own.
MFA_ADAPTER = "accounts.safety.mfa.PortalMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# Whether dealer and operator staff must have one.
STAFF_SECOND_FACTOR = env.flag("STAFF_SECOND_FACTOR", default=not PORTAL_DEMO)
# Keys (32 bytes, base64) with which secrets of authenticator apps are locked in the database; the first one locks.
SECRETS_KEYS = env.words("SECRETS_KEYS")

_PREFIX = "__Host-" if BEHIND_TLS else ""
SESSION_COOKIE_NAME = f"{_PREFIX}session"
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
LANGUAGE_COOKIE_NAME = "language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_FAILURE_VIEW = "fleetportal.core.errors.csrf_failure"
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Language, time, files ----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("nl", _("Dutch"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "fleetportal.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Brussels"

STATIC_URL = "/static/"
# Where the collected files are; an image has them ready in a place of its own.
STATIC_ROOT = env.text("STATIC_ROOT", str(VAR_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        # In an image, root collects them and the portal's user reads them: they are no uploads, and no secret.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}
MEDIA_ROOT = VAR_DIR / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
UPLOAD_MAX_BYTES = 10 * 1024 * 1024

# --- Mail ---------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "Fleet Portal <no-reply@operator.example>")
EMAIL_BACKEND = "fleetportal.core.mail.CatcherBackend" if PORTAL_DEMO else "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("MAIL_HOST", "localhost")
EMAIL_PORT = env.number("MAIL_PORT", 25)
EMAIL_HOST_USER = env.text("MAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("MAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("MAIL_TLS")
EMAIL_TIMEOUT = 20

# --- Text messages ------------------------------------------------------------------------------------------------
# The class that gives them to a gateway; without one no mobile number can be confirmed.
SMS_BACKEND = env.text("SMS_BACKEND", "accounts.safety.gateway.CatcherGateway" if PORTAL_DEMO else "")
SMS_URL = env.text("SMS_URL", "")
SMS_TOKEN = env.text("SMS_TOKEN", "")
# The country of numbers that are typed without one.
PHONE_COUNTRY_CODE = env.text("PHONE_COUNTRY_CODE", "32")

# --- The card maker -----------------------------------------------------------------------------------------------
# "files": CSV files in PRODUCTION_DIR/out and /in. "simulator": cards are made by themselves within a minute (FUL-3).
CARD_MAKER = env.text("CARD_MAKER", "simulator" if PORTAL_DEMO else "files")
PRODUCTION_DIR = VAR_DIR / "production"
# The card maker's public key (Curve25519, base64): chosen codes are sealed with it at once (GEN-12).
CARD_MAKER_PUBLIC_KEY = env.text("CARD_MAKER_PUBLIC_KEY", "")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    # Every tick of the timetable would be two lines.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace")},
}
