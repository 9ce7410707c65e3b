"""The record of deeds as files: CSV and JSON lines, made while they are sent."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from accounts.audit import Deed, note
from accounts.audit_filters import AuditFilter
from accounts.models import AuditEntry, User
from core.sheets import line

BATCH: Final = 500
COLUMNS: Final = (
    "moment", "institution", "person", "name", "role", "deed", "subject", "subject_id",
    "patient_id", "before", "after", "way", "id",
)  # fmt: skip

Batches = Iterator[list[AuditEntry]]


def csv_of(batches: Batches) -> Iterator[str]:
    """The header at once, then a piece for each batch; `before` and `after` are JSON."""
    yield line(COLUMNS)
    for batch in batches:
        yield "".join(line(_cells(entry)) for entry in batch)


def jsonl_of(batches: Batches) -> Iterator[str]:
    """One JSON object a line, with the columns of the CSV as names."""
    for batch in batches:
        yield "".join(f"{json.dumps(_facts(entry), ensure_ascii=False)}\n" for entry in batch)


# Format -> content type and writer.
WRITERS: Final[dict[str, tuple[str, Callable[[Batches], Iterator[str]]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_of),
    "jsonl": ("application/x-ndjson; charset=utf-8", jsonl_of),
}


def exported(chosen: AuditFilter, *, kind: str, by: User) -> Iterator[str]:
    """The file, and a row of the record about it before the first byte: nothing for a HEAD."""
    number, newest = chosen.after().count(), _batch(chosen, None)
    note(
        actor=by, deed=Deed.EXPORTED, subject="audit",
        after={"kind": kind, "filters": chosen.in_force, "rows": number},
    )  # fmt: skip
    yield from WRITERS[kind][1](_batches(chosen, newest))


def _batches(chosen: AuditFilter, newest: list[AuditEntry]) -> Iterator[list[AuditEntry]]:
    """From the newest on, back in time: what comes in meanwhile is no part of it.

    No cursor stays open while a slow reader downloads.
    """
    batch = newest
    while batch:
        yield batch
        batch = _batch(chosen, batch[-1])


def _batch(chosen: AuditFilter, last: AuditEntry | None) -> list[AuditEntry]:
    return list(chosen.after(last).select_related("actor", "site")[:BATCH])


def _facts(entry: AuditEntry) -> dict[str, Any]:
    values = (
        entry.created_at.isoformat(), entry.site.code if entry.site else "",
        entry.actor.email if entry.actor else "", str(entry.actor or ""), entry.role, entry.deed,
        entry.subject, _key(entry.subject_id), _key(entry.patient_id), entry.before, entry.after,
        entry.way, str(entry.pk),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _cells(entry: AuditEntry) -> list[Any]:
    return [
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
        for value in _facts(entry).values()
    ]


def _key(key: Any) -> str:
    return str(key or "")
