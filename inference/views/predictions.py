"""The result on a radiograph's page, and the small badges of lists. Both are pieces for htmx."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import NOTHING_NEW, STOP_POLLING, UserRequest, ids_in
from images.models import Radiograph
from inference import services
from inference.forms import GateOverrideForm
from inference.models import Prediction
from inference.panels import BADGES_AT_ONCE, Panel, badge_poll_seconds, badges_of, panel_of


@require_GET
@requires(Capability.VIEW_RADIOGRAPHS)
def panel(request: UserRequest, pk: UUID) -> HttpResponse:
    """The predictions of one radiograph; asks again by itself until all are closed (286)."""
    radiograph = get_object_or_404(Radiograph.objects.visible_to(request.user), pk=pk)
    shown = panel_of(radiograph)
    if shown.is_waiting and request.GET.get("seen") == shown.fingerprint:
        return HttpResponse(status=NOTHING_NEW)
    return panel_response(request, shown)


@require_POST
@requires(Capability.EDIT_RADIOGRAPHS)
def retry(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask for a new prediction in the place of a failed one, or by a newer model."""
    visible = Prediction.objects.visible_to(request.user).select_related("radiograph", "target")
    prediction = get_object_or_404(visible, pk=pk)
    services.retry(prediction=prediction, by=request.user)
    if not request.htmx:
        return redirect(prediction.radiograph)
    return panel_response(request, panel_of(prediction.radiograph))


@require_GET
@requires(Capability.VIEW_RADIOGRAPHS)
def badges(request: UserRequest) -> HttpResponse:
    """Out-of-band badges for the ids of a list; invisible and impossible ids are passed over."""
    wanted = ids_in(request.GET.getlist("id")[:BADGES_AT_ONCE])
    shown = badges_of(Radiograph.objects.visible_to(request.user).filter(pk__in=wanted))
    waiting = [badge for badge in shown if badge.is_waiting]
    seconds = badge_poll_seconds(waiting)
    nobody_finished = len(waiting) == len(wanted)
    if waiting and nobody_finished and request.GET.get("poll") == str(seconds):
        return HttpResponse(status=NOTHING_NEW)
    status = 200 if waiting else STOP_POLLING
    context = {"badges": shown, "waiting": waiting, "seconds": seconds}
    return render(request, "inference/_badges.html", context, status=status)


def panel_response(
    request: UserRequest, shown: Panel, override_form: GateOverrideForm | None = None
) -> HttpResponse:
    """The piece of the page, which stops asking for itself once all is closed.

    `override_form` holds a reason that was refused.
    """
    editable = Radiograph.objects.editable_by(request.user).filter(pk=shown.radiograph.pk)
    context = {
        "panel": shown,
        "override_form": override_form,
        "may_vouch": shown.is_stopped and editable.exists(),
    }
    status = 200 if shown.is_waiting or override_form else STOP_POLLING
    return render(request, "inference/_panel.html", context, status=status)
