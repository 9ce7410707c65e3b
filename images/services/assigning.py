"""Who looks after a radiograph."""

from django.utils import timezone

from accounts.models import User
from images.models import Radiograph


def assign(*, radiograph: Radiograph, person: User | None) -> None:
    """Give a radiograph to `person`, or to nobody."""
    Radiograph.objects.filter(pk=radiograph.pk).update(
        assigned_to=person, updated_at=timezone.now()
    )
