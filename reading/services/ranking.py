"""What is worth a doctor's time first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import FilteredRelation, Q
from django.utils import timezone

from core.models import rewrite
from images.models import Radiograph, Target
from images.models.target import RT_PCR_TARGET
from inference.models import StandingOf
from reading.models import CaseState, ListCase, ListKind, Rank

# SQLite takes so many values in one statement.
AT_ONCE: Final = 500
# Beyond every distance of log odds, so that what has no answer comes after what is uncertain.
NO_ANSWER: Final = 1e6
# Before every distance of log odds, of which the largest is 42.
UNDECIDED: Final = 1e3
EPOCH: Final = date(1970, 1, 1)
OPPOSITE: Final = {
    (StandingOf.POSITIVE.value, "negative"), (StandingOf.NEGATIVE.value, "positive"),
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What the rank of a radiograph hangs on. `rt_pcr`: empty for questions it does not answer."""

    day: date
    rt_pcr: str = ""
    standing: str = StandingOf.NONE
    is_uncertain: bool = False
    doubt: float | None = None
    is_unsure: bool = False


class Row(NamedTuple):
    """What is asked of a case before its rank is known to have changed."""

    case: UUID
    reading_list: UUID
    radiograph: UUID
    rank: int
    value: float


def rank_of(facts: Facts) -> tuple[Rank, float]:
    """Rank and value (lower first), as ListCase keeps them.

    Uncertain: those on which the model could not decide first, then the others, both by distance
    from the threshold; then failed and never asked for, and those the
    RT-PCR contradicts and the rest, by day. One that is still being computed is of the rest.
    """
    days = float((facts.day - EPOCH).days)
    if facts.is_uncertain:
        return Rank.UNCERTAIN, (facts.doubt or 0.0) - (UNDECIDED if facts.is_unsure else 0.0)
    if facts.standing in (StandingOf.FAILED, StandingOf.NONE):
        return Rank.UNCERTAIN, NO_ANSWER + days
    if (facts.standing, facts.rt_pcr) in OPPOSITE:
        return Rank.CONTRADICTED, days
    return Rank.REST, days


def facts_of(radiograph_keys: Sequence[UUID], target: Target) -> dict[UUID, Facts]:
    """By radiograph, in one query; at most AT_ONCE keys."""
    own = FilteredRelation("standings", condition=Q(standings__target=target))
    films = Radiograph.objects.filter(pk__in=radiograph_keys).annotate(own=own).order_by()
    is_rt_pcr = target.code == RT_PCR_TARGET
    rows = films.values_list(
        "pk", "acquired_on", "created_at", "rt_pcr", "own__standing", "own__doubt",
        "own__is_uncertain", "own__prediction__is_unsure",
    )  # fmt: skip
    return {
        key: Facts(
            acquired_on or timezone.localdate(created_at),
            rt_pcr if is_rt_pcr else "",
            standing or StandingOf.NONE,
            bool(caution[0]),
            doubt,
            bool(caution[1]),
        )
        for key, acquired_on, created_at, rt_pcr, standing, doubt, *caution in rows
    }


def rank_cases(radiograph_keys: Iterable[UUID]) -> int:
    """Rank these radiographs' unread cases on worklists anew; returns how many changed places."""
    keys = sorted(set(radiograph_keys))
    parts = (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
    return sum(_rank(part) for part in parts)


def _rank(keys: Sequence[UUID]) -> int:
    cases = ListCase.objects.filter(
        radiograph__in=keys,
        reading_list__kind=ListKind.WORKLIST,
        state__in=[CaseState.OPEN, CaseState.FLAGGED],
    )
    by_target: dict[UUID, list[Row]] = {}
    columns = ("reading_list__target", "pk", "reading_list", "radiograph", "rank", "value")
    for target, *row in cases.order_by().values_list(*columns):
        by_target.setdefault(target, []).append(Row(*row))
    targets = Target.objects.in_bulk(by_target)
    moved = [place for key, rows in by_target.items() for place in _moved(rows, targets[key])]
    _write(moved)
    return len(moved)


def _moved(rows: Sequence[Row], target: Target) -> list[ListCase]:
    """Those whose place is another one now, with it."""
    facts = facts_of([row.radiograph for row in rows], target)
    now = timezone.now()
    moved = []
    for row in rows:
        place = rank_of(facts[row.radiograph]) if row.radiograph in facts else row[-2:]
        if place != row[-2:]:
            moved.append(_case(row, *place, now))
    return moved


def _case(row: Row, rank: int, value: float, now: datetime) -> ListCase:
    return ListCase(
        pk=row.case, reading_list_id=row.reading_list, radiograph_id=row.radiograph,
        rank=rank, value=value, updated_at=now,
    )  # fmt: skip


@transaction.atomic
def _write(cases: Sequence[ListCase]) -> None:
    if not cases:
        return
    # Locked in the order of their keys, as by all who lock several: no two wait for each other.
    rows = ListCase.objects.select_for_update().filter(pk__in=[case.pk for case in cases])
    there = set(rows.order_by("pk").values_list("pk", flat=True))
    rewrite((case for case in cases if case.pk in there), ["rank", "value", "updated_at"])
