"""Who looks after a radiograph."""

from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed, differing
from accounts.models import User
from images.audited import note_radiograph
from images.models import Radiograph


@transaction.atomic
def assign(*, radiograph: Radiograph, person: User | None, by: User | None = None) -> None:
    """Give a radiograph to `person`, or to nobody."""
    before = {"person": str(radiograph.assigned_to_id or "")}
    Radiograph.objects.filter(pk=radiograph.pk).update(
        assigned_to=person, updated_at=timezone.now()
    )
    old, new = differing(before, {"person": str(person.pk) if person else ""})
    if new:
        note_radiograph(Deed.CHANGED, radiograph, by, old, new)
