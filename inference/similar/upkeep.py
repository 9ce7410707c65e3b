"""Bringing the indexes of similar cases up to date with the database.

They may be lost, damaged or late: what is missing is made again, and what is stale is never shown
(`search` asks the database). A case deleted for good leaves the file at the next refresh at latest,
that is within a minute, or four while somebody waits for an answer; a process that still has the
old file open lets go of it at its next use.
"""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from core.models import BEFORE_ALL
from images.models import GroundTruth, Patient, Radiograph, Target
from images.models.radiograph import RadiographQuerySet, RadiographStatus
from inference.similar.case_index import IndexDamaged, Labels, Vectors, label, read, write
from inference.similar.kinds import Kind, live_kinds

logger = logging.getLogger(__name__)

CHUNK: Final = 2000
LOCK: Final = ".lock"

Case = tuple[UUID, UUID, UUID, str]  # radiograph, patient, institution, hash of the pixels


def refresh() -> int:
    """Write each index that the database has moved on from; returns how many were written.

    Indexes of models that serve no more go, and so does what a killed refresh left behind. Does
    nothing while another process is at it. Raises OSError when the disk refuses.
    """
    folder = Path(settings.SIMILAR_DIR)
    with _only_one(folder) as is_alone:
        if not is_alone:
            return 0
        kinds = live_kinds()
        _keep_only({kind.path for kind in kinds}, folder)
        return sum(_write_if_late(kind) for kind in kinds)


def refreshed_within(time: timedelta) -> bool:
    """Whether the last refresh on this machine began no longer ago than `time`."""
    try:
        began = (Path(settings.SIMILAR_DIR) / LOCK).stat().st_mtime
    except OSError:
        return False
    # A clock that was set back makes no refresh one of the future.
    return 0 <= timezone.now().timestamp() - began < time.total_seconds()


def fingerprint(kind: Kind) -> str:
    """Another one whenever something was added, changed or removed that the index depends on."""
    tables: list[QuerySet[Any]] = [
        kind.vectors(),
        Radiograph.objects.kept(),
        GroundTruth.objects.all(),
        Target.objects.filter(is_active=True),
        Patient.objects.filter(consent_withdrawn_at__isnull=False),
    ]
    facts = [rows.aggregate(rows=Count("pk"), last=Max("updated_at")) for rows in tables]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def confirmed_cases() -> RadiographQuerySet:
    """Kept radiographs with a current, known ground truth for a target that is asked now, of
    patients who did not withdraw their consent."""
    known = GroundTruth.objects.current().filter(
        radiograph=OuterRef("pk"), target_class__isnull=False, target__is_active=True
    )
    # Not `kept()`: SQLite would take the index of the status and sort them all for each batch.
    rows = Radiograph.objects.exclude(status=RadiographStatus.TRASHED)
    return rows.consented().filter(Exists(known))


def _write_if_late(kind: Kind) -> bool:
    # Before the rows are read: what changes meanwhile makes the new index late, not wrong.
    now = fingerprint(kind)
    if _fingerprint_of_file(kind.path) == now:
        return False
    rows = write(kind.path, fingerprint=now, channels=kind.channels, chunks=_chunks(kind))
    logger.info("index of similar cases written name=%s rows=%d", kind.path.name, rows)
    return True


def _fingerprint_of_file(path: Path) -> str:
    try:
        return read(path).fingerprint
    except (FileNotFoundError, IndexDamaged):
        return ""


def _chunks(kind: Kind) -> Iterator[tuple[Vectors, Labels]]:
    for cases in _batches():
        hashes = [pixels for *_, pixels in cases]
        stored = kind.vectors().filter(pixel_sha256__in=hashes)
        pooled = dict(stored.values_list("pixel_sha256", "pooled"))
        rows = kind.unit_rows([bytes(pooled.get(pixels, b"")) for pixels in hashes])
        labels = np.array([label(*owners) for *owners, _ in cases], np.uint64)
        comparable = rows.any(axis=1)
        yield rows[comparable], labels[comparable]


def _batches() -> Iterator[list[Case]]:
    """All cases by their keys, each batch by a short query: no cursor stays open meanwhile."""
    cases = confirmed_cases().order_by("pk")
    facts = cases.values_list("pk", "patient_id", "site_id", "pixel_sha256")
    last = BEFORE_ALL
    while batch := list(facts.filter(pk__gt=last)[:CHUNK]):
        yield batch
        last = batch[-1][0]


def _keep_only(paths: set[Path], folder: Path) -> None:
    for path in folder.iterdir():
        if path not in paths and path.name != LOCK:
            path.unlink()


@contextmanager
def _only_one(folder: Path) -> Iterator[bool]:
    """Whether this is the only refresh on this machine; the lock goes with its holder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            os.utime(folder / LOCK)
            yield True
