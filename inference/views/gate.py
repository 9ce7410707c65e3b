"""Vouching for an image that the gate stopped."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Radiograph
from inference import reasons, services
from inference.forms import GateOverrideForm
from inference.models import Prediction
from inference.panels import panel_of
from inference.views.predictions import panel_response


@require_POST
@requires(Capability.EDIT_RADIOGRAPHS)
def override(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask for a prediction all the same, with a reason that stays with the result."""
    editable = Radiograph.objects.editable_by(request.user).kept()
    stopped = Prediction.objects.filter(
        radiograph__in=editable, error_code=reasons.NOT_FRONTAL
    ).select_related("radiograph", "target")
    prediction = get_object_or_404(stopped, pk=pk)
    form = GateOverrideForm(request.POST)
    if form.is_valid():
        services.override_gate(
            prediction=prediction, by=request.user, reason=form.cleaned_data["reason"]
        )
    if not request.htmx:
        for sentence in form.errors.get("reason", []):
            messages.error(request, str(sentence))
        return redirect(prediction.radiograph)
    refused = None if form.is_valid() else form
    return panel_response(request, panel_of(prediction.radiograph), refused)
