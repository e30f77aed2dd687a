"""The settings of Handoffs. Every variable read here is explained in .env.example."""

import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from config import admin_theme, logs
from config.env import (
    Environment,
    check_company_sign_in,
    choice,
    data_dir,
    database,
    flag,
    http_url,
    load_env_files,
    networks,
    number,
    provider_url,
    redis_url,
    secret_key,
)

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
load_env_files(env, base_dir=BASE_DIR)

DATA_DIR = data_dir(env, base_dir=BASE_DIR)
DEBUG = flag(env, "DEBUG", default=False)
HANDOFFS_DEMO = flag(env, "HANDOFFS_DEMO", default=False)
SECRET_KEY = secret_key(env, demo=HANDOFFS_DEMO or DEBUG, directory=DATA_DIR)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# --- The company, and where it finds us -----------------------------------------------------------

COMPANY_NAME = env.str("COMPANY_NAME", default="Our company")
SITE_URL = http_url(env, "SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
HTTPS = SITE_URL.startswith("https://")
BEHIND_PROXY = flag(env, "BEHIND_PROXY", default=False)
ALLOWED_HOSTS = [str(urlsplit(SITE_URL).hostname), "127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS += env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# --- What Handoffs speaks to ----------------------------------------------------------------------

CRM_CONNECTOR = env.str("CRM_CONNECTOR", default="handoffs.connectors.embedded_crm.EmbeddedCrm")
LIFECYCLE_CONNECTOR = env.str("LIFECYCLE_CONNECTOR", default="handoffs.connectors.embedded_crm.EmbeddedLifecycle")
MESSAGING_CONNECTOR = env.str("MESSAGING_CONNECTOR", default="handoffs.connectors.slack.Slack")
EMAIL_CONNECTOR = env.str("EMAIL_CONNECTOR", default="handoffs.connectors.resend_email.ResendEmail")

CRM_RECORD_URL = env.str("CRM_RECORD_URL")
CRM_WRITES_OWNER = flag(env, "CRM_WRITES_OWNER", default=False)

SLACK_BASE_URL = http_url(env, "SLACK_BASE_URL", default="https://slack.com/api/")
SLACK_BOT_TOKEN = env.str("SLACK_BOT_TOKEN")
SLACK_SIGNING_SECRET = env.str("SLACK_SIGNING_SECRET")
SLACK_SIGNING_SECRET_BEFORE = env.str("SLACK_SIGNING_SECRET_BEFORE")
SLACK_REVOPS_CHANNEL = env.str("SLACK_REVOPS_CHANNEL")

RESEND_API_URL = http_url(env, "RESEND_API_URL", default="https://api.resend.com")
RESEND_API_KEY = env.str("RESEND_API_KEY")
BRIEFING_FROM = env.str("BRIEFING_FROM", default="revops@company.com")
BRIEFING_TEMPLATE = env.str("BRIEFING_TEMPLATE", default="tmpl_handoff_briefing")
REVOPS_EMAIL = env.str("REVOPS_EMAIL")

# What the admin of routing and of promises takes for now: they stand below the app that has the demo's clock.
BUSINESS_CLOCK = "handoffs.now.now"

LIFECYCLE_URL = env.str("LIFECYCLE_URL")
LIFECYCLE_TOKEN = env.str("LIFECYCLE_TOKEN")

# The whole of one call, in seconds: shorter than any lease, so that two workers never send the same row.
CONNECTOR_TIMEOUT = number(env, "CONNECTOR_TIMEOUT", default=10, least=1, most=15)

# Names a step at which the process kills itself, so that tests can prove nothing is lost there.
HANDOFFS_FAILPOINT = env.str("HANDOFFS_FAILPOINT")

# --- Parts ----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    # Without a site of its own: the admin's is ours.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "config.apps.HandoffsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_celery_beat",
    "import_export",
    "simple_history",
    "axes",
    "csp",
    "routing",
    "sla",
    "handoffs",
]

MIDDLEWARE = [
    "config.request_log.request_log",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Inside WhiteNoise, whose files are compressed already. Pages are padded at random, so lengths give nothing away.
    "django.middleware.gzip.GZipMiddleware",
    "config.middleware.no_store",
    "handoffs.views.health.probes",
    "csp.middleware.CSPMiddleware",
    "config.middleware.admin_csp",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "handoffs.views.session_limits.session_limits",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

UNFOLD = admin_theme.unfold(company=COMPANY_NAME)

# --- Data -----------------------------------------------------------------------------------------

DATABASES = {"default": database(env, directory=DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "config.formats"

# --- People and sessions --------------------------------------------------------------------------

AUTH_USER_MODEL = "routing.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

PASSWORD_SIGN_IN = flag(env, "PASSWORD_SIGN_IN", default=True)
if PASSWORD_SIGN_IN:
    AUTHENTICATION_BACKENDS += ["django.contrib.auth.backends.ModelBackend"]

# Sign-in through the company's own provider; the library's names on the left.
OIDC_ISSUER = env.str("OIDC_ISSUER")
OIDC_RP_CLIENT_ID = env.str("OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET")
OIDC_OP_AUTHORIZATION_ENDPOINT = provider_url(env, "OIDC_AUTHORIZATION_URL")
OIDC_OP_TOKEN_ENDPOINT = provider_url(env, "OIDC_TOKEN_URL")
OIDC_OP_USER_ENDPOINT = provider_url(env, "OIDC_USERINFO_URL")
OIDC_OP_JWKS_ENDPOINT = provider_url(env, "OIDC_JWKS_URL")
OIDC_LABEL = env.str("OIDC_LABEL", default="single sign-on")
OIDC_CREATES_USERS = flag(env, "OIDC_CREATES_USERS", default=False)
OIDC_ALLOWS_SUPERUSERS = flag(env, "OIDC_ALLOWS_SUPERUSERS", default=False)
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid email profile"
OIDC_USE_PKCE = True
OIDC_AUTHENTICATION_CALLBACK_URL = "company_sign_in_back"
check_company_sign_in(env, with_password=PASSWORD_SIGN_IN)
if OIDC_ISSUER:
    AUTHENTICATION_BACKENDS += ["handoffs.connectors.company_sign_in.CompanySignIn"]

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL

# handoffs.views.session_limits ends sessions: after 8 hours without use and 12 hours in all. The cookie is kept longer,
# so that whoever comes back the next morning is told why.
SESSION_COOKIE_AGE = 24 * 60 * 60

# Five wrong passwords for one person from one address close that pair for a quarter of an hour, so that a
# stranger elsewhere cannot lock a colleague out.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
CLIENT_IP = AXES_CLIENT_IP_CALLABLE = f"config.middleware.{'client_ip' if BEHIND_PROXY else 'peer_ip'}"
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "handoffs.views.session.locked_out"
# Our forms call the e-mail "username", as Django's do; axes would look for a field named after the model's column.
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "handoffs.views.session.attempted_name"

# --- Security of answers --------------------------------------------------------------------------

SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "handoffs.views.errors.csrf_failure"
# Probes come from inside, without https.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Only /admin/ gets a wider policy, from config.middleware.admin_csp.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# --- Static files ---------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_MANIFEST = flag(env, "STATIC_MANIFEST", default=not (DEBUG or HANDOFFS_DEMO))
# Production collects files once and names them by content; the demo and tests read them where they lie.
STATIC_ROOT = DATA_DIR / "staticfiles" if STATIC_MANIFEST else None
WHITENOISE_USE_FINDERS = not STATIC_MANIFEST
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if STATIC_MANIFEST
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        ),
    },
}
MEDIA_ROOT = DATA_DIR / "media"

# --- Background work ------------------------------------------------------------------------------

# No result backend and no delays inside the broker: the database knows what is due, messages only hurry it.
CELERY_BROKER_URL = redis_url(env)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = CELERY_EVENT_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# None: keep trying for ever. A worker that gave up on a broker that was away would not come back by itself.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_throttle": 1,
    # The web process is started with 2: a page does not wait longer for a broker that is away.
    "socket_timeout": number(env, "BROKER_SOCKET_TIMEOUT", default=5),
    "socket_connect_timeout": 2,
    "health_check_interval": 25,
    "max_retries": 1,
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

# --- API, import and export -----------------------------------------------------------------------

# So many calls a minute may one person make, counted in each web process.
API_CALLS_PER_MINUTE = number(env, "API_CALLS_PER_MINUTE", default=600, least=1)
REST_FRAMEWORK = {
    # The first one answers 401 with the header that says how to sign in.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "handoffs.api.guards.BearerToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["handoffs.api.guards.PerPerson"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["handoffs.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "handoffs.api.problems.answer",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    # Scanners that look for leaked secrets know ours by how they begin.
    "TOKEN_PREFIX": "hnd_",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Handoffs",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "HandoffType": "routing.models.HandoffType",
        "HandoffState": "handoffs.models.State",
        "ClockState": "sla.models.Clock.State",
        "ClockKind": "sla.models.ClockKind",
        "Function": "routing.models.Function",
        "Origin": "handoffs.models.Handoff.Origin",
        "Priority": "handoffs.models.Handoff.Priority",
        "ReturnReason": "handoffs.models.ReturnReason",
    },
    "TAGS": [
        {"name": "Handoffs", "description": "Start them, find them, read what belongs to them"},
        {"name": "Verbs", "description": "What people do with a handoff; each is one POST"},
        {"name": "Accounts", "description": "What a handoff can be started for"},
        {"name": "Reps", "description": "Who can own one"},
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "handoffs.api.describing.complete",
    ],
}
IMPORT_EXPORT_USE_TRANSACTIONS = True
# A cell that begins like a formula would run in the spreadsheet of whoever opens the export.
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# --- What monitoring may read -------------------------------------------------------------------------

METRICS_TOKEN = env.str("METRICS_TOKEN")
METRICS_NETWORKS = networks(env, "METRICS_NETWORKS")

# --- Logs -----------------------------------------------------------------------------------------

# A command that somebody typed speaks for itself; only what goes wrong comes between.
TYPED = Path(sys.argv[0]).name == "manage.py" and sys.argv[1:2] not in (["engine"], ["runserver"])
LEVEL = "WARNING" if TYPED else "INFO"
LOG_LEVEL = choice(env, "LOG_LEVEL", among=("INFO", "DEBUG", "WARNING", "ERROR"), default=LEVEL)
FORMAT = "LINES" if HANDOFFS_DEMO or DEBUG else "JSON"
LOG_FORMAT = choice(env, "LOG_FORMAT", among=("JSON", "LINES"), default=FORMAT)
LOGGING = logs.logging_settings(level=LOG_LEVEL, as_json=LOG_FORMAT == "JSON", whole_errors=HANDOFFS_DEMO or DEBUG)
logs.set_up()
