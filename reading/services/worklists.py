"""The worklist of an institution: one for each, with what nobody has read yet."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Site
from images.models import Radiograph, Target
from images.models.target import RT_PCR_TARGET
from reading.models import CaseState, ListCase, ListKind, RadiologicalReading, ReadingList
from reading.services.ranking import AT_ONCE, facts_of, rank_cases, rank_of
from reading.services.withdrawing import bring_back_cases, withdraw_cases

MOST_AT_ONCE: Final = 20 * AT_ONCE


def worklist_of(site: Site) -> ReadingList:
    """The institution's worklist, made when it is first asked for."""
    rows = ReadingList.objects.worklists().select_related("site", "target")
    found = rows.filter(site=site).first()
    if found is not None:
        return found
    target = Target.objects.get(code=RT_PCR_TARGET)
    made, _is_new = ReadingList.objects.get_or_create(
        site=site, kind=ListKind.WORKLIST, defaults={"target": target}
    )
    return made


def fill_worklist(reading_list: ReadingList, limit: int = MOST_AT_ONCE) -> int:
    """Add kept, consented radiographs of the institution without a reading; returns how many."""
    missing = _missing(reading_list).order_by().values_list("pk", flat=True)
    keys = list(missing[:limit])
    for start in range(0, len(keys), AT_ONCE):
        _add(reading_list, keys[start : start + AT_ONCE])
    return len(keys)


def place(radiograph_keys: Iterable[UUID]) -> int:
    """Put these radiographs onto the worklists of their institutions, as far as they belong.

    Those that came back from the trash become readable again wherever they were. Returns how many
    are new on a worklist.
    """
    keys = list(radiograph_keys)
    bring_back_cases(keys)
    return place_new(keys)


def place_new(keys: Sequence[UUID]) -> int:
    """The same for radiographs that never were in the trash; at most AT_ONCE."""
    added = 0
    for site in Site.objects.filter(radiographs__in=keys).distinct().order_by():
        reading_list = worklist_of(site)
        missing = _missing(reading_list).order_by().filter(pk__in=keys)
        new = list(missing.values_list("pk", flat=True))
        _add(reading_list, new)
        added += len(new)
    return added


def keep_worklists() -> None:
    """Mend what signals missed: withdrawn cases, cases that came back, new ones."""
    withdraw_cases()
    bring_back_cases()
    for site in Site.objects.filter(Exists(Radiograph.objects.filter(site=OuterRef("pk")))):
        reading_list = worklist_of(site)
        while fill_worklist(reading_list) == MOST_AT_ONCE:
            pass


def rank_worklists() -> int:
    """Rank all unread cases anew, where a signal was missed; returns how many changed places."""
    unread = ListCase.objects.filter(
        reading_list__kind=ListKind.WORKLIST, state__in=[CaseState.OPEN, CaseState.FLAGGED]
    )
    return rank_cases(unread.order_by().values_list("radiograph", flat=True))


def _missing(reading_list: ReadingList) -> QuerySet[Radiograph]:
    listed = ListCase.objects.filter(reading_list=reading_list, radiograph=OuterRef("pk"))
    readings = RadiologicalReading.objects.current().exclude(finding="")
    return (
        Radiograph.objects.filter(site=reading_list.site_id)
        .kept()
        .consented()
        .filter(~Exists(listed), ~Exists(readings.filter(radiograph=OuterRef("pk"))))
    )


def _add(reading_list: ReadingList, keys: Sequence[UUID]) -> None:
    cases = []
    for key, facts in facts_of(keys, reading_list.target).items():
        rank, value = rank_of(facts)
        cases.append(ListCase(reading_list=reading_list, radiograph_id=key, rank=rank, value=value))
    # Whoever else adds the same one at this moment: it is there once.
    ListCase.objects.bulk_create(cases, ignore_conflicts=True)
