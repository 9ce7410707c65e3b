"""Films that wait are taken in together: one claim, one heartbeat, one transaction.

Only what is plain and was never tried: a file that kills its worker costs its neighbours nothing
but this one time, since afterwards each of them is taken alone. Alone also goes whatever is
refused, special or in trouble: its verdict is found there (`services.intake`), and nowhere else.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from accounts.audit import Way, by_way
from core.jobs import heartbeat
from images import spool
from images.models import FileOutcome, IncomingFile
from images.services.arrived import is_plain, patient_key, patient_named, place_of, said_of
from images.services.expanding import Lost
from images.services.patients import absorbed_codes
from images.services.store import Film, StoredRadiograph, check_rules, opened
from images.services.store_together import store_together
from images.services.table_subjects import from_json

logger = logging.getLogger(__name__)

# Of decoded pixels, in one transaction: films of a telephone by the dozen, large ones by the few.
MOST_BYTES: Final = 64 * 1024 * 1024


class Taken(NamedTuple):
    file: IncomingFile
    film: Film


def take_in_together(keys: Sequence[UUID], *, is_over: Callable[[], bool]) -> list[UUID]:
    """Take in what is plain of these rows, in their order, until `is_over`.

    Returns those that are to be taken in alone. They are free again, and no attempt was spent; so
    are those that nobody got to look at.
    """
    owner = IncomingFile.objects.claim(*keys)
    if not owner:
        return []
    with heartbeat(IncomingFile.objects.all(), owner), by_way(Way.BATCH):
        held = _Held(owner, _files(owner, keys))
        for some in held.portions(is_over):
            held.store(some)
        if held.has_more:
            IncomingFile.objects.put_back(owner)
    return held.alone


def _files(owner: str, keys: Sequence[UUID]) -> list[IncomingFile]:
    """Read once they are claimed: until then a table may change what is said of them."""
    rows = IncomingFile.objects.owned(owner).filter(pk__in=keys)
    files = rows.prefetch_related("batch__site", "batch__owner").in_bulk()
    return [files[key] for key in keys if key in files]


class _Held:
    """Files that this worker holds under one token."""

    def __init__(self, owner: str, files: Sequence[IncomingFile]) -> None:
        self.owner = owner
        self.alone: list[UUID] = []
        self._files = files
        self._absorbed = absorbed_codes({patient_key(file) for file in files})
        self._stored = 0

    @property
    def has_more(self) -> bool:
        return self._stored < len(self._files)

    def portions(self, is_over: Callable[[], bool]) -> Iterator[list[Taken]]:
        """Decoded films, as many at a time as memory is meant to hold."""
        some: list[Taken] = []
        for file in self._files:
            if is_over():
                break
            taken = self._opened(file)
            if taken is None:
                self.alone.append(file.pk)
                continue
            some.append(taken)
            if sum(each.film.pixels.array.nbytes for each in some) >= MOST_BYTES:
                yield some
                # Emptied, not replaced: the caller holds the list until it asks for the next.
                some.clear()
        if some:
            yield some

    def _opened(self, file: IncomingFile) -> Taken | None:
        """None for what is to be looked at alone, for whatever reason."""
        if patient_key(file) in self._absorbed:
            return None
        try:
            facts = from_json(file.facts)
            with place_of(file).open("rb") as stream:
                if not is_plain(file, facts, stream):
                    return None
                patient, said = patient_named(file, facts), said_of(file, facts)
                owner, day = file.batch.owner, said.get("acquired_on")
                check_rules(patient=patient, uploader=owner, acquired_on=day)
                return Taken(file, opened(stream=stream, patient=patient, uploader=owner, **said))
        except Exception as problem:
            self._tell(problem)
            return None

    def store(self, some: Sequence[Taken]) -> None:
        """All of them; where that fails each is to be taken in alone."""
        try:
            store_together(
                films=[each.film for each in some],
                also=partial(self._close, [each.file.pk for each in some]),
            )
        except Exception as problem:
            self._tell(problem)
            self.alone += [each.file.pk for each in some]
            return
        self._stored += len(some)
        for each in some:
            spool.drop(place_of(each.file))

    def _close(self, keys: Sequence[UUID], stored: Sequence[StoredRadiograph]) -> None:
        """Raises Lost, which undoes the storing, when one row is not this worker's any more."""
        for is_new, outcome in ((True, FileOutcome.CREATED), (False, FileOutcome.DUPLICATE)):
            own = {
                key: each.radiograph.pk
                for key, each in zip(keys, stored, strict=True)
                if each.created is is_new
            }
            if own and not IncomingFile.objects.finish_each(self.owner, own, outcome):
                raise Lost

    def _tell(self, problem: Exception) -> None:
        # The type alone: an error's text may hold a path or a piece of the file.
        logger.info("file to be taken in alone problem=%s", type(problem).__name__)
