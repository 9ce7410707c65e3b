"""Cases whose radiograph was trashed or whose patient withdrew the consent.

Nobody is shown one from that moment on (`reading.services.order.readable`, `is_readable`): the
state only says so to lists and figures, some minutes later at most.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from images.models import Radiograph
from images.models.radiograph import RadiographStatus
from reading.models import CaseState, ListCase
from reading.services.deciding import settle
from reading.services.places import is_readable, locked
from reading.services.ranking import rank_cases


def withdraw_cases(radiograph_keys: Iterable[UUID] | None = None) -> int:
    """Withdraw cases (of these radiographs; None: of all) that may not be read; how many."""
    rows = _of(radiograph_keys).exclude(state=CaseState.WITHDRAWN).order_by()
    # From the few that are away, by two indexes, not from the many that are not.
    trashed = rows.filter(radiograph__status=RadiographStatus.TRASHED)
    unwilling = rows.filter(radiograph__patient__consent_withdrawn_at__isnull=False)
    keys = {*trashed.values_list("pk", flat=True), *unwilling.values_list("pk", flat=True)}
    # One after the other: one statement may lock rows in any order, and readers lock them too.
    changed = 0
    for key in sorted(keys):
        changed += ListCase.objects.filter(pk=key).update(
            state=CaseState.WITHDRAWN, updated_at=timezone.now()
        )
    return changed


def bring_back_cases(radiograph_keys: Iterable[UUID] | None = None) -> int:
    """Let withdrawn cases that may be read again be what they were; returns how many."""
    rows = _of(radiograph_keys).filter(_may_be_read(), state=CaseState.WITHDRAWN).order_by("pk")
    keys = list(rows.values_list("pk", "radiograph"))
    changed = sum(_bring_back(key) for key, _film in keys)
    rank_cases(film for _key, film in keys)
    return changed


@transaction.atomic
def _bring_back(key: UUID) -> bool:
    case = locked(key)
    if case.state != CaseState.WITHDRAWN or not is_readable(case):
        return False
    case.state = CaseState.FLAGGED if case.flagged_by_id else CaseState.OPEN
    settle(case)
    return True


def _of(radiograph_keys: Iterable[UUID] | None) -> QuerySet[ListCase]:
    rows = ListCase.objects.all()
    return rows if radiograph_keys is None else rows.filter(radiograph__in=list(radiograph_keys))


def _may_be_read() -> Exists:
    return Exists(Radiograph.objects.kept().consented().filter(pk=OuterRef("radiograph")))
