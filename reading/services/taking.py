"""Whose turn it is: a case is taken, held, passed over, given back.

The constraints of `Turn` decide between two who want the same case, never the look before.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from reading.errors import AlreadyRead, CaseAway, HeldByAnother, HoldLost, NothingLeft
from reading.models import CaseState, ListCase, ReadingList, Turn, TurnState
from reading.services.order import free_keys, held
from reading.services.places import (
    HOLD,
    claim,
    is_readable,
    locked,
    locked_unless_busy,
    refuse_strangers,
)

__all__ = [
    "HOLD",
    "extend",
    "give_back",
    "hold_ahead",
    "keep_draft",
    "next_turn",
    "skip",
    "take",
    "upcoming",
]

# Somebody who asks for cases without end would hold them all.
MOST_AHEAD: Final = 3
# As many look at once; each tries the next case while another is at the first.
LOOK_AT: Final = 8
# A round fails only where others took everything that was looked at.
ROUNDS: Final = 50


def next_turn(
    *,
    reader: User,
    reading_list: ReadingList,
    now: datetime | None = None,
    after: Turn | None = None,
) -> Turn:
    """The case that `reader` reads next, held for them.

    Without `after`: the one they hold already, if any (taken first), else the next free one. With
    `after`: the one held ahead of that turn, else the next free one; `after` stays held. Order:
    assigned to the reader, by value (worklist) or shuffled for this reader (study), passed over.
    Raises NothingLeft, ListClosed; PermissionDenied for who may not read the list.
    """
    refuse_strangers(reader, reading_list)
    now = now or timezone.now()
    mine = held(reader, reading_list)
    first = _ahead(mine, after) if after else mine
    turn = _held_again(first, now) or _take_next(reader, reading_list, now)
    turn = turn or _held_again([each for each in mine if each != after], now)
    if turn is None:
        raise NothingLeft
    return turn


def upcoming(
    *, reader: User, reading_list: ReadingList, turn: Turn, count: int = 2
) -> list[ListCase]:
    """What would come after `turn`: held ahead first, then free ones, nobody holds them by this."""
    cases = [each.case for each in _ahead(held(reader, reading_list), turn)[:count]]
    keys = free_keys(reader, reading_list, timezone.now(), count - len(cases))
    rows = ListCase.objects.select_related("radiograph").in_bulk(keys)
    return cases + [rows[key] for key in keys if key in rows]


def hold_ahead(
    *, reader: User, reading_list: ReadingList, count: int = 1, turn: Turn | None = None
) -> list[Turn]:
    """Hold the next `count` (3 at most) cases after `turn` (default: the one held first), in order.

    Those already held ahead are kept and extended. Fewer, or none, where less is left.
    """
    refuse_strangers(reader, reading_list)
    now, count = timezone.now(), min(count, MOST_AHEAD)
    mine = held(reader, reading_list)
    known = _ahead(mine, turn) if turn else mine[1:]
    turns = [each for each in known[:count] if _prolong(each, now)]
    while len(turns) < count and (new := _take_next(reader, reading_list, now)):
        turns.append(new)
    return turns


def _ahead(mine: list[Turn], turn: Turn) -> list[Turn]:
    """Those taken after `turn`."""
    place = (turn.taken_at, turn.pk)
    return [each for each in mine if (each.taken_at, each.pk) > place]


def _held_again(turns: list[Turn], now: datetime) -> Turn | None:
    """The first of them that nobody else took meanwhile, for HOLD from now on."""
    return next((turn for turn in turns if _prolong(turn, now)), None)


def _take_next(reader: User, reading_list: ReadingList, now: datetime) -> Turn | None:
    """Hold the next free case; past those that others are just taking, while there are others."""
    for number in range(ROUNDS):
        keys = free_keys(reader, reading_list, now, LOOK_AT)
        if not keys:
            return None
        # Where all were busy, the second round waits for the first of them.
        turn = _first_claimed(keys, reader, now, waits=number > 0)
        if turn is not None:
            return turn
    return None


def _first_claimed(keys: list[UUID], reader: User, now: datetime, *, waits: bool) -> Turn | None:
    for key in keys:
        with transaction.atomic():
            case = locked(key) if waits else locked_unless_busy(key)
            if case is not None and case.state == CaseState.OPEN:
                turn = claim(case, reader, now)
                if turn is not None:
                    return turn
    return None


@transaction.atomic
def take(*, case: ListCase, reader: User, now: datetime | None = None) -> Turn:
    """Hold just this case. Raises HeldByAnother, AlreadyRead, CaseAway, ListClosed.

    PermissionDenied for who may not read the list.
    """
    row = locked(case.pk)
    refuse_strangers(reader, row.reading_list)
    if row.turns.filter(reader=reader, state=TurnState.ANSWERED).exists():
        raise AlreadyRead
    if row.state in (CaseState.FLAGGED, CaseState.WITHDRAWN) or not is_readable(row):
        raise CaseAway
    turn = claim(row, reader, now or timezone.now())
    if turn is None:
        raise HeldByAnother
    return turn


def extend(*, turn: Turn, now: datetime | None = None) -> Turn:
    """HOLD from now on, for it and for those held ahead of it. Answered or passed over: no matter.

    A hold that ran out begins again where the case is still free. Raises HoldLost otherwise.
    """
    now = now or timezone.now()
    if _prolong(turn, now):
        for each in _ahead(held(turn.reader, turn.case.reading_list), turn):
            _prolong(each, now)
        return turn
    with transaction.atomic():
        case = locked(turn.case_id)
        row = case.turns.filter(reader=turn.reader_id).first()
        if row is not None and row.state in (TurnState.ANSWERED, TurnState.SKIPPED):
            return row
        again = claim(case, turn.reader, now) if case.state == CaseState.OPEN else None
        if again is None:
            raise HoldLost
        return again


def _prolong(turn: Turn, now: datetime) -> bool:
    """HOLD from now on; False where it is held no longer."""
    mine = Turn.objects.filter(pk=turn.pk, state=TurnState.HELD)
    if not mine.update(held_until=now + HOLD, updated_at=now):
        return False
    turn.state, turn.held_until = TurnState.HELD, now + HOLD
    return True


def keep_draft(*, turn: Turn, draft: dict[str, Any]) -> None:
    """Keep what was typed and not saved, also when the hold ran out; not once it was answered."""
    rows = Turn.objects.filter(pk=turn.pk).exclude(state=TurnState.ANSWERED)
    rows.update(draft=draft, updated_at=timezone.now())


@transaction.atomic
def skip(*, turn: Turn) -> None:
    """Pass the case over: it comes back to this reader last. Raises AlreadyRead."""
    locked(turn.case_id)
    row = Turn.objects.filter(pk=turn.pk).first()
    if row is None:
        return
    if row.state == TurnState.ANSWERED:
        raise AlreadyRead
    # Said again (two clicks) it is still passed over once.
    if row.state != TurnState.SKIPPED:
        row.state = TurnState.SKIPPED
        row.save(update_fields=["state", "updated_at"])
        ListCase.objects.filter(pk=row.case_id).update(skips=F("skips") + 1)


@transaction.atomic
def give_back(*, turn: Turn) -> None:
    """Let go of a held case as if it had never been taken; a draft is kept. Else: nothing."""
    locked(turn.case_id)
    row = Turn.objects.filter(pk=turn.pk, state=TurnState.HELD).first()
    if row is None:
        return
    if row.draft:
        row.state = TurnState.LAPSED
        row.save(update_fields=["state", "updated_at"])
    else:
        row.delete()
