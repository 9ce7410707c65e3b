"""When a case is done, and who decides where readers disagree."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from reading.errors import ChangedMeanwhile
from reading.models import (
    CaseState,
    Finding,
    ListCase,
    RadiologicalReading,
    ReaderPart,
)
from reading.services.places import locked, readers_of, refuse_closed
from reading.services.recording import add_reading, current_of, stated

# Whoever set it aside or withdrew it decides when it comes back, not a reading.
AWAY = (CaseState.FLAGGED, CaseState.WITHDRAWN)


def settle(case: ListCase) -> ListCase:
    """Bring `state` and `readings_count` in line with the current readings; in a transaction.

    Worklist: done after `readings_needed`. Study: after all readers, done where their findings are
    the same, else adjudicate until an adjudicator has decided. Set aside and withdrawn stay.
    """
    findings = dict(
        stated(case).filter(is_adjudication=False).values_list("reader", "finding").order_by()
    )
    case.readings_count = len(findings)
    if case.state not in AWAY:
        case.state = _state_of(case, findings)
    case.save(update_fields=["readings_count", "state", "updated_at"])
    return case


def _state_of(case: ListCase, findings: dict[UUID, str]) -> CaseState:
    if not case.reading_list.is_study:
        done = len(findings) >= case.reading_list.readings_needed
        return CaseState.DONE if done else CaseState.OPEN
    readers = readers_of(case.reading_list)
    if not readers or readers - findings.keys():
        return CaseState.OPEN
    if len({findings[reader] for reader in readers}) == 1 or is_adjudicated(case):
        return CaseState.DONE
    return CaseState.ADJUDICATE


def is_adjudicated(case: ListCase) -> bool:
    return stated(case).filter(is_adjudication=True).exists()


@transaction.atomic
def adjudicate(*, case: ListCase, by: User, finding: str, note: str = "") -> RadiologicalReading:
    """Decide where readers disagree. PermissionDenied for who is no adjudicator of the study.

    Raises ChangedMeanwhile(current) where the case does not wait for it (any more), ListClosed,
    ValueError for an unknown finding.
    """
    row = locked(case.pk)
    parts = row.reading_list.parts.filter(reader=by, part=ReaderPart.ADJUDICATOR)
    if not parts.exists():
        raise PermissionDenied
    refuse_closed(row.reading_list)
    if row.state != CaseState.ADJUDICATE:
        raise ChangedMeanwhile(stated(row).filter(is_adjudication=True).first())
    mine = current_of(row, by, is_adjudication=True)
    reading = add_reading(row, by, Finding(finding), mine, note=note, is_adjudication=True)
    settle(row)
    return reading
