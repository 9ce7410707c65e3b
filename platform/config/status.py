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
from images.models import Radiograph, StorageFinding, SweepRound
from inference.agreement import Agreement, agreement
from inference.models import DeployedModel, Prediction
from inference.timings import StageSummary, stage_summary

QUEUES = ("default", "inference", "training")
LIBRARIES = ("covid-xr", "torch", "celery", "pillow", "pydicom", "gunicorn")
LOW_DISK_BYTES = 1_000_000_000
MOST_FINDINGS = 50

PARTS: dict[str, StrOrPromise] = {
    "database": _("Database"),
    "migrations": _("Tables of the database"),
    "broker": _("Queue server"),
    "cache": _("Cache"),
    "worker-default": _("Worker that takes files in and tidies up"),
    "worker-inference": _("Worker that predicts"),
}
JOB_STATES: dict[str, StrOrPromise] = dict(JobStatus.choices)


@dataclass(frozen=True)
class Part:
    name: StrOrPromise
    works: bool


@dataclass(frozen=True)
class Queue:
    """`length` is None when the broker does not say, `pulse_seconds` when no worker of the queue
    gave a sign of life lately. Those of a queue without `has_pulse` are not asked for one."""

    name: str
    length: int | None
    pulse_seconds: int | None

    @property
    def has_pulse(self) -> bool:
        return f"worker-{self.name}" in health.CHECKS


@dataclass(frozen=True)
class PlatformStatus:
    """`disk_free` and `disk_total` in bytes; `timings` None when nothing was predicted lately."""

    parts: list[Part]
    queues: list[Queue]
    models: list[DeployedModel]
    shadows: list[Agreement]
    timings: StageSummary | None
    radiographs: int
    predictions: list[tuple[StrOrPromise, int]]
    disk_free: int
    disk_total: int
    findings: list[StorageFinding]
    findings_count: int
    last_round: SweepRound | None
    versions: list[tuple[str, str]]

    @property
    def all_parts_work(self) -> bool:
        return all(part.works for part in self.parts)

    @property
    def disk_is_low(self) -> bool:
        """Before the reserve is reached, at which no file is taken in any more."""
        return self.disk_free < max(LOW_DISK_BYTES, 2 * settings.DISK_RESERVE_BYTES)

    @property
    def disk_is_full(self) -> bool:
        return self.disk_free < settings.DISK_RESERVE_BYTES

    @property
    def needs_attention(self) -> bool:
        return not self.all_parts_work or self.disk_is_low or self.findings_count > 0


def platform_status(user: User) -> PlatformStatus:
    """Radiographs and predictions are counted as `user` sees them; the rest is the platform's."""
    failing = health.failing_parts()
    disk = shutil.disk_usage(settings.DATA_DIR)
    findings = StorageFinding.objects.visible_to(user)
    return PlatformStatus(
        parts=[Part(name, key not in failing) for key, name in PARTS.items()],
        queues=_queues(failing),
        models=list(DeployedModel.objects.live_models()),
        shadows=[agreement(model) for model in DeployedModel.objects.shadows()],
        timings=stage_summary(),
        radiographs=Radiograph.objects.visible_to(user).kept().count(),
        predictions=_predictions_by_status(user),
        disk_free=disk.free,
        disk_total=disk.total,
        findings=list(findings[:MOST_FINDINGS]),
        findings_count=findings.count(),
        last_round=SweepRound.objects.exclude(finished_at=None).first(),
        versions=_versions(),
    )


def _queues(failing: list[str]) -> list[Queue]:
    lengths = _lengths() if "broker" not in failing else {}
    ages = {name: _pulse_seconds(name) for name in QUEUES} if "cache" not in failing else {}
    return [Queue(name, lengths.get(name), ages.get(name)) for name in QUEUES]


def _pulse_seconds(queue: str) -> int | None:
    age = health.pulse_age_seconds(queue)
    return None if age is None else max(0, round(age))


def _lengths() -> dict[str, int]:
    with celery_app.connection_for_read() as broker:
        return {name: _length(broker, name) for name in QUEUES}


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
