"""Batches of files on their way in: opened, announced, received in parts, retried, given up.

The contract for the page, the API, folder watchers and tables (docs/intake.md has the protocol):

    batch, is_new = open_batch(owner=, site=, client_key=, patient_rule=, patient_code=)
    answers = announce(batch=, files=[Announced(name, size, sha256), ...])
    received = receive_part(file=, offset=, stream=, length=)
    answers = take_bundle(batch=, files=[Whole(name, content, sha256), ...])
    retry(file=), retry_failed(batch=)
    cancel_file(file=), cancel_batch(batch=), delete_batch(batch=)

All can be repeated: the same request twice leaves one row and the same bytes. Callers have checked
`UploadBatch.objects.changeable_by(user)`. What arrives whole goes to `services.intake`, which also
has `add_local_file` for files that are on this machine already.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from accounts.audit import Deed, note
from accounts.models import Site, User
from core.jobs import OPEN_STATUSES, JobStatus
from images import spool
from images.errors import Refused
from images.models import IncomingFile, PatientRule, UploadBatch
from images.models.batch import BatchStatus
from images.services.announcing import MAX_FILES_AT_ONCE, Announced, announce, locked_open
from images.services.bundling import MAX_WHOLE_BYTES, Whole, take_bundle
from images.services.patients import patient_of
from images.services.receiving import MAX_PART_BYTES, OutOfStep, receive_part, ring_workers
from images.verdicts import PASSING

__all__ = [
    "MAX_FILES_AT_ONCE",
    "MAX_PART_BYTES",
    "MAX_WHOLE_BYTES",
    "Announced",
    "OutOfStep",
    "Whole",
    "announce",
    "cancel_batch",
    "cancel_file",
    "delete_batch",
    "open_batch",
    "receive_part",
    "retry",
    "retry_failed",
    "take_bundle",
]


@transaction.atomic
def open_batch(
    *,
    owner: User,
    site: Site,
    client_key: UUID,
    patient_rule: str = PatientRule.EACH_ITS_OWN,
    patient_code: str = "",
) -> tuple[UploadBatch, bool]:
    """The owner's batch of this `client_key`, and whether it is new.

    Raises Refused("bad-patient-code") where the rule is "one" and the code is not one.
    """
    code = ""
    if patient_rule == PatientRule.ALL_ONE:
        code = patient_of(site=site, code=patient_code).code
    batch, is_new = UploadBatch.objects.get_or_create(
        owner=owner,
        client_key=client_key,
        defaults={"site": site, "patient_rule": patient_rule, "patient_code": code},
    )
    if is_new:
        _note(Deed.ENTERED, batch, after={"patient_rule": str(patient_rule)})
    return batch, is_new


@transaction.atomic
def retry(*, file: IncomingFile) -> bool:
    """Begin again with a file that failed or was cancelled; False when it is neither.

    Where its bytes are still here it goes to the workers, else they are to be sent again. Raises
    Refused("batch-closed"), and Refused("cannot-retry") for a file out of an archive whose bytes
    are gone: nobody can send them.
    """
    locked_open(file.batch)
    has_bytes = _has_bytes(file)
    if file.container_id and not has_bytes:
        raise Refused("cannot-retry")
    closed = IncomingFile.objects.filter(
        pk=file.pk, status__in=(JobStatus.FAILED, JobStatus.CANCELLED)
    )
    if has_bytes:
        transaction.on_commit(ring_workers)
    return bool(
        closed.update(
            status=JobStatus.QUEUED, attempts=0, error_code="", lease_until=None, finished_at=None,
            received_at=file.received_at if has_bytes else None, updated_at=timezone.now(),
        )
    )  # fmt: skip


def _has_bytes(file: IncomingFile) -> bool:
    if file.received_at is None:
        return False
    return spool.length(spool.path_of(file.batch_id, file.pk)) == file.size


@transaction.atomic
def retry_failed(*, batch: UploadBatch) -> int:
    """Begin again with all files that failed for a passing reason; returns how many.

    What was refused for its content would be refused again. Raises Refused("batch-closed").
    """
    locked_open(batch)
    failed = batch.files.filter(status=JobStatus.FAILED, error_code__in=PASSING)
    again = [file for file in failed.select_related("batch") if _can_be_retried(file)]
    return sum(retry(file=file) for file in again)


def _can_be_retried(file: IncomingFile) -> bool:
    return file.container_id is None or _has_bytes(file)


@transaction.atomic
def cancel_file(*, file: IncomingFile) -> bool:
    """Give up a file that is not finished; a worker that holds it cannot store it any more.

    The files that came out of an archive are given up with it. False when nothing was open.
    """
    members = models.Q(pk=file.pk) | models.Q(container=file.pk)
    rows = IncomingFile.objects.filter(members, batch=file.batch_id)
    keys = list(rows.filter(status__in=OPEN_STATUSES).values_list("pk"))
    cancelled = rows.cancel()
    for (key,) in keys:
        _drop_after_commit(file.batch_id, key)
    return bool(cancelled)


def _drop_after_commit(batch: UUID, key: UUID) -> None:
    transaction.on_commit(lambda: spool.drop(spool.path_of(batch, key)))


@transaction.atomic
def cancel_batch(*, batch: UploadBatch) -> int:
    """Close the batch and give up what is not finished; returns how many files that were.

    What is stored stays. A second time changes nothing.
    """
    now = timezone.now()
    still_open = UploadBatch.objects.filter(pk=batch.pk).exclude(status=BatchStatus.CANCELLED)
    is_first = still_open.update(status=BatchStatus.CANCELLED, updated_at=now)
    transaction.on_commit(lambda: spool.drop_batch(batch.pk))
    given_up: int = IncomingFile.objects.filter(batch=batch.pk).cancel()
    if is_first:
        states = ({"status": BatchStatus.OPEN.value}, {"status": BatchStatus.CANCELLED.value})
        _note(Deed.CHANGED, batch, states[0], states[1] | {"files": given_up})
    return given_up


@transaction.atomic
def delete_batch(*, batch: UploadBatch) -> None:
    """Remove the batch, its rows and what has arrived; radiographs that are stored stay."""
    key = batch.pk
    # The lock keeps an announcement from adding rows under the hands of the deletion.
    held = UploadBatch.objects.select_for_update().filter(pk=key).first()
    if held is not None:
        _note(Deed.REMOVED, held, {"status": held.status})
    IncomingFile.objects.filter(batch=key, container__isnull=False).delete()
    UploadBatch.objects.filter(pk=key).delete()
    transaction.on_commit(lambda: spool.drop_batch(key))


def _note(
    deed: Deed,
    batch: UploadBatch,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """By its sender: nobody else changes a batch."""
    note(
        actor=batch.owner, deed=deed, subject="batch", subject_id=batch.pk, site=batch.site_id,
        before=before, after=after,
    )  # fmt: skip
