"""Who may see whose reading: readers stay blind until it cannot change what they say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from accounts.models import User
from accounts.roles import Capability
from reading.models import (
    CaseState,
    ListCase,
    ListReader,
    RadiologicalReading,
    ReaderPart,
    ReadingList,
)
from reading.services.recording import stated


@dataclass(frozen=True)
class SeenReading:
    """One current finding as one person may see it. `reader` is None where names are hidden.

    `number` (1, 2, ...) tells the readers of this one case apart, in an order of its own in each
    case. `verdict` and `disagreement` as in RadiologicalReading.
    """

    key: UUID
    number: int
    reader: User | None
    is_own: bool
    is_adjudication: bool
    finding: str
    note: str
    verdict: str
    disagreement: str
    seconds: float | None
    stated_at: datetime


@dataclass(frozen=True)
class _Sight:
    others: bool
    names: bool


BLIND = _Sight(others=False, names=False)
NAMELESS = _Sight(others=True, names=False)
ALL = _Sight(others=True, names=True)


def readings_of(case: ListCase, user: User) -> list[SeenReading]:
    """Current readings of the case, oldest first, as far as `user` may see them.

    Study that runs: readers see their own; adjudicators their own and, once the case waits for
    them, the readers' without names; who manages studies and has no part in it sees all. Closed:
    all see all, but adjudicators still no names. Worklist: own ones, all once the case is read.
    Nobody of another institution sees any.
    """
    reading_list = case.reading_list
    if not user.can(Capability.READ_CASES) or not _is_at_home(user, reading_list):
        return []
    sight = _of_study(case, user) if reading_list.is_study else _of_worklist(case)
    rows = list(stated(case).select_related("reader").order_by("created_at", "pk"))
    numbers = _numbers(case, rows)
    return [
        _seen(row, numbers[row.reader_id], user, sight)
        for row in rows
        if sight.others or row.reader_id == user.pk
    ]


def _is_at_home(user: User, reading_list: ReadingList) -> bool:
    return user.is_platform_wide or user.site_id == reading_list.site_id


def _of_worklist(case: ListCase) -> _Sight:
    return ALL if case.state == CaseState.DONE else BLIND


def _of_study(case: ListCase, user: User) -> _Sight:
    reading_list = case.reading_list
    own = ListReader.objects.filter(reading_list=reading_list, reader=user).first()
    if own is None:
        return ALL if user.can(Capability.MANAGE_STUDIES) else BLIND
    is_closed = reading_list.closed_at is not None
    if own.part == ReaderPart.READER:
        return ALL if is_closed else BLIND
    waits_for_them = case.state in (CaseState.ADJUDICATE, CaseState.DONE)
    return NAMELESS if is_closed or waits_for_them else BLIND


def _numbers(case: ListCase, rows: Iterable[RadiologicalReading]) -> dict[UUID, int]:
    """By reader, in an order that says nothing of who they are, nor of who was first."""

    def place(key: UUID) -> bytes:
        return blake2b(key.bytes, key=case.pk.bytes, digest_size=16).digest()

    readers = sorted({row.reader_id for row in rows}, key=place)
    return {reader: number for number, reader in enumerate(readers, 1)}


def _seen(row: RadiologicalReading, number: int, user: User, sight: _Sight) -> SeenReading:
    is_own = row.reader_id == user.pk
    return SeenReading(
        key=row.pk,
        number=number,
        reader=row.reader if sight.names or is_own else None,
        is_own=is_own,
        is_adjudication=row.is_adjudication,
        finding=row.finding,
        note=row.note,
        verdict=row.verdict,
        disagreement=row.disagreement,
        seconds=row.seconds,
        stated_at=row.created_at,
    )
