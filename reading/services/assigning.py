"""Cases set aside and put back, and cases that wait for one person."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import User
from reading.errors import AlreadyRead, CaseAway, HoldLost, NotAReader
from reading.models import CaseState, ListCase, ListKind, Turn, TurnState
from reading.services.deciding import settle
from reading.services.places import claim, locked, may_read, refuse_strangers
from reading.services.recording import note_deed


@transaction.atomic
def flag(*, turn: Turn, reason: str) -> None:
    """Set the case aside for all, with a reason (300 characters); the reader lets go of it.

    Raises AlreadyRead, CaseAway, HoldLost, ListClosed.
    """
    case = locked(turn.case_id)
    refuse_strangers(turn.reader, case.reading_list)
    if case.state != CaseState.OPEN:
        raise CaseAway
    row = Turn.objects.filter(case=case, reader=turn.reader_id).first()
    if row is not None and row.state == TurnState.ANSWERED:
        raise AlreadyRead
    row = claim(case, turn.reader, timezone.now())
    if row is None:
        raise HoldLost
    row.state = TurnState.SKIPPED
    row.save(update_fields=["state", "updated_at"])
    case.state, case.flagged_by, case.flag_reason = CaseState.FLAGGED, turn.reader, reason.strip()
    case.save(update_fields=["state", "flagged_by", "flag_reason", "updated_at"])
    _note_state(case, turn.reader, CaseState.OPEN)


@transaction.atomic
def put_back(*, case: ListCase, by: User) -> bool:
    """Let a case that was set aside be read again; False when it was not."""
    row = locked(case.pk)
    if row.state != CaseState.FLAGGED:
        return False
    row.state, row.flagged_by, row.flag_reason = CaseState.OPEN, None, ""
    row.save(update_fields=["flagged_by", "flag_reason", "updated_at"])
    settle(row)
    _note_state(row, by, CaseState.FLAGGED)
    return True


def _note_state(case: ListCase, by: User, before: CaseState) -> None:
    note_deed(case, by, Deed.CHANGED, {"state": before.value}, {"state": str(case.state)})


@transaction.atomic
def assign(*, cases: Iterable[ListCase], to: User | None, by: User) -> int:
    """Let open cases of worklists wait for one person (None: for anybody); returns how many.

    They come first to that person and to nobody else by themselves; `take` is open to others.
    Raises NotAReader where that person may not read one of them; those that `by` does not see are
    left out.
    """
    keys = [case.pk for case in cases]
    seen = ListCase.objects.visible_to(by).open().filter(pk__in=keys)
    rows = seen.filter(reading_list__kind=ListKind.WORKLIST).order_by("pk")
    changed = 0
    for case in rows.select_for_update(of=("self",)).select_related("reading_list", "radiograph"):
        if to is not None and not may_read(to, case.reading_list):
            raise NotAReader
        changed += _wait_for(case, to, by)
    return changed


def _wait_for(case: ListCase, to: User | None, by: User) -> bool:
    before, after = case.assigned_to_id, to.pk if to else None
    if before == after:
        return False
    case.assigned_to = to
    case.save(update_fields=["assigned_to", "updated_at"])
    note_deed(case, by, Deed.CHANGED, _named(before), _named(after))
    return True


def _named(person: UUID | None) -> dict[str, str]:
    return {"assigned_to": str(person) if person else ""}
