"""Archives that a job makes: written whole below EXPORTS_DIR, recorded, forgotten after a day."""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from accounts.models import User
from core.files import written_whole
from images import exports
from images.audited import note_export
from images.models import BulkAction, Export, ExportedRadiograph, Radiograph
from images.models.export import ExportKind
from images.models.radiograph import RadiographQuerySet
from images.storage import room_needed

logger = logging.getLogger(__name__)

KEPT: Final = timedelta(hours=24)


def write_archive(*, cases: RadiographQuerySet, query: str, by: User) -> UUID:
    """Make the ZIP of `cases` in the language of `by`; returns the key to record it under.

    Raises StorageFull when the disk is full; then nothing is left of it.
    """
    key = uuid4()
    with translation.override(by.language):
        readme = exports.readme(made_at=timezone.now(), query=query, export=key)
    with room_needed(), written_whole(_path(_name(key))) as stream:
        for piece in exports.zip_of(cases, readme=readme):
            stream.write(piece)
    return key


@transaction.atomic
def record_archive(
    *, action: BulkAction, key: UUID, query: str, cases: Sequence[Radiograph]
) -> Export:
    """Note what an archive holds and until when it lies there."""
    now = timezone.now()
    export = Export.objects.create(
        pk=key, owner=action.asked_by, action=action, kind=ExportKind.ZIP, query=query,
        cases=len(cases), finished_at=now, file_name=_name(key), expires_at=now + KEPT,
    )  # fmt: skip
    ExportedRadiograph.objects.bulk_create(
        ExportedRadiograph(export=export, key=case.pk, radiograph=case) for case in cases
    )
    note_export(export, Radiograph.objects.filter(pk__in=[case.pk for case in cases]))
    return export


def archive_of(export: Export) -> str:
    """Its name below EXPORTS_DIR; "" once it expired, or a case in it may not leave any more."""
    if not export.file_name or export.expires_at is None or export.expires_at <= timezone.now():
        return ""
    held = set(export.items.values_list("key", flat=True))
    allowed = exports.labelled(Radiograph.objects.filter(pk__in=held))
    if allowed.count() < len(held):
        return ""
    return export.file_name if _path(export.file_name).is_file() else ""


def forget_expired() -> int:
    """Remove archives whose day is over, and files that a dead worker left without a row."""
    over = Export.objects.exclude(file_name="").filter(expires_at__lte=timezone.now())
    gone = dict(over.values_list("pk", "file_name"))
    for name in gone.values():
        _path(name).unlink(missing_ok=True)
    Export.objects.filter(pk__in=gone).update(file_name="")
    return len(gone) + _forget_orphans()


def _forget_orphans() -> int:
    known = set(Export.objects.exclude(file_name="").values_list("file_name", flat=True))
    oldest = time.time() - KEPT.total_seconds()
    removed = 0
    for path in Path(settings.EXPORTS_DIR).glob("*"):
        if path.name not in known and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            removed += 1
    if removed:
        logger.warning("orphaned archives removed count=%d", removed)
    return removed


def exportable(keys: Sequence[UUID], by: User, *, only_synthetic: bool) -> RadiographQuerySet:
    """Those of `keys` that `by` may take out; synthetic ones only where they were asked for."""
    visible = Radiograph.objects.visible_to(by).filter(pk__in=keys, is_synthetic=only_synthetic)
    return exports.labelled(visible)


def _name(key: UUID) -> str:
    return f"{key.hex}.zip"


def _path(name: str) -> Path:
    return Path(settings.EXPORTS_DIR) / name
