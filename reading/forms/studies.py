"""What people type about reader studies."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Capability, Role, capabilities_of
from core.http import ids_in
from reading.choosing import MATCHING, MOST_CASES, SAMPLE, TICKED, Matching, Sample, Ticked
from reading.models import Finding, ListReader, ReaderPart, ReadingList
from reading.services.studies import SEEDS
from reading.study_errors import StudyRefused

# What is sent by a page of the list; more than a page cannot be ticked.
MOST_TICKED: Final = 200
WAYS: Final = {
    TICKED: _("The radiographs that I ticked"),
    MATCHING: _("All radiographs that match the filters"),
    SAMPLE: _("A random sample of confirmed cases"),
}
SAMPLE_SIZE, SAMPLE_PERCENT = 60, 50


def people_of(site: Site) -> Any:
    """Those of the institution who may read cases."""
    roles = [role for role in Role.values if Capability.READ_CASES in capabilities_of(role)]
    staff = User.objects.filter(site=site, role__in=roles, is_active=True)
    return staff.order_by("full_name", "pk")


class RulesForm(forms.Form):
    """Name, people and rules of a study: what may change until somebody has read."""

    FIELD_OF_REFUSAL: Final = {
        "few-readers": "readers",
        "reader-twice": "readers",
        "reader-of-other-site": "readers",
        "adjudicator-reads": "adjudicator",
        "few-positive": "size",
        "few-negative": "size",
    }

    name = forms.CharField(label=_("Name"), max_length=120)
    purpose = forms.CharField(
        label=_("Purpose"), max_length=500, required=False,
        help_text=_("What the study is to find out. It stands in the protocol of the export."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    readers = forms.ModelMultipleChoiceField(
        label=_("Readers"), queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple,
        help_text=_("Two or more. Each reads every case without knowing what the others said."),
    )  # fmt: skip
    adjudicator = forms.ModelChoiceField(
        label=_("Adjudicator"), queryset=User.objects.none(), required=False,
        empty_label=_("Nobody"),
        help_text=_("Decides where the readers disagree, and does not read."),
    )  # fmt: skip
    hides_model = forms.BooleanField(
        label=_("Hide the model's answer until the reader has answered"), required=False,
        initial=True,
    )  # fmt: skip

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_of(site)
        for name in ("readers", "adjudicator"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]

    def refuse(self, refusal: StudyRefused) -> None:
        """Show the sentence at the field it is about."""
        field = self.FIELD_OF_REFUSAL.get(refusal.code)
        self.add_error(field if field in self.fields else None, str(refusal.sentence))

    def to_rules(self) -> dict[str, Any]:
        """Keyword arguments of `create_study` and `change_study`."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "purpose": given["purpose"],
            "readers": list(given["readers"]),
            "adjudicator": given["adjudicator"],
            "hides_model": given["hides_model"],
        }


class ChangeForm(RulesForm):
    def __init__(self, *args: Any, study: ReadingList, **kwargs: Any) -> None:
        parts = list(ListReader.objects.filter(reading_list=study))
        deciding = [part.reader_id for part in parts if part.part == ReaderPart.ADJUDICATOR]
        initial = {
            "name": study.name,
            "purpose": study.purpose,
            "hides_model": study.hides_model,
            "readers": [part.reader_id for part in parts if part.part == ReaderPart.READER],
            "adjudicator": deciding[0] if deciding else None,
        }
        super().__init__(*args, site=study.site, initial=initial, **kwargs)


class StudyForm(RulesForm):
    """A new study. `ticked` and `query` are what the list sent, where the person came from it."""

    way = forms.ChoiceField(label=_("Cases"), widget=forms.RadioSelect)
    size = forms.IntegerField(
        label=_("Size of the sample"), min_value=1, max_value=MOST_CASES, required=False,
        initial=SAMPLE_SIZE,
        help_text=_("Real radiographs with a known RT-PCR, one of each patient."),
    )  # fmt: skip
    positive_percent = forms.IntegerField(
        label=_("Share with a positive RT-PCR, in %"), min_value=0, max_value=100, required=False,
        initial=SAMPLE_PERCENT,
    )  # fmt: skip
    seed = forms.IntegerField(
        label=_("Seed of the draw"), min_value=0, max_value=SEEDS - 1, required=False,
        help_text=_(
            "Only to repeat an earlier draw: the same seed draws the same cases. Empty: by chance."
        ),
    )  # fmt: skip

    def __init__(
        self,
        data: Any = None,
        *,
        site: Site,
        ticked: list[UUID] | None = None,
        query: str | None = None,
    ) -> None:
        self.ticked, self.query = ticked or [], query
        ways = [way for way in WAYS if way == SAMPLE or self._came(way)]
        super().__init__(data, site=site, initial={"way": ways[0]})
        self.fields["way"].choices = [(way, WAYS[way]) for way in ways]  # type: ignore[attr-defined]

    def _came(self, way: str) -> bool:
        return bool(self.ticked) if way == TICKED else self.query is not None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("way") == SAMPLE:
            for name in ("size", "positive_percent"):
                if given.get(name) is None and name not in self.errors:
                    self.add_error(name, self.fields[name].error_messages["required"])
        return given

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `create_study`, but for who and where."""
        return self.to_rules() | {"asked": self._asked(), "seed": self.cleaned_data["seed"]}

    def _asked(self) -> Ticked | Matching | Sample:
        given = self.cleaned_data
        if given["way"] == TICKED:
            return Ticked(self.ticked)
        if given["way"] == MATCHING:
            return Matching(self.query or "")
        return Sample(given["size"], given["positive_percent"])


class ChosenInListForm(forms.Form):
    """What the list's form sends: the ticked radiographs, or the filters in force."""

    scope = forms.ChoiceField(choices=[(TICKED, ""), (MATCHING, "")], required=False)
    query = forms.CharField(required=False, max_length=4000)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        is_whole = self.is_valid()
        self.scope_sent: str = self.cleaned_data["scope"] if is_whole else ""
        self.filters: str | None = None
        if self.scope_sent == MATCHING:
            self.filters = self.cleaned_data["query"]
        words = data.getlist("key")[:MOST_TICKED] if self.scope_sent == TICKED else []
        self.ticked = ids_in(words)


class SiteForm(forms.Form):
    """Whose cases, for those who see every institution's."""

    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Institution"), empty_label=_("Choose one")
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["site"].queryset = Site.objects.visible_to(user)  # type: ignore[attr-defined]


class AdjudicationForm(forms.Form):
    case = forms.UUIDField(widget=forms.HiddenInput)
    finding = forms.ChoiceField(
        label=_("Your finding"), choices=Finding.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False,
        help_text=_("Why so. No names."), widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
