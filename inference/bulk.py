"""Ask the models in service about many radiographs once more."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from images.bulk import Effect, Refusal, Verb
from images.models import BulkAction, Radiograph
from images.models.radiograph import RadiographQuerySet


class AskAgain(Verb):
    """What was asked cannot be taken back: answers are only ever added."""

    name = "repredict"
    label = _("Predict again")
    icon = "arrow-repeat"
    capability = Capability.EDIT_RADIOGRAPHS
    place = 40
    is_undoable = False

    def reach(self, user: User) -> RadiographQuerySet:
        return Radiograph.objects.editable_by(user).kept()

    def sentence(self, parameters: Mapping[str, Any]) -> str:
        return gettext("A new prediction, where the model in service has not answered yet")

    def apply(self, action: BulkAction, radiograph: Radiograph, prepared: Any = None) -> Effect:
        from inference.services.queue import ask_again  # the room is still starting when read

        asked = ask_again(radiograph=radiograph, by=action.asked_by)
        if not asked:
            raise Refusal("nothing-to-ask")
        return Effect({}, {"asked": asked})
