"""The worklist's page: how many wait, and its pages, each read from where the last one ended.

Nothing is counted beyond a limit, and no page is skipped to, however long the list is.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import BooleanField, F, Func, QuerySet, TextField, Value
from django.utils import timezone

from accounts.models import User
from accounts.roles import Capability, Role, capabilities_of
from images.models import Radiograph
from reading.models import CaseState, ListCase, Rank, ReadingList, Turn, TurnState
from reading.models.case import ListCaseQuerySet

PER_PAGE: Final = 25
# Above it nobody wants to know the number, and counting would read the whole list.
COUNTED: Final = 1000
WAITING, MINE, ASIDE = "waiting", "mine", "aside"
ORDER: Final = ("rank", "value", "pk")


@dataclass(frozen=True)
class Count:
    """Exact up to COUNTED; `is_more` says that there are more."""

    number: int
    is_more: bool


@dataclass(frozen=True)
class RankCount:
    """How many wait of one kind, most worth a doctor's time first."""

    rank: Rank
    count: Count


@dataclass(frozen=True)
class Counts:
    ranks: list[RankCount]
    mine: Count
    aside: Count
    done_today: Count


@dataclass(frozen=True)
class WorklistPage:
    rows: list[ListCase]
    after: ListCase | None
    is_first: bool


def counts_of(reading_list: ReadingList, reader: User) -> Counts:
    """Six looks into indexes, each of at most COUNTED rows."""
    waiting = reading_list.cases.filter(state=CaseState.OPEN)
    return Counts(
        ranks=[RankCount(rank, _counted(waiting.filter(rank=rank))) for rank in Rank],
        mine=_counted(waiting.filter(assigned_to=reader)),
        aside=_counted(reading_list.cases.filter(state=CaseState.FLAGGED)),
        done_today=_counted(_read_today(reading_list, reader)),
    )


def _read_today(reading_list: ReadingList, reader: User) -> QuerySet[Turn]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    # `held_until` is of the index; a case may have been answered long after its hold ran out.
    return Turn.objects.filter(
        reader=reader, state=TurnState.ANSWERED, held_until__gte=midnight - timedelta(days=1),
        answered_at__gte=midnight, case__reading_list=reading_list,
    )  # fmt: skip


def _counted(rows: QuerySet[Any]) -> Count:
    number = rows.order_by()[: COUNTED + 1].count()
    return Count(min(number, COUNTED), number > COUNTED)


def page_of(
    reading_list: ReadingList, reader: User, *, show: str, after: ListCase | None = None
) -> WorklistPage:
    """At most PER_PAGE cases behind `after`, by value; `show` is one of WAITING, MINE, ASIDE."""
    shown = _shown(reading_list, reader, show)
    ordered = shown.order_by(*ORDER)
    if after is not None:
        ordered = ordered.filter(_past(after))
    keys = list(ordered.values_list("pk", flat=True)[: PER_PAGE + 1])
    rows = _rows(keys[:PER_PAGE])
    more = len(keys) > PER_PAGE and rows
    return WorklistPage(rows, rows[-1] if more else None, after is None)


def _shown(reading_list: ReadingList, reader: User, show: str) -> ListCaseQuerySet:
    visible = ListCase.objects.visible_to(reader).filter(reading_list=reading_list)
    if show == ASIDE:
        return visible.filter(state=CaseState.FLAGGED)
    waiting = visible.filter(state=CaseState.OPEN)
    return waiting.filter(assigned_to=reader) if show == MINE else waiting


def _past(anchor: ListCase) -> Func:
    """`(rank, value, key) > (0, 0.4, ...)`: row by row, as the index is ordered."""
    values = [Value(getattr(anchor, name)) for name in ORDER]
    sides = [
        Func(*side, template="(%(expressions)s)", output_field=TextField())
        for side in ([F(name) for name in ORDER], values)
    ]
    return Func(*sides, template="%(expressions)s", arg_joiner=" > ", output_field=BooleanField())


def _rows(keys: list[Any]) -> list[ListCase]:
    wanted = ListCase.objects.filter(pk__in=keys).select_related(
        "radiograph__patient", "radiograph__site", "assigned_to", "flagged_by"
    )
    rows = {row.pk: row for row in wanted}
    return [rows[key] for key in keys if key in rows]


def colleagues(reading_list: ReadingList) -> QuerySet[User]:
    """Those of the institution who may read its cases."""
    roles = [role for role in Role.values if Capability.READ_CASES in capabilities_of(role)]
    people: QuerySet[User] = User.objects.filter(site=reading_list.site_id, role__in=roles)
    return people.filter(is_active=True).order_by("full_name", "pk")


def days_waiting(radiograph: Radiograph) -> int:
    """Since it came in: the day of the radiograph itself may have been moved."""
    return (timezone.now() - radiograph.created_at).days
