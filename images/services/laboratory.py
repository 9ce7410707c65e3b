"""Results of a laboratory, many at once: a dry run that is kept as the person saw it.

Writing it is `images.services.laboratory_writing`. What is kept goes as other tables do: applied,
thrown away (`images.services.tables.discard_table`) or a day old.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed, note
from accounts.models import Site, User
from accounts.roles import Capability
from images.models import MetadataTable, TableKind, TargetClass
from images.models.target import RT_PCR_TARGET
from images.services.dry_runs import Place, SealedParts, dry_run_of, keep_dry_run
from images.services.laboratory_claims import Claims, Mentions
from images.services.laboratory_finding import judged
from images.services.laboratory_rows import LaboratoryRow
from images.services.tables import or_no_file
from images.storage import room_needed
from images.tables import TableRefused
from images.tables.laboratory import ADDRESSES, LABORATORY, NEEDED
from images.tables.rows import OpenTable, open_table

SUBJECT: Final = "laboratory-table"
# Rows that are looked up together: what a dry run holds in memory.
AT_ONCE: Final = 500
STATED: Final = ("created", "changed", "conflict")


def receive_results(*, content: bytes, by: User, site: Site) -> MetadataTable:
    """Judge every row of a CSV or XLSX file and keep that, sealed, until its sender decides.

    Memory does not grow with the rows, but for a few numbers of each radiograph. Raises
    PermissionDenied, TableRefused or StorageFull; then nothing is kept.
    """
    if not by.can(Capability.RECORD_TRUTH):
        raise PermissionDenied
    table = MetadataTable(
        kind=TableKind.LABORATORY, site=site, owner=by, sha256=hashlib.sha256(content).hexdigest()
    )
    opened = open_table(content, LABORATORY)
    _check_columns(opened)
    with or_no_file(table):
        with room_needed():
            counts = _judge(table, opened)
        with transaction.atomic():
            table.save(force_insert=True)
            note(
                actor=by, deed=Deed.ENTERED, subject=SUBJECT, subject_id=table.pk, site=site,
                after=counts,
            )  # fmt: skip
    return table


def _check_columns(opened: OpenTable) -> None:
    if not opened.fields & set(ADDRESSES):
        raise TableRefused("no-patient-column")
    for field, code in NEEDED.items():
        if field not in opened.fields:
            raise TableRefused(code)


def _judge(table: MetadataTable, opened: OpenTable) -> dict[str, int]:
    """Look up all rows, then settle what several say of one radiograph, read back from disk."""
    mentions = Mentions()
    with tempfile.TemporaryFile() as scratch:
        parts = SealedParts(scratch, table.site_id)
        places = []
        read = opened.rows(timezone.localdate())
        while some := list(islice(read, AT_ONCE)):
            rows = judged(some, site=table.site, by=table.owner)
            mentions.add(rows)
            places.append(parts.add([row.to_json() for row in rows]))
        claims = Claims(mentions.shared())
        if claims.are_needed:
            claims.add(_read_back(parts, places))
        settled = (claims.settled(row) for row in _read_back(parts, places))
        return keep_dry_run(table=table, rows=settled, ignored=opened.ignored)


def _read_back(parts: SealedParts, places: Sequence[Place]) -> Iterator[LaboratoryRow]:
    for place in places:
        yield from map(LaboratoryRow.from_json, parts.get(place))


def labels_of(table: MetadataTable, by: User) -> dict[UUID, str]:
    """Key of each radiograph -> code of the RT-PCR class that the table would state of it.

    For a preview of what these labels would do: of new statements, of completed ones and of
    conflicts as if they were corrected; "" where the table says indeterminate, so that the
    radiograph has no class any more. What is refused or stands already is not in it, and nothing is
    once the table was applied or is gone. Raises PermissionDenied for all but the table's sender.
    """
    if not MetadataTable.objects.visible_to(by).filter(pk=table.pk).exists():
        raise PermissionDenied
    dry_run = dry_run_of(table)
    if dry_run is None or table.kind != TableKind.LABORATORY:
        return {}
    classes = TargetClass.objects.filter(target__code=RT_PCR_TARGET)
    code_of = dict(classes.values_list("test_result", "code"))
    return {
        film.key: code_of.get(row.said.result, "")
        for part in dry_run.of(*STATED)
        for row in dry_run.rows(part)
        for film in row.films
        if row.said and film.outcome in STATED
    }
