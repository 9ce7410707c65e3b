"""Give many radiographs to a person of the institution, or to nobody."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from images.bulk import reasons
from images.bulk.verbs import Effect, Refusal, Verb, VerbForm
from images.filters import assignable_to
from images.models import BulkAction, Radiograph
from images.models.radiograph import RadiographQuerySet
from images.services.assigning import assign


class AssignForm(VerbForm):
    person = forms.ModelChoiceField(
        label=_("Person"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, user=user)
        cast("forms.ModelChoiceField[User]", self.fields["person"]).queryset = assignable_to(user)

    def to_parameters(self) -> dict[str, Any]:
        person = self.cleaned_data["person"]
        return {"person": str(person.pk) if person else ""}


class Assign(Verb):
    name = "assign"
    label = _("Assign to a person")
    icon = "person-check"
    capability = Capability.EDIT_RADIOGRAPHS
    place = 20
    form_class = AssignForm

    def reach(self, user: User) -> RadiographQuerySet:
        return Radiograph.objects.editable_by(user).kept()

    def sentence(self, parameters: Mapping[str, Any]) -> str:
        person = _person(parameters["person"])
        if person is None:
            return gettext("Assigned to: nobody")
        return gettext("Assigned to: %(person)s") % {"person": person}

    def apply(self, action: BulkAction, radiograph: Radiograph, prepared: Any = None) -> Effect:
        person = _person(action.parameters["person"])
        if person is not None and person.site_id not in (None, radiograph.site_id):
            raise Refusal("other-institution")
        return _given(radiograph, person, action.asked_by)

    def put_back(self, action: BulkAction, radiograph: Radiograph, effect: Effect) -> Effect:
        if _holder(radiograph) != effect.after:
            raise Refusal(reasons.CHANGED)
        return _given(radiograph, _person(effect.before["person"]), action.asked_by)


def _given(radiograph: Radiograph, person: User | None, by: User) -> Effect:
    before = _holder(radiograph)
    assign(radiograph=radiograph, person=person, by=by)
    return Effect(before, {"person": str(person.pk) if person else ""})


def _holder(radiograph: Radiograph) -> dict[str, str]:
    radiograph.refresh_from_db(fields=["assigned_to"])
    return {"person": str(radiograph.assigned_to_id or "")}


def _person(key: str) -> User | None:
    return User.objects.filter(pk=key).first() if key else None
