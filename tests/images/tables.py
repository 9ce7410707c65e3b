"""Makers of tables: the same cells as CSV in every dress, and as XLSX; batches with files."""

import csv
import io
import uuid
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from core.jobs import JobStatus
from images.models import FileOutcome, IncomingFile, UploadBatch
from images.names import key_of, sealed_name


def csv_of(rows: Sequence[Sequence[Any]], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(rows: Sequence[Sequence[Any]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def make_batch(owner, **facts) -> UploadBatch:
    facts = {"site": owner.site, "client_key": uuid.uuid4()} | facts
    return UploadBatch.objects.create(owner=owner, **facts)


def add_file(batch: UploadBatch, name: str, *, film=None, **facts) -> IncomingFile:
    """A file on its way in; with `film` one that is stored."""
    if film is not None:
        done = {"radiograph": film, "status": JobStatus.DONE, "outcome": FileOutcome.CREATED}
        facts = done | {"received_at": timezone.now()} | facts
    return IncomingFile.objects.create(
        batch=batch,
        position=batch.files.count() + 1,
        name_key=key_of(batch.site_id, name),
        sealed_name=sealed_name(batch.site_id, name),
        size=10,
        sha256=uuid.uuid4().hex * 2,
        **facts,
    )
