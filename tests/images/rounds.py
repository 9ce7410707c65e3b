"""Batches that wait, and what became of them, told so that two institutions can be compared."""

import io
import uuid
from dataclasses import dataclass, field
from typing import Any

from accounts.models import AuditEntry, User
from images import spool
from images.models import GroundTruth, IncomingFile, Patient, Radiograph, StorageUse, UploadBatch
from images.services import intake
from images.services.batches import open_batch
from tests.factories import SiteFactory, UserFactory, chest_png


@dataclass(frozen=True)
class Sent:
    """A file as somebody sends it; `facts` and `patient_code` as a table says them."""

    content: bytes
    folder: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def opened(owner: User, **rule: Any) -> UploadBatch:
    return open_batch(owner=owner, site=owner.site, client_key=uuid.uuid4(), **rule)[0]


def sender() -> User:
    """Somebody at an institution of their own."""
    return UserFactory(site=SiteFactory())


def send(batch: UploadBatch, *files: Sent) -> list[IncomingFile]:
    """The rows, in the order of the files, all of them waiting."""
    rows = []
    for number, sent in enumerate(files):
        name = f"{sent.folder or 'all'}/{number}.png"
        row = intake.add_local_file(batch=batch, name=name, stream=io.BytesIO(sent.content))
        if sent.facts or sent.folder:
            row.facts, row.patient_code = sent.facts, sent.folder
            row.save()
        rows.append(row)
    return rows


def films(*seeds: int, **sent: Any) -> list[Sent]:
    return [Sent(chest_png(seed), **sent) for seed in seeds]


def in_rounds() -> None:
    while intake.take_in_round(is_over=lambda: False):
        pass


def one_by_one() -> None:
    while intake.take_in_next():
        pass


def fresh(rows: list[IncomingFile]) -> list[IncomingFile]:
    found = IncomingFile.objects.select_related("radiograph__patient").in_bulk(
        [row.pk for row in rows]
    )
    return [found[row.pk] for row in rows]


def outcomes(rows: list[IncomingFile]) -> list[str]:
    return [row.outcome or row.error_code or row.status for row in fresh(rows)]


def bytes_of(row: IncomingFile) -> bool:
    """Whether what arrived of it is still here."""
    return spool.path_of(row.batch_id, row.pk).exists()


def told(batch: UploadBatch) -> dict[str, Any]:
    """All that a batch left in an institution of its own, without keys, names and moments."""
    site, rows = batch.site, list(batch.files.order_by("position").select_related("radiograph"))
    use = StorageUse.objects.filter(site=site)
    own = Radiograph.objects.filter(site=site).select_related("patient", "uploader")
    first = {row.radiograph_id: row.position for row in rows if row.outcome == "created"}
    return {
        "rows": [
            (row.status, row.outcome, row.error_code, row.attempts, first.get(row.radiograph_id))
            for row in rows
        ],
        "radiographs": sorted((_radiograph(each, batch) for each in own), key=str),
        "patients": sorted(Patient.objects.filter(site=site).values_list("code", "sex")),
        "truths": sorted(
            GroundTruth.objects.filter(radiograph__site=site).values_list(
                "radiograph__pixel_sha256", "target_class__code"
            )
        ),
        "deeds": _deeds(batch, {each.pk: each.pixel_sha256 for each in own}),
        "use": list(use.values_list("stored_bytes", "radiographs")),
    }


LEFT_OUT = frozenset(
    {"id", "created_at", "updated_at", "patient", "site", "uploader", "file", "thumbnail"}
)


def _radiograph(row: Radiograph, batch: UploadBatch) -> tuple[Any, ...]:
    columns = {
        each.name: getattr(row, each.attname)
        for each in Radiograph._meta.concrete_fields
        if each.name not in LEFT_OUT
    }
    files = [field.open("rb").read() for field in (row.file, row.thumbnail)]
    return row.patient.code, row.uploader_id == batch.owner_id, columns, files


def _deeds(batch: UploadBatch, pixels: dict[Any, str]) -> list[tuple[Any, ...]]:
    entries = AuditEntry.objects.filter(site=batch.site).exclude(subject="batch")
    return sorted(
        (
            entry.deed, entry.subject, entry.way, entry.role, entry.actor_id == batch.owner_id,
            pixels.get(entry.subject_id, ""), str(entry.before),
            str({name: value for name, value in entry.after.items() if name != "patient"}),
        )
        for entry in entries
    )  # fmt: skip
