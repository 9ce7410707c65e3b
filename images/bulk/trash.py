"""Move many radiographs to the trash, and bring them back."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from images.bulk import reasons
from images.bulk.verbs import Effect, Refusal, Verb
from images.models import BulkAction, Radiograph
from images.models.radiograph import RadiographQuerySet
from images.services.upkeep import restore, trash


class Trash(Verb):
    name = "trash"
    label = _("Move to the trash")
    icon = "trash3"
    capability = Capability.EDIT_RADIOGRAPHS
    place = 50

    def reach(self, user: User) -> RadiographQuerySet:
        return Radiograph.objects.editable_by(user)

    def sentence(self, parameters: Mapping[str, Any]) -> str:
        return gettext("Moved to the trash, from where it can be restored")

    def apply(self, action: BulkAction, radiograph: Radiograph, prepared: Any = None) -> Effect:
        before = _place(radiograph)
        trash(radiograph=radiograph, by=action.asked_by)
        return Effect(before, _place(radiograph))

    def put_back(self, action: BulkAction, radiograph: Radiograph, effect: Effect) -> Effect:
        now = _place(radiograph)
        if now != effect.after:
            raise Refusal(reasons.CHANGED)
        restore(radiograph=radiograph, by=action.asked_by)
        return Effect(now, _place(radiograph))


def _place(radiograph: Radiograph) -> dict[str, str]:
    """Where it is, and since when: put away once more by somebody else is another thing."""
    radiograph.refresh_from_db(fields=["status", "trashed_at"])
    since = radiograph.trashed_at.isoformat() if radiograph.trashed_at else ""
    return {"status": radiograph.status, "since": since}
