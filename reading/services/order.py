"""What comes next for a reader: queries only, nothing is held by looking."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from images.models.radiograph import RadiographStatus
from reading.models import CaseState, ListCase, ReadingList, Turn, TurnState

# What a reader has dealt with, or holds: it is not offered to them as something new.
DEALT_WITH: Final = (TurnState.HELD, TurnState.ANSWERED, TurnState.SKIPPED)
BY_VALUE: Final = ("rank", "value", "pk")
# Of keys that are looked up together.
AT_ONCE: Final = 50


def readable(reading_list: ReadingList) -> QuerySet[ListCase]:
    """Open cases whose radiographs are kept and whose patients have not withdrawn the consent."""
    return ListCase.objects.open().filter(
        reading_list=reading_list,
        radiograph__status=RadiographStatus.KEPT,
        radiograph__patient__consent_withdrawn_at=None,
    )


def held(reader: User, reading_list: ReadingList) -> list[Turn]:
    """Turns the reader holds on the list, run out or not, in the order in which they were taken."""
    rows = Turn.objects.filter(reader=reader, state=TurnState.HELD)
    rows = rows.select_related("case__reading_list", "case__radiograph__patient")
    # Sorted out here: asked of the database, SQLite would begin with the cases instead.
    return [
        turn
        for turn in rows.order_by("taken_at", "pk")
        if turn.case.reading_list_id == reading_list.pk and _is_readable(turn.case)
    ]


def _is_readable(case: ListCase) -> bool:
    """As `readable`, for a row that has been read with its patient."""
    film = case.radiograph
    is_kept = film.status == RadiographStatus.KEPT and film.patient.consent_withdrawn_at is None
    return is_kept and case.state == CaseState.OPEN


def free_keys(reader: User, reading_list: ReadingList, now: datetime, count: int) -> list[UUID]:
    """Keys of the next cases that the reader could take now, `count` at most, in order.

    Worklist: what waits for this reader, then the rest, both by value. Study: shuffled for this
    reader. What they passed over comes last, longest ago first.
    """
    choose = _of_study if reading_list.is_study else _of_worklist
    return choose(reader, reading_list, now, count) if count > 0 else []


def _of_worklist(reader: User, reading_list: ReadingList, now: datetime, count: int) -> list[UUID]:
    rows = _with_room(readable(reading_list), reader, reading_list.readings_needed, now)
    fresh = rows.filter(~Exists(_dealt_with(reader))).order_by(*BY_VALUE)
    keys = _first(fresh.filter(assigned_to=reader), count)
    keys += _first(fresh.filter(_for_others(reader)), count - len(keys))
    offered = rows.filter(Q(assigned_to=reader) | _for_others(reader))
    return keys + _those_in(offered, _passed_over(reader), count - len(keys))


def _of_study(reader: User, reading_list: ReadingList, _now: datetime, count: int) -> list[UUID]:
    rows = ListCase.objects.open().filter(reading_list=reading_list).order_by()
    fresh = rows.filter(~Exists(_dealt_with(reader))).values_list("pk", flat=True)
    order = [*_shuffled(fresh, reader, reading_list), *_passed_over(reader)]
    return _those_in(readable(reading_list), order, count)


def _dealt_with(reader: User) -> QuerySet[Turn]:
    return Turn.objects.filter(case=OuterRef("pk"), reader=reader, state__in=DEALT_WITH)


def _passed_over(reader: User) -> Iterator[UUID]:
    """Keys of cases, of this list and others, the one passed over longest ago first."""
    rows = Turn.objects.filter(reader=reader, state=TurnState.SKIPPED)
    yield from rows.order_by("updated_at", "pk").values_list("case", flat=True)


def _those_in(rows: QuerySet[ListCase], keys: Iterable[UUID], count: int) -> list[UUID]:
    """The first `count` of the keys that are among the rows, in the order of the keys."""
    found: list[UUID] = []
    waiting = iter(keys) if count > 0 else iter(())
    while len(found) < count and (some := list(islice(waiting, AT_ONCE))):
        there = set(rows.filter(pk__in=some).order_by().values_list("pk", flat=True))
        found += [key for key in some if key in there]
    return found[: max(count, 0)]


def _first(rows: QuerySet[ListCase], count: int) -> list[UUID]:
    return list(rows.values_list("pk", flat=True)[:count]) if count > 0 else []


def _shuffled(keys: Iterable[UUID], reader: User, reading_list: ReadingList) -> list[UUID]:
    """In this reader's own order, which is the same every time.

    A keyed hash, so that no reader's order says anything of another's (tiring, learning).
    """
    secret = reading_list.pk.bytes + reader.pk.bytes

    def place(key: UUID) -> bytes:
        return blake2b(key.bytes, key=secret, digest_size=16).digest()

    return sorted(keys, key=place)


def _with_room(
    rows: QuerySet[ListCase], reader: User, places: int, now: datetime
) -> QuerySet[ListCase]:
    """Those in which fewer than `places` other people have read or are reading."""
    sitting = Q(state=TurnState.ANSWERED) | Q(state=TurnState.HELD, held_until__gt=now)
    others = Turn.objects.filter(sitting, case=OuterRef("pk")).exclude(reader=reader)
    if places == 1:
        return rows.filter(~Exists(others))
    people = others.order_by().values("case").annotate(people=Count("pk")).values("people")
    taken = Coalesce(Subquery(people), 0, output_field=IntegerField())
    return rows.alias(taken=taken).filter(taken__lt=places)


def _for_others(reader: User) -> Q:
    """Waits for nobody, or the person it waits for has read it: a second reading is anybody's."""
    has_read = Turn.objects.filter(
        case=OuterRef("pk"), reader=OuterRef("assigned_to"), state=TurnState.ANSWERED
    )
    return Q(assigned_to=None) | (~Q(assigned_to=reader) & Q(Exists(has_read)))
