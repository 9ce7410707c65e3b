"""What batches leave behind: names that expire, and bytes that nobody waits for any more."""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from core.jobs import JobStatus
from images import spool
from images.models import IncomingFile
from images.verdicts import PASSING

NAMES_KEPT: Final = timedelta(days=30)
# Bytes of files that are not whole, or that failed for a passing reason.
BYTES_KEPT: Final = timedelta(days=7)
# A member of an archive is written before its row is.
SETTLED: Final = timedelta(hours=1)
_FOLDER: Final = re.compile(r"\A[0-9a-f]{32}\Z")
_PART: Final = re.compile(r"\A[0-9a-f]{32}\.part\Z")


def forget_names() -> int:
    """Wipe the sealed names of files that were announced 30 days ago; returns how many."""
    old = IncomingFile.objects.filter(created_at__lt=timezone.now() - NAMES_KEPT)
    return old.exclude(sealed_name=b"").update(sealed_name=b"")


def drop_leftovers() -> int:
    """Remove bytes that are past their time, and cancel what stopped arriving a week ago.

    Returns how many files were removed.
    """
    dropped = 0
    for batch, parts in _parts():
        rows = IncomingFile.objects.filter(batch=batch).in_bulk(parts)
        for key, path in parts.items():
            if _is_unwanted(rows.get(key), _age(path)):
                spool.drop(path)
                dropped += 1
        with suppress(OSError):  # not empty, which is the rule
            spool.folder_of(batch).rmdir()
    week_ago = timezone.now() - BYTES_KEPT
    stuck = IncomingFile.objects.receiving().filter(updated_at__lt=week_ago)
    _cancel_without_bytes(stuck.iterator())
    return dropped


def _cancel_without_bytes(rows: Iterable[IncomingFile]) -> None:
    for row in rows:
        if not spool.path_of(row.batch_id, row.pk).exists():
            IncomingFile.objects.receiving().filter(pk=row.pk).cancel()


def _parts() -> Iterator[tuple[UUID, dict[UUID, Path]]]:
    root = Path(settings.INTAKE_DIR)
    folders = [path for path in root.glob("*") if _FOLDER.match(path.name)]
    for folder in folders:
        found = {
            UUID(hex=path.stem): path for path in folder.glob("*.part") if _PART.match(path.name)
        }
        yield UUID(hex=folder.name), found


def _age(path: Path) -> timedelta:
    with suppress(FileNotFoundError):
        return timedelta(seconds=time.time() - path.stat().st_mtime)
    return timedelta()


def _is_unwanted(row: IncomingFile | None, age: timedelta) -> bool:
    if row is None:
        return age > SETTLED
    if row.is_open:
        return row.received_at is None and age > BYTES_KEPT
    may_help = row.status == JobStatus.FAILED and row.error_code in PASSING
    return age > (BYTES_KEPT if may_help else SETTLED)
