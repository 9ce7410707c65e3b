"""The places (slots) of a case, and who may sit there.

All of it happens while the case's row is locked; on the databases that lock nothing, and against
whoever forgets to, the constraints of `Turn` have the last word.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.roles import Capability
from images.models import Radiograph
from reading.errors import ListClosed
from reading.models import (
    ListCase,
    ListReader,
    ReaderPart,
    ReadingList,
    Turn,
    TurnState,
)
from reading.models.turn import FILLING

# How long a case waits for its reader; the reading page asks for more every minute.
HOLD: Final = timedelta(minutes=10)
SEATED: Final = ("slot", "state", "taken_at", "held_until", "updated_at")


def may_read(reader: User, reading_list: ReadingList) -> bool:
    """Doctors and administrators of the institution; in a study its readers alone."""
    if not reader.can(Capability.READ_CASES):
        return False
    if not reader.is_platform_wide and reader.site_id != reading_list.site_id:
        return False
    return not reading_list.is_study or _readers(reading_list).filter(reader=reader).exists()


def refuse_strangers(reader: User, reading_list: ReadingList) -> None:
    """Raises PermissionDenied for who may not read the list, ListClosed for all."""
    if not may_read(reader, reading_list):
        raise PermissionDenied
    refuse_closed(reading_list)


def refuse_closed(reading_list: ReadingList) -> None:
    if reading_list.closed_at is not None:
        raise ListClosed


def readers_of(reading_list: ReadingList) -> set[UUID]:
    """Keys of those who read every case of a study."""
    return set(_readers(reading_list).values_list("reader", flat=True))


def _readers(reading_list: ReadingList) -> QuerySet[ListReader]:
    return ListReader.objects.filter(reading_list=reading_list, part=ReaderPart.READER)


def locked(key: UUID) -> ListCase:
    """The case with its list and radiograph, its row locked until the transaction ends."""
    return _whole().select_for_update(of=("self",)).get(pk=key)


def locked_unless_busy(key: UUID) -> ListCase | None:
    """The same at once, or None while somebody else has it locked."""
    return _whole().select_for_update(of=("self",), skip_locked=True).filter(pk=key).first()


def _whole() -> QuerySet[ListCase]:
    return ListCase.objects.select_related("reading_list", "radiograph")


def is_readable(case: ListCase) -> bool:
    """Kept, and of a patient who has not withdrawn the consent."""
    return Radiograph.objects.kept().consented().filter(pk=case.radiograph_id).exists()


def claim(case: ListCase, reader: User, now: datetime) -> Turn | None:
    """Seat `reader` at the locked case for HOLD; None where no place is free.

    Their own earlier turn is used again, with its draft, unless it is answered.
    """
    own = Turn.objects.filter(case=case, reader=reader).first()
    if own is not None and own.state == TurnState.ANSWERED:
        return None
    if own is not None and own.state == TurnState.HELD:
        return _seated(own, own.slot, now)
    slot = _free_slot(case, reader, now)
    if slot is None:
        return None
    try:
        with transaction.atomic():
            return _seated(own or Turn(case=case, reader=reader), slot, now)
    except IntegrityError:
        return None


def _seated(turn: Turn, slot: int, now: datetime) -> Turn:
    is_new = turn._state.adding
    if is_new or turn.state != TurnState.HELD:
        turn.taken_at = now
    turn.slot, turn.state, turn.held_until = slot, TurnState.HELD, now + HOLD
    # Not the draft: another window may be keeping it at this moment.
    turn.save(update_fields=None if is_new else SEATED)
    return turn


def _free_slot(case: ListCase, reader: User, now: datetime) -> int | None:
    """An empty place, else one whose hold ran out, which is then over."""
    others = Turn.objects.filter(case=case, state__in=FILLING).exclude(reader=reader)
    taken = {turn.slot: turn for turn in others}
    slots = _slots(case.reading_list, len(taken))
    for slot in slots:
        if slot not in taken:
            return slot
    for slot in slots:
        if _lapse(taken[slot], now):
            return slot
    return None


def _slots(reading_list: ReadingList, taken: int) -> range:
    """In a study every reader has a place, whoever else has one."""
    return range(taken + 1 if reading_list.is_study else reading_list.readings_needed)


def _lapse(turn: Turn, now: datetime) -> bool:
    ran_out = Turn.objects.run_out(now).filter(pk=turn.pk)
    return bool(ran_out.update(state=TurnState.LAPSED, updated_at=now))
