"""What labels that are not saved yet would change: asked for where they are typed or chosen."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import STOP_POLLING, UserRequest
from core.jobs import JobStatus
from images.bulk.label import LabelForm
from images.forms.bulk import BulkForm
from images.models import MetadataTable, TableKind, Target
from images.models.target import RT_PCR_TARGET
from images.services import laboratory, truth_given
from retraining import services
from retraining.models import LabelImpact
from retraining.reasons import sentence_of
from retraining.telling import told

LABEL_VERB = "label"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.REVIEW_LABELS)
def of_table(request: UserRequest, pk: UUID) -> HttpResponse:
    """For a laboratory's table that waits: first a button, then (POST) the preview."""
    own = MetadataTable.objects.visible_to(request.user).filter(
        kind=TableKind.LABORATORY, applied_at=None
    )
    table = get_object_or_404(own, pk=pk)
    if request.method != "POST":
        return render(request, "retraining/_impact_ask.html", {"table": table})
    labels = laboratory.labels_of(table, request.user)
    return _asked(request, labels)


@require_POST
@requires(Capability.REVIEW_LABELS)
def of_bulk(request: UserRequest) -> HttpResponse:
    """For the action that would record one result for many radiographs of the list."""
    form = BulkForm(request.POST, user=request.user)
    if not form.is_valid() or form.chosen_verb.name != LABEL_VERB:
        raise BadRequest
    said = LabelForm(request.POST, user=request.user)
    if not said.is_valid():
        return _note(request, _("Choose the result first, then ask what it would change."))
    target = Target.objects.get(code=RT_PCR_TARGET)
    given = truth_given(target=target, result=said.cleaned_data["result"])
    code = given.target_class.code if given.target_class else ""
    keys = form.chosen().order_by().values_list("pk", flat=True)[: services.MOST_LABELS + 1]
    return _asked(request, dict.fromkeys(keys, code))


@require_safe
@requires(Capability.REVIEW_LABELS)
def one(request: UserRequest, pk: UUID) -> HttpResponse:
    """The piece that asks again by itself until the answer is there (286)."""
    own = LabelImpact.objects.visible_to(request.user).select_related("target")
    impact = get_object_or_404(own, pk=pk)
    status = 200 if impact.is_open else STOP_POLLING
    return render(request, "retraining/_impact.html", _about(request, impact), status=status)


def _asked(request: UserRequest, labels: Mapping[UUID, str]) -> HttpResponse:
    if not labels:
        return _note(request, _("There is no label in it that could change anything."))
    target = Target.objects.get(code=RT_PCR_TARGET)
    try:
        impact = services.request_impact(target=target, labels=labels, by=request.user)
    except services.TooManyLabels:
        return _note(
            request,
            _("These are too many labels for a preview: %(most)d at most.")
            % {"most": services.MOST_LABELS},
        )
    return render(request, "retraining/_impact.html", _about(request, impact))


def _note(request: UserRequest, sentence: str) -> HttpResponse:
    return render(request, "retraining/_impact.html", {"note": sentence})


def _about(request: UserRequest, impact: LabelImpact) -> dict[str, Any]:
    return {
        "impact": impact,
        "percent": impact.result.get("percent", 0) if impact.is_open else 100,
        "told": told(impact, request.user) if impact.status == JobStatus.DONE else None,
        "failure": sentence_of(impact.error_code) if impact.status == JobStatus.FAILED else "",
    }
