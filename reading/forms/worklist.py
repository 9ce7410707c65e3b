"""What the worklist's page sends: which cases to show, and whose they are to be."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from reading.models import ListCase, ReadingList
from reading.models.case import ListCaseQuerySet
from reading.worklist import ASIDE, MINE, PER_PAGE, WAITING, colleagues

SHOWN = [
    (WAITING, _("To be read")),
    (MINE, _("Assigned to me")),
    (ASIDE, _("Set aside")),
]


class ShowForm(forms.Form):
    """`show` and `after` of the address; what is no such thing means the beginning."""

    show = forms.ChoiceField(choices=SHOWN, required=False)
    after = forms.UUIDField(required=False)

    @property
    def shown(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("show") or WAITING)

    def anchor(self, visible: ListCaseQuerySet) -> ListCase | None:
        self.is_valid()
        key = self.cleaned_data.get("after")
        return visible.filter(pk=key).first() if key else None


class SiteForm(forms.Form):
    """Whose worklist, for those who see every institution's."""

    site = forms.ModelChoiceField(Site.objects.none(), label=_("Institution"))

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["site"].queryset = Site.objects.visible_to(user)  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    """Ticked cases, and to whom they go; nobody named takes them from everybody."""

    to = forms.ModelChoiceField(
        User.objects.none(), required=False, label=_("Assign to"), empty_label=_("Nobody")
    )
    key = forms.ModelMultipleChoiceField(
        ListCase.objects.none(),
        error_messages={
            "required": _("Tick at least one case."),
            "invalid_choice": _("One of the cases is not on the list any more: tick again."),
        },
    )

    def __init__(self, data: Any = None, *, reading_list: ReadingList, user: User) -> None:
        super().__init__(data, auto_id="assign-%s")
        visible = ListCase.objects.visible_to(user).filter(reading_list=reading_list)
        self.fields["key"].queryset = visible.open()  # type: ignore[attr-defined]
        self.fields["to"].queryset = colleagues(reading_list)  # type: ignore[attr-defined]

    def clean_key(self) -> list[ListCase]:
        return list(self.cleaned_data["key"][:PER_PAGE])
