"""What the list sends to a bulk action: a verb, and upon which radiographs."""

from typing import Any, Final, cast
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from images.bulk import Verb, verb_named, verbs_for
from images.columns import SIZES
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet
from images.queries import BadQuery, filter_of, normalised

TICKED: Final = "ticked"
MATCHING: Final = "matching"
SCOPES: Final = [(TICKED, _("The ticked ones")), (MATCHING, _("All that match"))]
MOST_TICKED: Final = max(SIZES)


class BulkForm(forms.Form):
    """`id` is the action's own from the beginning: a form sent twice begins one action."""

    id = forms.UUIDField(required=False)
    verb = forms.ChoiceField()
    scope = forms.ChoiceField(choices=SCOPES)
    query = forms.CharField(required=False, max_length=4000)

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        verb = cast(forms.ChoiceField, self.fields["verb"])
        verb.choices = [(each.name, each.label) for each in verbs_for(user)]
        self.sent_keys = data.getlist("key")

    def clean_query(self) -> str:
        try:
            return normalised(QueryDict(self.cleaned_data["query"]), self.user)
        except BadQuery:
            raise forms.ValidationError(
                _("The filters are not valid any more: choose again in the list.")
            ) from None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("scope") == TICKED:
            self.keys = _keys(self.sent_keys)
            if not self.keys:
                raise forms.ValidationError(_("Tick at least one radiograph."))
        given["id"] = given.get("id") or uuid4()
        return given

    @property
    def is_ticked(self) -> bool:
        return bool(self.cleaned_data["scope"] == TICKED)

    @property
    def chosen_verb(self) -> Verb:
        # The choices are those of the person, so that there is one.
        return cast(Verb, verb_named(self.cleaned_data["verb"], self.user))

    def chosen(self) -> RadiographQuerySet:
        """The radiographs that it is about, as they are now."""
        if self.is_ticked:
            return Radiograph.objects.visible_to(self.user).kept().filter(pk__in=self.keys)
        within = self.chosen_verb.reach(self.user).kept()
        radiographs: RadiographQuerySet = filter_of(
            self.cleaned_data["query"], self.user, within
        ).qs
        return radiographs

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `images.services.bulk.start`, but for the verb's own parameters."""
        given = self.cleaned_data
        return {
            "key": given["id"],
            "verb": self.chosen_verb,
            "asked_by": self.user,
            "query": "" if self.is_ticked else given["query"],
            "keys": self.keys if self.is_ticked else None,
        }


def _keys(words: list[str]) -> list[UUID]:
    """The ids among `words`; a page has no more rows than are read here."""
    found = []
    for word in words[:MOST_TICKED]:
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    return found
