"""Films and checkpoints of whole networks on the disk, until nobody resumes their run."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from core.jobs import JobStatus
from retraining.models import TrainingRun

RESUMABLE_FOR: Final = timedelta(days=14)


def throw_away_run_folders() -> int:
    """Remove folders of runs that ended well, that nobody resumed for 14 days, or that are gone.

    Returns how many. Films of radiographs deleted meanwhile go with them at the latest then.
    """
    folders = {name: path for path in _folders() if (name := _key_of(path)) is not None}
    kept = _kept(set(folders))
    for key, path in folders.items():
        if key not in kept:
            shutil.rmtree(path, ignore_errors=True)
    return len(folders.keys() - kept)


def _folders() -> list[Path]:
    root = Path(settings.RUNS_DIR)
    return [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []


def _key_of(path: Path) -> UUID | None:
    try:
        return UUID(hex=path.name)
    except ValueError:
        return None


def _kept(keys: set[UUID]) -> set[UUID]:
    since = timezone.now() - RESUMABLE_FOR
    runs = TrainingRun.objects.filter(pk__in=keys, updated_at__gte=since)
    return set(runs.exclude(status=JobStatus.DONE).values_list("pk", flat=True))
