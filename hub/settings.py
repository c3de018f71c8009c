"""Settings from the environment; every one has a default that works for the embedded mode (SQLite under var/)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ

from hub.core.keys import local_secret
from hub.logs import configure_logs
from hub.look import UNFOLD as LOOK

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(str(BASE_DIR / ".env"))

VAR_DIR = Path(env.str("HUB_VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or local_secret(VAR_DIR / "secret_key")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HUB_BASE_URL = env.str("HUB_BASE_URL", default="http://127.0.0.1:8000")

HUB_ENCRYPTION_KEYS: list[str] = env.list("HUB_ENCRYPTION_KEYS", default=[]) or [local_secret(VAR_DIR / "encryption_key", fernet=True)]
HUB_PERSONAL_DATA_DAYS = env.int("HUB_PERSONAL_DATA_DAYS", default=30)
HUB_PERSONAL_DATA_MAX_DAYS = env.int("HUB_PERSONAL_DATA_MAX_DAYS", default=120)
HUB_HISTORY_DAYS = env.int("HUB_HISTORY_DAYS", default=400)
HUB_SENDERS = env.int("HUB_SENDERS", default=8)
HUB_BATCH = env.int("HUB_BATCH", default=100)
HUB_LEASE_SECONDS = env.int("HUB_LEASE_SECONDS", default=180)
HUB_HEARTBEAT_SECONDS = env.int("HUB_HEARTBEAT_SECONDS", default=400)
HUB_DEATHS = env.int("HUB_DEATHS", default=3)
HUB_PACE = env.float("HUB_PACE", default=1.0)
HUB_WEBHOOK_MAX_BYTES = env.int("HUB_WEBHOOK_MAX_BYTES", default=2 * 1024 * 1024)

INSTALLED_APPS = [
    "hub.apps.HubConfig",
    "mappings.apps.MappingsConfig",
    "reconciliation.apps.ReconciliationConfig",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "django_q",
    "simple_history",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "hub.web.SecurityHeaders",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"
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
            ]
        },
    }
]

# Why a minute: SQLite has one writer, and a disk that is busy with other things can hold it up for more than twenty seconds (seen).
SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 60,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=FAST;",
}
DATABASES: dict[str, Any] = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'throughline.sqlite3'}")}
ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = not ON_SQLITE
if ON_SQLITE:
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Why each value: a task is only a wake-up, never the record of what must happen. Retrying belongs to the deliveries,
# so the queue tries once; `retry` exceeds timeout x (1 + ceil((queue_limit + bulk) / workers)), or a long wait would run a task twice.
Q_CLUSTER: dict[str, Any] = {
    "name": "hub",
    "workers": env.int("HUB_WORKERS", default=2),
    "queue_limit": 2,
    "bulk": 1,
    "timeout": 360,
    "retry": 1200,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "poll": 0.2,
    "catch_up": False,
    "recycle": 500,
    "max_rss": 240_000,
    "label": "Tasks",
    "guard_cycle": 1,
}
HUB_REDIS_URL = env.str("HUB_REDIS_URL", default="")
if HUB_REDIS_URL:
    Q_CLUSTER["redis"] = HUB_REDIS_URL
else:
    Q_CLUSTER["orm"] = "default"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_IPWARE_PROXY_COUNT = env.int("HUB_TRUSTED_PROXIES", default=0)
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hub.api.parsing.BoundedJSONParser"],
    "EXCEPTION_HANDLER": "hub.api.errors.in_words",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle", "rest_framework.throttling.AnonRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("HUB_API_RATE", default="600/min"), "anon": "60/min"},
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Throughline",
    "DESCRIPTION": "Webhooks in, deliveries and runs out.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "hub.api.openapi.with_webhooks"],
    "ENUM_NAME_OVERRIDES": {
        "DeliveryState": "hub.models.delivery.Delivery.State",
        "RunState": "hub.models.sync_run.SyncRun.State",
        "ErrorState": "hub.models.error_record.ErrorRecord.State",
    },
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
FORMAT_MODULE_PATH = ["hub.formats"]
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "statements": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.str("HUB_STATEMENTS_DIR", default=str(VAR_DIR / "statements"))},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
HUB_BEHIND_TLS = env.bool("HUB_BEHIND_TLS", default=False)
if HUB_BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000

UNFOLD = LOOK

LOGGING_CONFIG = None
configure_logs(level=env.str("LOG_LEVEL", default="INFO"), pretty=env.bool("LOG_PRETTY", default=False))
