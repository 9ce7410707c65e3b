"""From a file that has arrived to a radiograph: the worker's side of a batch.

Each file gets its own verdict. The row is finished in the transaction that stores the radiograph,
so that a worker may be killed at any moment, and a file that was given up or deleted meanwhile
leaves nothing behind.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.audit import Way, by_way
from core.jobs import heartbeat
from images import spool
from images.decoding import Unreadable
from images.errors import Refused
from images.models import FileOutcome, IncomingFile, Radiograph, Target, UploadBatch
from images.models.batch import FileKind
from images.services.announcing import Announced, announce
from images.services.arrived import patient_named, place_of, said_of
from images.services.expanding import Lost, expand
from images.services.importing import RT_PCR_TARGET
from images.services.intake_together import take_in_together
from images.services.receiving import receive, ring_workers
from images.services.store import store_radiograph
from images.services.table_subjects import TRUTH_SOURCE_KEY, Facts, from_json
from images.services.truth import TruthGiven, TruthSource, truth_given
from images.tables import Field
from images.verdicts import BYTES_MISSING, PASSING, code_of

logger = logging.getLogger(__name__)

# Files of one round, of all senders in turn.
ROUND: Final = 32


def add_local_file(*, batch: UploadBatch, name: str, stream: BinaryIO) -> IncomingFile:
    """Bring in a file that is on this machine already; `name` is its path as its sender sees it.

    `stream` is seekable and read twice, in pieces: once for its hash, and once to copy it, unless
    the institution has it already. A second time gives the same row and copies nothing. The row
    comes back as it is after that: `status` tells whether it waits or is closed. Raises Refused,
    Unreadable or StorageFull.
    """
    sha256 = spool.digest(stream)
    size = stream.seek(0, 2)
    answer = announce(batch=batch, files=[Announced(name, size, sha256)])[0]
    if not isinstance(answer, IncomingFile):
        raise answer
    if answer.is_open and answer.received_at is None:
        offset = spool.length(spool.path_of(answer.batch_id, answer.pk))
        stream.seek(offset)
        receive(file=answer, offset=offset, stream=stream, length=answer.size - offset)
    answer.refresh_from_db()
    return answer


def take_in_round(*, is_over: Callable[[], bool]) -> bool:
    """Take in the files at the heads of all lines until `is_over`: what is plain together, the rest
    one after the other.

    False when nothing waited. Each file ends stored, known already or refused, or is given back for
    another try (`core.jobs`).
    """
    line = IncomingFile.objects.first_in_line(ROUND)
    rows = list(line.values_list("pk", "kind", "attempts")[:ROUND])
    fresh = [key for key, kind, tried in rows if kind == FileKind.FILM and not tried]
    alone = [key for key, _kind, _tried in rows if key not in set(fresh)]
    alone += take_in_together(fresh, is_over=is_over) if len(fresh) > 1 else fresh
    _take_in_each(alone, is_over)
    return bool(rows)


def _take_in_each(keys: Sequence[UUID], is_over: Callable[[], bool]) -> None:
    """One at least: what cannot be taken in together gets on however short the time is."""
    for key in keys:
        take_in(key)
        if is_over():
            break


def take_in_next() -> bool:
    """Take in one file; False when none waits."""
    keys = IncomingFile.objects.first_in_line(1).values_list("pk", flat=True)[:1]
    return any(take_in(key) for key in keys)


def take_in(key: UUID) -> bool:
    """Take in this file; False when it was closed, or taken by another worker."""
    owner = IncomingFile.objects.claim(key)
    held = IncomingFile.objects.owned(owner).select_related("batch__site", "batch__owner")
    file = held.filter(pk=key).first() if owner else None
    if file is None:
        return False
    path = place_of(file)
    with heartbeat(IncomingFile.objects.all(), owner), by_way(Way.BATCH):
        try:
            _look_at(file, path, owner)
        except Lost:
            pass
        except (Refused, Unreadable) as refusal:
            IncomingFile.objects.fail(owner, refusal.code)
        except PermissionDenied:
            IncomingFile.objects.fail(owner, "not-allowed")
        except Exception as problem:
            # The type alone: an error's text may hold a path or a piece of the file.
            logger.warning("file not taken in problem=%s", type(problem).__name__)
            IncomingFile.objects.release(owner, code_of(problem))
    _drop_what_is_done(key, path)
    return True


def _look_at(file: IncomingFile, path: Path, owner: str) -> None:
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        IncomingFile.objects.fail(owner, BYTES_MISSING)
        return
    with stream:
        if file.kind == FileKind.ARCHIVE:
            expand(file=file, owner=owner, stream=stream)
        else:
            _store(file, owner, stream)


def _drop_what_is_done(key: UUID, path: Path) -> None:
    """The bytes stay only for a file that waits, or that another try may help."""
    row = IncomingFile.objects.filter(pk=key).only("status", "error_code").first()
    if row is None or not (row.is_open or row.error_code in PASSING):
        spool.drop(path)


def _store(file: IncomingFile, owner: str, stream: BinaryIO) -> None:
    facts = from_json(file.facts)
    stored = store_radiograph(
        stream=stream,
        patient=patient_named(file, facts),
        # A table or the rule of the batch goes before the header.
        header_decides=not file.patient_code,
        uploader=file.batch.owner,
        truths=_truths(facts, file.facts.get(TRUTH_SOURCE_KEY) or {}),
        also=lambda radiograph: _close(owner, FileOutcome.CREATED, radiograph),
        **said_of(file, facts),
    )
    if not stored.created:
        _close(owner, FileOutcome.DUPLICATE, stored.radiograph)


def _close(owner: str, outcome: FileOutcome, radiograph: Radiograph) -> None:
    """Raises Lost, which undoes the storing, when the row is not this worker's any more."""
    if not IncomingFile.objects.finish(owner, outcome=outcome, radiograph=radiograph):
        raise Lost


def _truths(facts: Facts, source: Mapping[str, Any]) -> list[TruthGiven]:
    result, day = facts.get(Field.RT_PCR, ""), facts.get(Field.TESTED_ON)
    if not result and day is None:
        return []
    target = Target.objects.prefetch_related("classes").get(code=RT_PCR_TARGET)
    given = truth_given(
        target=target,
        result=str(result),
        tested_on=day,  # type: ignore[arg-type]
        source=TruthSource(**source),
    )
    return [given]


def ring_if_waiting() -> bool:
    """Ring for what is claimable but lost its doorbell (dead worker, broker that was down)."""
    if not IncomingFile.objects.claimable(timezone.now()).exists():
        return False
    return ring_workers()
