"""How an institution's worklist is read: once or twice, knowing the model's answer or not."""

from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.roles import Capability
from reading.models import CaseState, ReadingList
from reading.services.deciding import settle
from reading.services.places import locked

# More people for one film than any ward has at hand.
MOST_READINGS: Final = 3


@transaction.atomic
def change_rules(
    *, reading_list: ReadingList, by: User, readings_needed: int, hides_model: bool
) -> ReadingList:
    """From now on a case is done after `readings_needed` (1 to 3) readings by different people.

    What is done stays done; open cases that have enough readings by now are done too. Raises
    PermissionDenied for who does not manage studies of the institution, ValueError for a study,
    whose rules are its own, and for another number.
    """
    own = by.is_platform_wide or by.site_id == reading_list.site_id
    if not by.can(Capability.MANAGE_STUDIES) or not own:
        raise PermissionDenied
    if reading_list.is_study or not 1 <= readings_needed <= MOST_READINGS:
        raise ValueError("no rules of a worklist")
    row = ReadingList.objects.select_for_update().get(pk=reading_list.pk)
    wanted = {"readings_needed": readings_needed, "hides_model": hides_model}
    before, after = audit.differing({name: getattr(row, name) for name in wanted}, wanted)
    if not after:
        return row
    row.readings_needed, row.hides_model = readings_needed, hides_model
    row.save(update_fields=[*wanted, "updated_at"])
    _finish_what_is_read(row)
    audit.note(
        actor=by, deed=audit.Deed.CHANGED, subject="list", subject_id=row.pk, site=row.site_id,
        before=before, after=after,
    )  # fmt: skip
    return row


def _finish_what_is_read(row: ReadingList) -> None:
    read = row.cases.filter(state=CaseState.OPEN, readings_count__gte=row.readings_needed)
    # One after the other, by key: readers lock single cases, too.
    for key in read.order_by("pk").values_list("pk", flat=True):
        settle(locked(key))
