"""Signs of life for machines: `/healthz` (the process serves), `/readyz` (what it stands on).

Answered before every other layer: a probe knows no host name, has no session and speaks no TLS.
Only names of failing parts leave, never reasons.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from config.celery import app as celery_app
from core.tasks import PULSE_SECONDS, pulse_key

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """A part answered, but not as it must."""


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    if pending_migrations():
        raise NotReady("migrations wait")


def pending_migrations() -> list[str]:
    """Names of migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _ in plan]


def check_broker() -> None:
    with celery_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


def check_cache() -> None:
    cache.get(pulse_key("default"))


def check_pulse(queue: str) -> None:
    age = pulse_age_seconds(queue)
    if age is None or age > PULSE_SECONDS:
        raise NotReady("no pulse")


def pulse_age_seconds(queue: str) -> float | None:
    """Seconds since a worker of the queue last showed that it runs tasks; None when none did."""
    pulse = cache.get(pulse_key(queue))
    if pulse is None:
        return None
    return (timezone.now() - datetime.fromisoformat(pulse)).total_seconds()


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "broker": check_broker,
    "cache": check_cache,
    "worker-default": partial(check_pulse, "default"),
    # Without it radiographs are kept but nothing is predicted. Training may be switched off.
    "worker-inference": partial(check_pulse, "inference"),
}


def failing_parts() -> list[str]:
    return [name for name, check in CHECKS.items() if not _passes(name, check)]


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as problem:  # whatever a driver raises, the part is not ready
        logger.warning("not ready part=%s reason=%s", name, type(problem).__name__)
        return False
    return True


def healthz() -> HttpResponse:
    return JsonResponse({"status": "ok"})


def readyz() -> HttpResponse:
    try:
        failing = failing_parts()
    finally:
        connection.close_if_unusable_or_obsolete()
    status = "not ready" if failing else "ready"
    return JsonResponse({"status": status, "failing": failing}, status=503 if failing else 200)


ANSWERS = {"/healthz": healthz, "/readyz": readyz}


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = ANSWERS.get(request.path_info)
        if answer is None or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        response = answer()
        response["Cache-Control"] = "no-store"
        return response
