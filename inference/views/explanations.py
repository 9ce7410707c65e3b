"""Heat maps of a prediction: the piece of the radiograph's page, asking for one, its picture."""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import NOTHING_NEW, STOP_POLLING, UserRequest
from core.jobs import JobStatus
from images.audited import saw
from inference import services
from inference.explanations import ExplanationPanel, explanation_panel
from inference.forms import ExplanationForm
from inference.models import Explanation, Prediction
from inference.overlays import overlay_response


@require_GET
@requires(Capability.VIEW_RADIOGRAPHS)
def explanations(request: UserRequest, pk: UUID) -> HttpResponse:
    """The maps of one prediction; asks again by itself until all are closed (286)."""
    seen = request.GET.get("seen", "")
    panel = explanation_panel(_answered(request, pk), shows_newest=bool(seen))
    if panel.is_waiting and seen == panel.fingerprint:
        return HttpResponse(status=NOTHING_NEW)
    return _render(request, panel)


@require_POST
@requires(Capability.VIEW_RADIOGRAPHS)
def explain(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask for a map: whoever may see the radiograph may ask where its prediction came from."""
    prediction = _answered(request, pk)
    form = ExplanationForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    services.request_explanation(
        prediction=prediction, method=form.cleaned_data["method"], by=request.user
    )
    if not request.htmx:
        return redirect(prediction.radiograph)
    return _render(request, explanation_panel(prediction, shows_newest=True))


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def overlay(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """The picture of a map that is drawn."""
    drawn = Explanation.objects.visible_to(request.user).filter(status=JobStatus.DONE)
    shown = get_object_or_404(drawn.select_related("prediction__radiograph"), pk=pk)
    saw(shown.prediction.radiograph, request.user)
    return overlay_response(request, shown)


def _answered(request: UserRequest, pk: UUID) -> Prediction:
    answered = Prediction.objects.visible_to(request.user).filter(status=JobStatus.DONE)
    related = answered.select_related("radiograph", "target", "model", "predicted_class")
    prediction: Prediction = get_object_or_404(related, pk=pk)
    return prediction


def _render(request: UserRequest, panel: ExplanationPanel) -> HttpResponse:
    status = 200 if panel.is_waiting else STOP_POLLING
    return render(request, "inference/_explanations.html", {"panel": panel}, status=status)
