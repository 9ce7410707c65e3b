"""Very similar pictures, beside a radiograph: a piece of its page, for htmx."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import NOTHING_NEW, STOP_POLLING, UserRequest
from images.alike import alike
from images.models import PictureSketch, Radiograph
from images.pseudonyms import sees_patient_codes

# Whoever was not compared by then waits for a worker that is not there.
SOON = timedelta(minutes=10)


@require_GET
@requires(Capability.VIEW_RADIOGRAPHS)
def copies(request: UserRequest, pk: UUID) -> HttpResponse:
    """Asks again by itself until the radiograph was compared with the others."""
    radiograph = get_object_or_404(Radiograph.objects.visible_to(request.user), pk=pk)
    is_compared = PictureSketch.objects.filter(pk=radiograph.pk).exists()
    is_new = timezone.now() - radiograph.updated_at < SOON
    is_waiting = is_new and not is_compared
    found = alike(radiograph=radiograph, viewer=request.user)
    if is_waiting and request.GET.get("again") and not found:
        return HttpResponse(status=NOTHING_NEW)
    context = {
        "radiograph": radiograph,
        "found": found,
        "is_waiting": is_waiting,
        "sees_codes": sees_patient_codes(request.user),
    }
    status = 200 if is_waiting else STOP_POLLING
    return render(request, "images/_copies.html", context, status=status)
