"""Forms about the list itself: its columns, and filters kept under a name."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from images.columns import SIZES, Column, columns_for, layout_of
from images.models import SavedFilter
from images.queries import BadQuery, normalised


class LayoutForm(forms.Form):
    """A tick and a place for each column; works without a script."""

    per_page = forms.TypedChoiceField(
        label=_("Rows of a page"), coerce=int, choices=[(size, str(size)) for size in SIZES]
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        chosen = layout_of(user)
        super().__init__(data, initial={"per_page": chosen.per_page})
        others = [column for column in columns_for(user) if column not in chosen.columns]
        self.columns: list[Column] = [*chosen.columns, *others]
        for place, column in enumerate(self.columns, 1):
            self.fields[f"show_{column.name}"] = forms.BooleanField(
                label=column.label, required=False, initial=column in chosen.columns
            )
            self.fields[f"place_{column.name}"] = forms.IntegerField(
                label=_("Place of the column “%(column)s”") % {"column": column.label},
                min_value=1, max_value=len(self.columns), initial=place,
            )  # fmt: skip

    def rows(self) -> list[tuple[Column, forms.BoundField, forms.BoundField]]:
        return [
            (column, self[f"show_{column.name}"], self[f"place_{column.name}"])
            for column in self.columns
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors and not self.to_columns():
            raise forms.ValidationError(_("Choose at least one column."))
        return given

    def to_columns(self) -> list[str]:
        """Names of the ticked columns in their places; equal places keep the earlier order."""
        given = self.cleaned_data
        ticked = [column.name for column in self.columns if given[f"show_{column.name}"]]
        return sorted(ticked, key=lambda name: given[f"place_{name}"])


class SavedFilterForm(forms.ModelForm[SavedFilter]):
    """A name for the filters of an address, and who sees it."""

    query = forms.CharField(required=False, widget=forms.HiddenInput(), max_length=4000)

    class Meta:
        model = SavedFilter
        fields = ("name", "is_shared")

    def __init__(self, data: Any = None, *, owner: User, saved: SavedFilter | None = None) -> None:
        super().__init__(data, instance=saved or SavedFilter(owner=owner, site=owner.site))
        self.owner = owner
        if saved is not None:
            del self.fields["query"]
        if owner.site is None:
            del self.fields["is_shared"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = SavedFilter.objects.filter(owner=self.owner).exclude(pk=self.instance.pk)
        if others.filter(name=name).exists():
            raise forms.ValidationError(_("You have a filter of this name already."))
        return name

    def clean_query(self) -> str:
        try:
            return normalised(QueryDict(self.cleaned_data["query"]), self.owner)
        except BadQuery:
            raise forms.ValidationError(
                _("These filters cannot be kept: correct them in the list first.")
            ) from None
