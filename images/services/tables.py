"""A table of metadata: looked at, kept sealed until its sender decides, applied or thrown away."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.audit import Way, by_way
from accounts.models import Site, User
from core.files import write_whole
from images.errors import Refused
from images.keys import Unsealable, sealed, unsealed
from images.models import MetadataTable, UploadBatch
from images.services.table_plan import Plan, PlannedRow, plan_of, recorded_sexes, weighed
from images.services.table_subjects import RowRefused, said_in
from images.services.truth import TruthSource
from images.storage import room_needed
from images.tables import Field, Problem, read_table

PURPOSE: Final = "metadata-table"
FOLDER: Final = "tables"
KEPT_FOR: Final = timedelta(days=1)
# What one request may take; the rest of a long table goes with the next one.
APPLY_SECONDS: Final = 20.0
WRITTEN: Final = ("created", "changed")
# Where the refusals of other services belong.
FIELD_OF_REFUSAL: Final = {
    "bad-patient-code": Field.PATIENT_CODE,
    "other-sex": Field.SEX,
    "film-in-future": Field.ACQUIRED_ON,
    "test-in-future": Field.TESTED_ON,
    "test-too-early": Field.TESTED_ON,
    "test-before-birth": Field.TESTED_ON,
    "class-of-other-target": Field.RT_PCR,
}


@dataclass(frozen=True)
class Applied:
    """`plan`: each row that was reached, with what became of it; `left`: how many were not."""

    plan: Plan
    left: int


def receive_table(
    *, content: bytes, by: User, site: Site, batch: UploadBatch | None = None
) -> MetadataTable:
    """Keep a CSV or XLSX file that can be read until its sender applies it or throws it away.

    Raises TableRefused or StorageFull; then nothing is kept.
    """
    plan_table(content=content, by=by, site=site, batch=batch)
    table = MetadataTable(
        site=site, owner=by, batch=batch, sha256=hashlib.sha256(content).hexdigest()
    )
    with room_needed():
        write_whole(path_of(table), sealed(site.pk, PURPOSE, content))
    with or_no_file(table):
        table.save(force_insert=True)
    return table


@contextmanager
def or_no_file(table: MetadataTable) -> Iterator[None]:
    """What was kept for a table goes again where its row cannot be stored."""
    try:
        yield
    except BaseException:
        path_of(table).unlink(missing_ok=True)
        raise


def plan_table(*, content: bytes, by: User, site: Site, batch: UploadBatch | None = None) -> Plan:
    """The dry run: what `apply_table` would do now. Raises TableRefused."""
    read = read_table(content, today=timezone.localdate())
    plan = plan_of(table=read, by=by, site=site, batch=batch)
    return replace(plan, sha256=hashlib.sha256(content).hexdigest())


def content_of(table: MetadataTable) -> bytes | None:
    """The file as it was sent; None once it was applied, thrown away, or expired."""
    try:
        return unsealed(table.site_id, PURPOSE, path_of(table).read_bytes())
    except (FileNotFoundError, Unsealable):
        return None


def apply_table(*, plan: Plan, by: User, seconds: float = APPLY_SECONDS) -> Applied:
    """Write what can be written, each row in a transaction of its own; twice changes nothing more.

    A refused row holds up no other. What others changed since the plan was made is looked at again.
    """
    end = time.monotonic() + seconds
    rows = []
    for row in plan.rows:
        if row.outcome not in WRITTEN:
            rows.append(row)
        elif time.monotonic() < end:
            rows.append(_written(row, by, TruthSource(plan.sha256, row.number)))
    return Applied(replace(plan, rows=tuple(rows)), left=len(plan.rows) - len(rows))


def _written(row: PlannedRow, by: User, source: TruthSource) -> PlannedRow:
    try:
        with transaction.atomic(), by_way(Way.TABLE):
            return _write(row, by, source)
    except RowRefused as refusal:
        problem = refusal.problem
    except Refused as refusal:
        problem = Problem(FIELD_OF_REFUSAL.get(refusal.code, Field.FILE), refusal.code)
    except PermissionDenied:
        problem = Problem(Field.RT_PCR, "may-not-state")
    return replace(row, outcome="refused", changes=(), problems=(problem,))


def _write(row: PlannedRow, by: User, source: TruthSource) -> PlannedRow:
    if row.subject is None:
        return row
    subject = row.subject.locked(by)
    row = replace(row, subject=subject)
    row = weighed(row, by, recorded_sexes(subject.site_id, [row]))
    if row.outcome in WRITTEN:
        said = said_in(row.read.values)
        changed = {change.about: said[change.about] for change in row.changes}
        subject.write(changed, by, source)
    return row


def note_applied(*, table: MetadataTable, applied: Applied) -> None:
    """Add up what was written; with nothing left the file goes and only the counts stay."""
    add_up(table=table, counts=applied.plan.counts(), left=applied.left)


def add_up(*, table: MetadataTable, counts: Mapping[str, int], left: int) -> None:
    """As `note_applied`, of rows by outcome: created and changed ones just now, refused in all."""
    found = MetadataTable.objects.filter(pk=table.pk).update(
        created_count=F("created_count") + counts["created"],
        changed_count=F("changed_count") + counts["changed"],
        refused_count=counts["refused"],
        applied_at=None if left else timezone.now(),
        updated_at=timezone.now(),
    )
    if found:  # its sender may have thrown it away meanwhile
        table.refresh_from_db()
    if not left:
        path_of(table).unlink(missing_ok=True)


def discard_table(*, table: MetadataTable) -> None:
    """Forget a table and its file; what it wrote stays written."""
    path_of(table).unlink(missing_ok=True)
    table.delete()


def forget_old_tables() -> int:
    """Remove what nobody decided about within a day, and files that belong to no row.

    Returns the number of files removed. The counts of applied tables stay.
    """
    long_ago = timezone.now() - KEPT_FOR
    MetadataTable.objects.filter(applied_at=None, created_at__lt=long_ago).delete()
    kept = {key.hex for key in MetadataTable.objects.values_list("pk", flat=True)}
    folder = _folder()
    files = list(folder.iterdir()) if folder.is_dir() else []
    # A young file may be just before its row.
    gone = [file for file in files if file.stem not in kept and _is_old(file, long_ago)]
    for file in gone:
        file.unlink(missing_ok=True)
    return len(gone)


def path_of(table: MetadataTable) -> Path:
    return _folder() / f"{table.pk.hex}.sealed"


def _folder() -> Path:
    return Path(settings.INTAKE_DIR) / FOLDER


def _is_old(file: Path, moment: datetime) -> bool:
    try:
        return file.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False
