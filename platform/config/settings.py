"""Django settings, driven by the environment alone. Sections in the order a reader asks for them.

Two modes: `local` (the default: SQLite, a private broker, mail kept in a folder) and `production`
(PostgreSQL, Redis and real mail named by the environment; refuses to start half configured).
"""

from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import env
from config.locations import broker_urls, cache_settings, database_settings, mail_settings
from config.logs import logging_settings
from config.schedule import SCHEDULE
from core.buckets import Bucket

django_stubs_ext.monkeypatch()

# --- where things are -------------------------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parents[2]
PLATFORM_DIR = BASE_DIR / "platform"
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "data")
MEDIA_ROOT = DATA_DIR / "radiographs"
FEATURES_DIR = DATA_DIR / "features"
# A bucket in place of that folder: s3://BUCKET/PREFIX?endpoint=URL&region=NAME
FEATURES_URL = env.text("FEATURES_URL")
# A bucket in place of the folder of radiographs, of the same form; private, never public.
MEDIA_S3_URL = env.text("MEDIA_S3_URL")
# True: browsers fetch from the bucket by addresses that live a minute. False: through this server.
MEDIA_URL_SIGNED = env.flag("MEDIA_URL_SIGNED", default=False)
# Who sends a stored file once the rights are checked: this process, nginx, or Apache and lighttpd.
FILES_SENT_BY = env.choice("FILES_SENT_BY", "django", ("django", "x-accel", "x-sendfile"))
# The location of nginx that is `internal` and an alias of MEDIA_ROOT.
FILES_INTERNAL_PREFIX = env.text("FILES_INTERNAL_PREFIX", "/_radiographs/")
# No file comes in while the disk has less room than this: the database lives on it too.
DISK_RESERVE_BYTES = env.whole("DISK_RESERVE_MB", 100) * 1024 * 1024
INPUTS_DIR = DATA_DIR / "inputs"
SIMILAR_DIR = DATA_DIR / "similar"
# Files on their way in: never under MEDIA_ROOT, gone once they are taken in or refused.
INTAKE_DIR = DATA_DIR / "intake"
# Untouched source files, sealed, of the sites that ask for it; they expire.
QUARANTINE_DIR = DATA_DIR / "quarantine"
# Archives made by bulk exports, until they expire.
EXPORTS_DIR = DATA_DIR / "exports"
ARTIFACTS_DIR = DATA_DIR / "models"
# Checkpoints of trainings that are not finished, and models that wait to be looked at.
RUNS_DIR = DATA_DIR / "runs"
MODELS_INTAKE_DIR = DATA_DIR / "models-intake"
WEIGHTS_DIR = DATA_DIR / "weights"
MAIL_DIR = DATA_DIR / "mail"
BASELINE_DIR = BASE_DIR / "inference" / "artifacts" / "baseline-covid-19"
GATE_DIR = BASE_DIR / "inference" / "artifacts" / "gate-frontal-chest"
VGG16_WEIGHTS = env.text("VGG16_WEIGHTS")
INFERENCE_ENGINE = env.choice(
    "INFERENCE_ENGINE", "auto", ("auto", "winograd", "ncnn", "torch", "torch-cuda")
)
INFERENCE_THREADS = env.whole("INFERENCE_THREADS", 0)  # of one worker; 0: all its cores
TRAINING_THREADS = env.whole("TRAINING_THREADS", 0)  # of the trainer; 0: all cores but one
# Of a card's memory that the trainer may take, where it trains on one that others predict with.
TRAINING_GPU_PERCENT = env.whole("TRAINING_GPU_PERCENT", 50)

# --- mode -------------------------------------------------------------------------------------
MODE = env.choice("COVIDXR_MODE", "local", ("local", "production"))
LOCAL_MODE = MODE == "local"
DEBUG = env.flag("DEBUG", default=False)
HOST = env.text("HOST", "127.0.0.1")
PORT = env.whole("PORT", 8000)
SECRET_KEY = env.text("SECRET_KEY") or (
    env.kept_secret(DATA_DIR / "secret_key") if LOCAL_MODE else ""
)
# Pseudonyms and sealed identities hang on it: kept outside the database, never rotated by accident.
IDENTITY_KEY = env.text("IDENTITY_KEY") or (
    env.kept_secret(DATA_DIR / "identity_key") if LOCAL_MODE else ""
)
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]", HOST] if LOCAL_MODE else []
)
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])
# What links in mail begin with when no request is at hand.
PUBLIC_URL = env.text("PUBLIC_URL").rstrip("/") or (
    f"http://{'127.0.0.1' if HOST in ('0.0.0.0', '::') else HOST}:{PORT}"  # noqa: S104
    if LOCAL_MODE
    else f"https://{(ALLOWED_HOSTS or ['localhost'])[0].lstrip('.')}"
)
ADMIN_EMAIL = env.text("ADMIN_EMAIL", "admin@covid-xr.local")
# A file that a worker or beat touches while it is alive: what a container's health check looks at.
ALIVE_FILE = env.text("ALIVE_FILE")

# --- applications -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "retraining",
    "news",
    "reading",
    "inference",
    "images",
    "accounts",
    "core",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "csp",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionActivityMiddleware",
    "config.middleware.HtmxRedirectMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.PasswordChangeMiddleware",
    "accounts.middleware.ApprovalMiddleware",
    "accounts.middleware.AuditWayMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.RequestLogMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "config.middleware.PrivatePagesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PLATFORM_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.capabilities",
                "config.context.deployment",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- database ---------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL")
DATABASES = {"default": database_settings(DATABASE_URL, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- broker, cache and tasks ------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
BROKER = broker_urls(REDIS_URL, DATA_DIR)
CACHE_URL = env.text("CACHE_URL") or BROKER.cache
CACHES = {"default": cache_settings(CACHE_URL)}
CELERY_BROKER_URL = env.text("BROKER_URL") or BROKER.celery
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "visibility_timeout": 3600,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = ("core.tasks.queue_of",)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "config.celery.AliveScheduler"
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_TIMEZONE = "UTC"

# --- accounts ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    }
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
# The other sessions end with the old password; the one that changed it goes on.
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[COVID-XR] "
# On top of allauth's own limits (login, failed login, change of password or e-mail, codes).
ACCOUNT_RATE_LIMITS = {
    "signup": "30/h/ip",
    "reset_password": "20/h/ip,5/h/key",
    "contact": "5/h/ip",
    "contact_of_user": "5/h/user",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "COVID-XR"
# Without it nobody with a second factor may change their address; a new one counts once verified.
MFA_ALLOW_UNVERIFIED_EMAIL = True
USERSESSIONS_TRACK_ACTIVITY = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXY_COUNT", 0)

# --- mail -------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "COVID-XR <no-reply@covid-xr.local>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10
EMAIL_URL = env.text("EMAIL_URL")
if EMAIL_URL:
    vars().update(mail_settings(EMAIL_URL))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(MAIL_DIR)

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.DeclaredCapability"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "config.pagination.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": ["config.parsers.BoundedJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["config.throttling.PersonThrottle"],
    "EXCEPTION_HANDLER": "config.problems.problem",
    "PAGE_SIZE": 50,
}
API_REQUESTS_PER_MINUTE = env.whole("API_REQUESTS_PER_MINUTE", 600)
# Announcing and sending the files of a batch has a limit of its own: one request for each part.
INTAKE_REQUESTS_PER_MINUTE = env.whole("INTAKE_REQUESTS_PER_MINUTE", 6000)
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None, "AUTO_REFRESH": False}
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105  (a model, not a password)
# knox's own migrations make its token table even where another model takes its place; that table
# would hold nothing, and its foreign key keeps PostgreSQL from emptying the users' table.
MIGRATION_MODULES = {"knox": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "COVID-XR",
    "DESCRIPTION": _("Chest radiographs, predictions and RT-PCR ground truth."),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.describe_problems",
        "config.openapi.leave_optional_parts_empty",
        "config.openapi.say_what_parts_are",
    ],
    "ENUM_NAME_OVERRIDES": {
        "RadiographStatus": "images.models.radiograph.RadiographStatus",
        "PredictionStatus": "core.jobs.JobStatus",
        "Sex": "images.models.patient.Sex",
        "View": "images.models.radiograph.View",
        "LaboratoryOutcome": "images.api_laboratory.WORDS",
    },
}

# --- uploads ----------------------------------------------------------------------------------
MAX_RADIOGRAPH_BYTES = env.whole("MAX_RADIOGRAPH_MB", 64) * 1024 * 1024
MAX_ARCHIVE_BYTES = env.whole("MAX_ARCHIVE_MB", 2048) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "images.upload_handlers.CappedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "images.upload_handlers.SpoolUploadHandler",
]
# Of the archive that `manage.py pull_dicomweb` asks; a token goes before a password.
DICOMWEB_USER = env.text("DICOMWEB_USER")
DICOMWEB_PASSWORD = env.text("DICOMWEB_PASSWORD")
DICOMWEB_TOKEN = env.text("DICOMWEB_TOKEN")

# --- static files -----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [PLATFORM_DIR / "static"]
# Compressed once at the start; source maps are for nobody's visit and large.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    "jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "br", "woff", "woff2", "map",
)  # fmt: skip
STORAGES = {
    "default": (
        {"BACKEND": "images.buckets.PrivateBucketStorage", "OPTIONS": {"url": MEDIA_S3_URL}}
        if MEDIA_S3_URL
        else {"BACKEND": "images.storage.DurableFileSystemStorage"}
    ),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- language and time ------------------------------------------------------------------------
LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [PLATFORM_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "America/Argentina/Salta")

# --- the browser, locked down -----------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
if MEDIA_S3_URL and MEDIA_URL_SIGNED:
    # An <img> that is redirected to the bucket needs leave for the bucket's host.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(
        Bucket.from_url(MEDIA_S3_URL, "MEDIA_S3_URL").origin
    )
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: [] for feature in ("camera", "geolocation", "microphone", "payment", "usb")
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
# Not in a cookie: a message can name a patient's code, and a cookie stays in the browser.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
if not LOCAL_MODE:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.whole("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    if env.flag("BEHIND_TLS_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- logs -------------------------------------------------------------------------------------
LOGGING = logging_settings(as_json=not LOCAL_MODE, level=env.text("LOG_LEVEL", "INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"

# --- checks -----------------------------------------------------------------------------------
# auth.W004: e-mail is unique without regard to case, by the constraint `one_account_per_email`.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
