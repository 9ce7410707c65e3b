"""Mistakes of a deployment as system checks: `manage.py check --deploy`, and a start that refuses.

Local mode is for one machine and is told so; production must be whole before it serves anybody.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from core.buckets import Bucket

SHORTEST_SECRET = 50
FEWEST_CHARACTERS = 10
SAMPLE_WORDS = ("change-me", "changeme", "insecure", "example", "secret-key")


@register("covidxr", deploy=True)
def deployment(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:
    if settings.LOCAL_MODE:
        hint = "Set COVIDXR_MODE=production and what .env.example lists."
        return [Warning("Local mode is for one machine only.", hint, id="covidxr.W010")]
    return [message for check in PRODUCTION_CHECKS for message in check()]


def _is_weak(key: str) -> bool:
    return (
        len(key) < SHORTEST_SECRET
        or len(set(key)) < FEWEST_CHARACTERS
        or any(word in key.lower() for word in SAMPLE_WORDS)
    )


def secret_key() -> list[CheckMessage]:
    hint = f"Use at least {SHORTEST_SECRET} random characters: `make secret` prints some."
    weak = _is_weak(settings.SECRET_KEY)
    return [Error("SECRET_KEY is weak or a sample.", hint, id="covidxr.E001")] if weak else []


def identity_key() -> list[CheckMessage]:
    key = settings.IDENTITY_KEY
    if _is_weak(key):
        hint = f"Use at least {SHORTEST_SECRET} random characters: `make secret` prints some."
        return [Error("IDENTITY_KEY is missing, weak or a sample.", hint, id="covidxr.E008")]
    if key == settings.SECRET_KEY:
        hint = "SECRET_KEY is changed now and then; pseudonyms and sealed identities must stay."
        return [Error("IDENTITY_KEY is the SECRET_KEY.", hint, id="covidxr.E008")]
    return []


def allowed_hosts() -> list[CheckMessage]:
    hosts = settings.ALLOWED_HOSTS
    if hosts and not any(host.strip(".") in {"*", ""} for host in hosts):
        return []
    hint = "Name the host that people type, for instance covid-xr.hospital.example."
    return [Error("ALLOWED_HOSTS is empty or lets every host in.", hint, id="covidxr.E002")]


def debug() -> list[CheckMessage]:
    if not settings.DEBUG:
        return []
    return [Error("DEBUG shows settings and data to visitors.", "Unset DEBUG.", id="covidxr.E003")]


def mail() -> list[CheckMessage]:
    if settings.EMAIL_URL:
        return []
    hint = "Without mail nobody can verify an address: EMAIL_URL=smtp+tls://user:password@host:587"
    return [Error("EMAIL_URL is missing.", hint, id="covidxr.E004")]


def broker() -> list[CheckMessage]:
    if settings.REDIS_URL:
        return []
    hint = "Start Redis or Valkey 7 or newer: REDIS_URL=redis://host:6379/0"
    return [Error("REDIS_URL is missing.", hint, id="covidxr.E005")]


def administrator() -> list[CheckMessage]:
    if not settings.ADMIN_EMAIL.endswith(".local"):
        return []
    hint = "The first administrator must be reachable by mail."
    return [Error("ADMIN_EMAIL is missing.", hint, id="covidxr.E006")]


def database() -> list[CheckMessage]:
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return []
    hint = "DATABASE_URL=postgres://user:password@host:5432/covidxr"
    return [Warning("SQLite serves one machine only.", hint, id="covidxr.W001")]


def database_password() -> list[CheckMessage]:
    password = str(settings.DATABASES["default"].get("PASSWORD") or "")
    if not any(word in password.lower() for word in SAMPLE_WORDS):
        return []
    hint = "Choose your own POSTGRES_PASSWORD."
    return [Error("The password of the database is a sample.", hint, id="covidxr.E007")]


def sender() -> list[CheckMessage]:
    if ".local" not in settings.DEFAULT_FROM_EMAIL:
        return []
    hint = "Mail from a name that does not exist is thrown away: set DEFAULT_FROM_EMAIL."
    return [Warning("DEFAULT_FROM_EMAIL is a local name.", hint, id="covidxr.W002")]


PRODUCTION_CHECKS = (
    secret_key, identity_key, allowed_hosts, debug, mail, broker, administrator, database,
    database_password, sender,
)  # fmt: skip


def refuse_bad_deployment() -> None:
    """Stop a production process that would serve people half configured.

    Raises ImproperlyConfigured with every error in one line; in local mode only a FEATURES_URL or
    MEDIA_S3_URL that names no bucket is one. Warnings pass.
    """
    for name in ("FEATURES_URL", "MEDIA_S3_URL"):
        if getattr(settings, name):
            Bucket.from_url(getattr(settings, name), name)
    if settings.LOCAL_MODE:
        return
    errors = [message for message in deployment() if isinstance(message, Error)]
    if errors:
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint}" for error in errors))
