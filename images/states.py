"""In which state a file of a batch is, as people see it, and how far a batch has come."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Q, Sum

from core.jobs import JobStatus
from images import spool
from images.models import FileOutcome, IncomingFile, UploadBatch

_QUEUED: Final = Q(status=JobStatus.QUEUED)
FILTERS: Final = {
    "receiving": _QUEUED & Q(received_at=None),
    "waiting": _QUEUED & Q(received_at__isnull=False),
    "checking": Q(status=JobStatus.RUNNING),
    "done": Q(status=JobStatus.DONE),
    "failed": Q(status=JobStatus.FAILED),
    "cancelled": Q(status=JobStatus.CANCELLED),
}
STATES: Final = tuple(FILTERS)
_OF_STATUS: Final = {JobStatus.RUNNING: "checking", JobStatus.QUEUED: "waiting"}


def state_of(file: IncomingFile) -> str:
    """One of STATES."""
    if file.status == JobStatus.QUEUED and file.received_at is None:
        return "receiving"
    return _OF_STATUS.get(JobStatus(file.status), str(file.status))


@dataclass(frozen=True)
class Progress:
    """Files by state (a duplicate is counted as such and not as done), and bytes of what is sent.

    Files that came out of archives are counted, their bytes are not: nobody sends them.
    """

    counts: dict[str, int]
    bytes: dict[str, int]

    @classmethod
    def of(cls, batch: UploadBatch) -> "Progress":
        counts: Counter[str] = Counter(dict.fromkeys([*STATES, "duplicate"], 0))
        sizes: Counter[str] = Counter()
        for name, files, size in _groups(batch):
            counts[name] += files
            sizes[name] += size
        total = sum(size for name, size in sizes.items() if name not in {"cancelled", "failed"})
        here = total - sizes["receiving"] + _arriving(batch, counts["receiving"])
        return cls(dict(counts) | {"total": counts.total()}, {"received": here, "total": total})


def _groups(batch: UploadBatch) -> list[tuple[str, int, int]]:
    rows = batch.files.order_by().annotate(is_here=Q(received_at__isnull=False))
    sent = Sum("size", filter=Q(container=None), default=0)
    found = rows.values("status", "outcome", "is_here").annotate(files=Count("pk"), sent=sent)
    return [(_name(group), group["files"], group["sent"]) for group in found]


def _name(group: dict[str, Any]) -> str:
    if group["outcome"] == FileOutcome.DUPLICATE:
        return "duplicate"
    if group["status"] == JobStatus.QUEUED and not group["is_here"]:
        return "receiving"
    return _OF_STATUS.get(JobStatus(group["status"]), str(group["status"]))


def _arriving(batch: UploadBatch, receiving: int) -> int:
    """Bytes that are here of files that are not whole yet."""
    if not receiving:
        return 0
    lengths = spool.lengths(batch.pk)
    keys = batch.files.filter(FILTERS["receiving"]).values_list("pk", flat=True)
    return sum(lengths.get(key.hex, 0) for key in keys)
