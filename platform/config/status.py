"""The state of the platform for those who look after it: parts, queues, models, disk, versions."""

import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import django
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import User
from config import health
from config.celery import app as celery_app
from core.jobs import JobStatus
from images.models import Radiograph
from inference.agreement import Agreement, agreement
from inference.models import DeployedModel, Prediction
from inference.timings import StageSummary, stage_summary

QUEUES = ("default", "inference", "training")
LIBRARIES = ("covid-xr", "torch", "celery", "pillow", "pydicom", "gunicorn")
LOW_DISK_BYTES = 1_000_000_000

PARTS: dict[str, StrOrPromise] = {
    "database": _("Database"),
    "migrations": _("Tables of the database"),
    "broker": _("Queue server"),
    "cache": _("Cache"),
    "worker": _("Worker"),
}
JOB_STATES: dict[str, StrOrPromise] = dict(JobStatus.choices)


@dataclass(frozen=True)
class Part:
    name: StrOrPromise
    works: bool


@dataclass(frozen=True)
class Queue:
    """`length` is None when the broker does not say."""

    name: str
    length: int | None


@dataclass(frozen=True)
class PlatformStatus:
    """`disk_free` and `disk_total` in bytes; `pulse_seconds` None when no worker ever answered,
    `timings` None when nothing was predicted lately."""

    parts: list[Part]
    pulse_seconds: int | None
    queues: list[Queue]
    models: list[DeployedModel]
    shadows: list[Agreement]
    timings: StageSummary | None
    radiographs: int
    predictions: list[tuple[StrOrPromise, int]]
    disk_free: int
    disk_total: int
    versions: list[tuple[str, str]]

    @property
    def all_parts_work(self) -> bool:
        return all(part.works for part in self.parts)

    @property
    def disk_is_low(self) -> bool:
        return self.disk_free < LOW_DISK_BYTES


def platform_status(user: User) -> PlatformStatus:
    """Radiographs and predictions are counted as `user` sees them; the rest is the platform's."""
    failing = health.failing_parts()
    disk = shutil.disk_usage(settings.DATA_DIR)
    return PlatformStatus(
        parts=[Part(name, key not in failing) for key, name in PARTS.items()],
        pulse_seconds=_pulse_seconds() if "cache" not in failing else None,
        queues=_queues() if "broker" not in failing else [Queue(q, None) for q in QUEUES],
        models=list(DeployedModel.objects.live_models()),
        shadows=[agreement(model) for model in DeployedModel.objects.shadows()],
        timings=stage_summary(),
        radiographs=Radiograph.objects.visible_to(user).kept().count(),
        predictions=_predictions_by_status(user),
        disk_free=disk.free,
        disk_total=disk.total,
        versions=_versions(),
    )


def _pulse_seconds() -> int | None:
    age = health.pulse_age_seconds()
    return None if age is None else max(0, round(age))


def _queues() -> list[Queue]:
    with celery_app.connection_for_read() as broker:
        return [Queue(name, _length(broker, name)) for name in QUEUES]


def _length(broker: object, queue: str) -> int:
    """Messages waiting; a queue that nobody has used yet does not exist and holds none."""
    channel = broker.default_channel  # type: ignore[attr-defined]  # kombu has no types
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except channel.connection.client.channel_errors:
        return 0


def _predictions_by_status(user: User) -> list[tuple[StrOrPromise, int]]:
    visible = Prediction.objects.visible_to(user)
    return [(name, visible.filter(status=key).count()) for key, name in JOB_STATES.items()]


def _versions() -> list[tuple[str, str]]:
    known = [(name, _version(name)) for name in LIBRARIES]
    python = ".".join(map(str, sys.version_info[:3]))
    return [
        *known,
        ("django", django.get_version()),
        ("python", python),
        ("database", connection.display_name),
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
