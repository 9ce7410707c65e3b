"""Untouched source files, for the institutions that ask for it: sealed, and gone when they expire.

By default (`Site.keep_source_days` is 0) nothing of this is written.
"""

import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import Site, User
from accounts.roles import Capability
from core.files import written_whole
from images.audited import note_radiograph
from images.keys import Unsealable
from images.models import QuarantinedSource, Radiograph
from images.sealing import sealed_chunks, unsealed_chunks
from images.spool import digest
from images.storage import check_reserve, room_needed

logger = logging.getLogger(__name__)

PURPOSE: Final = "source-file"


@contextmanager
def source_kept(stream: BinaryIO, site: Site) -> Iterator[QuarantinedSource | None]:
    """Seal `stream` from its beginning, where the site wants it; the block stores the row.

    Yields a row that lacks its radiograph, or None. Whatever fails inside the block, the file is
    removed again, unless a stored row names it by then. Raises StorageFull.
    """
    if not site.keep_source_days:
        yield None
        return
    kept = QuarantinedSource(
        key=uuid.uuid4().hex, expires_at=timezone.now() + timedelta(days=site.keep_source_days)
    )
    try:
        _write(kept, stream, site)
        yield kept
    except BaseException:
        _remove_unowned(kept.key)
        raise


def _remove_unowned(key: str) -> None:
    """The trouble may have come after the commit. What cannot be asked waits for the sweeper."""
    with suppress(DatabaseError):
        if not QuarantinedSource.objects.filter(key=key).exists():
            _remove(key)


def _write(kept: QuarantinedSource, stream: BinaryIO, site: Site) -> None:
    kept.sha256, kept.size = digest(stream), stream.seek(0, os.SEEK_END)
    stream.seek(0)
    place = path_of(kept.key)
    check_reserve(place.parent)
    with room_needed(), written_whole(place) as out:
        for chunk in sealed_chunks(site.pk, PURPOSE, stream):
            out.write(chunk)


def path_of(key: str) -> Path:
    return Path(settings.QUARANTINE_DIR) / key


def may_open(radiograph: Radiograph, user: User) -> bool:
    """Only administrators of the institution itself; those of the whole platform are not."""
    return user.can(Capability.REVEAL_IDENTITY) and user.site_id == radiograph.site_id


def opened_source(*, radiograph: Radiograph, by: User) -> Iterator[bytes]:
    """The source file in chunks, checked to its end before the first one leaves.

    Raises PermissionDenied, QuarantinedSource.DoesNotExist (none is kept, or it expired) and
    Unsealable (damaged, or sealed under another key).
    """
    if not may_open(radiograph, by):
        raise PermissionDenied
    kept = QuarantinedSource.objects.get(radiograph=radiograph, expires_at__gt=timezone.now())
    logger.warning("source file opened radiograph=%s by=%s", radiograph.pk, by.pk)
    note_radiograph(Deed.SAW, radiograph, by, subject="source_file")
    for _chunk in _chunks_of(kept, radiograph):
        pass
    return _chunks_of(kept, radiograph)


def _chunks_of(kept: QuarantinedSource, radiograph: Radiograph) -> Iterator[bytes]:
    try:
        with path_of(kept.key).open("rb") as sealed:
            yield from unsealed_chunks(radiograph.site_id, PURPOSE, sealed)
    except FileNotFoundError:
        raise Unsealable from None


def forget_sources(radiographs: QuerySet[Radiograph]) -> int:
    """Forget the source files of these radiographs (consent withdrawn, deleted); how many."""
    return _forget(QuarantinedSource.objects.filter(radiograph__in=radiographs))


def forget_expired_sources() -> int:
    """Those past their day, and those that came in after consent was withdrawn; how many."""
    expired = Q(expires_at__lte=timezone.now())
    withdrawn = Q(radiograph__patient__consent_withdrawn_at__isnull=False)
    return _forget(QuarantinedSource.objects.filter(expired | withdrawn))


@transaction.atomic
def _forget(rows: QuerySet[QuarantinedSource]) -> int:
    """Rows first, files after the commit: a crash in between leaves orphans, which are swept."""
    keys = list(rows.values_list("key", flat=True))
    QuarantinedSource.objects.filter(key__in=keys).delete()
    transaction.on_commit(lambda: _remove_all(keys))
    return len(keys)


def _remove_all(keys: list[str]) -> None:
    for key in keys:
        _remove(key)


def _remove(key: str) -> None:
    path_of(key).unlink(missing_ok=True)
