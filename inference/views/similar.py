"""The confirmed cases most like a radiograph: a piece of its page, for htmx."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Radiograph
from images.pseudonyms import sees_patient_codes
from inference.models import Prediction
from inference.panels import poll_seconds
from inference.similar import similar_cases


@require_GET
@requires(Capability.VIEW_RADIOGRAPHS)
def similar(request: UserRequest, pk: UUID) -> HttpResponse:
    """Nearest first; asks again by itself while the features are still to come."""
    radiograph = get_object_or_404(Radiograph.objects.visible_to(request.user), pk=pk)
    found = similar_cases(radiograph=radiograph, viewer=request.user)
    context = {
        "radiograph": radiograph,
        "found": found,
        "seconds": 0 if found.has_features else _seconds_until_next_look(radiograph),
        "sees_codes": sees_patient_codes(request.user),
    }
    return render(request, "inference/_similar.html", context)


def _seconds_until_next_look(radiograph: Radiograph) -> int:
    """As patient as the panel of predictions; 0 when no prediction is on its way."""
    waiting = Prediction.objects.filter(radiograph=radiograph).waiting()
    youngest = waiting.values_list("created_at", flat=True).order_by("-created_at").first()
    return poll_seconds(timezone.now() - youngest) if youngest else 0
