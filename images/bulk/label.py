"""Record one result of the RT-PCR for many radiographs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from images.bulk import reasons
from images.bulk.verbs import Effect, Refusal, Verb, VerbForm
from images.errors import SENTENCES
from images.filter_fields import RT_PCR_RESULTS
from images.models import BulkAction, GroundTruth, Radiograph, Target
from images.models.radiograph import RadiographQuerySet
from images.models.target import RT_PCR_TARGET
from images.services.truth import record_truths, truth_given

RESULTS = dict(RT_PCR_RESULTS)
# Nothing is chosen beforehand: what is sent unread must not become thousands of results.
CHOICES = [("", _("Choose one")), *RT_PCR_RESULTS]


class LabelForm(VerbForm):
    result = forms.ChoiceField(label=_("RT-PCR result"), choices=CHOICES)
    tested_on = forms.DateField(
        label=_("Date of the test"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def clean_tested_on(self) -> date | None:
        tested_on: date | None = self.cleaned_data["tested_on"]
        if tested_on and tested_on > timezone.localdate():
            raise forms.ValidationError(str(SENTENCES["test-in-future"]))
        return tested_on

    def to_parameters(self) -> dict[str, Any]:
        tested_on = self.cleaned_data["tested_on"]
        return {
            "result": self.cleaned_data["result"],
            "tested_on": tested_on.isoformat() if tested_on else "",
        }


class Label(Verb):
    """Ground truth is only ever added to: undoing adds a statement, too."""

    name = "label"
    label = _("Record the RT-PCR result")
    icon = "clipboard2-plus"
    capability = Capability.RECORD_TRUTH
    place = 10
    form_class = LabelForm

    def reach(self, user: User) -> RadiographQuerySet:
        return Radiograph.objects.visible_to(user).kept()

    def sentence(self, parameters: Mapping[str, Any]) -> str:
        told = {"result": RESULTS[parameters["result"]]}
        if not parameters["tested_on"]:
            return gettext("RT-PCR result: %(result)s") % told
        day = date_format(date.fromisoformat(parameters["tested_on"]), "SHORT_DATE_FORMAT")
        return gettext("RT-PCR result: %(result)s, of %(day)s") % {**told, "day": day}

    def apply(self, action: BulkAction, radiograph: Radiograph, prepared: Any = None) -> Effect:
        before = _statement(radiograph)
        _record(radiograph, action.parameters, action.asked_by)
        return Effect(before, _statement(radiograph))

    def put_back(self, action: BulkAction, radiograph: Radiograph, effect: Effect) -> Effect:
        now = _statement(radiograph)
        # Effects of an earlier version name fewer things.
        if {name: now.get(name) for name in effect.after} != effect.after:
            raise Refusal(reasons.CHANGED)
        _record(radiograph, effect.before, action.asked_by)
        return Effect(now, _statement(radiograph))


def _statement(radiograph: Radiograph) -> dict[str, str]:
    """The current statement; `row` tells it from an equal one that came later."""
    statements = GroundTruth.objects.current().filter(radiograph=radiograph)
    row = statements.filter(target__code=RT_PCR_TARGET).select_related("target_class").first()
    if row is None:
        return dict.fromkeys(("tested_on", "row", "laboratory", "kit"), "") | {"result": "unknown"}
    tested_on = row.tested_on.isoformat() if row.tested_on else ""
    said = {"result": row.result, "tested_on": tested_on, "row": str(row.pk)}
    return said | {"laboratory": row.laboratory, "kit": row.kit}


def _record(radiograph: Radiograph, said: Mapping[str, Any], by: User) -> None:
    given = truth_given(
        target=Target.objects.get(code=RT_PCR_TARGET),
        result=said["result"],
        tested_on=date.fromisoformat(said["tested_on"]) if said["tested_on"] else None,
        laboratory=said.get("laboratory"),
        kit=said.get("kit"),
    )
    # Where nothing was ever said, "unknown" adds nothing.
    record_truths(radiograph=radiograph, truths=[given], entered_by=by)
