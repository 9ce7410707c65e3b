"""The viewer: one film on the whole page, with its windows and the patient's other films."""

from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.audited import saw
from images.forms.viewer import SIDES, WindowForm
from images.models import Radiograph
from images.png import encoded
from images.pseudonyms import sees_patient_codes
from images.radiograph import RadiographPixels
from images.serving import Served, made_bytes
from images.stored import pixels_of
from images.windowing import presets, shrunk, windowed

MOST_PRIORS = 30
# The longest side that every browser draws (Chromium and WebKit stop at 16384 and 8192 pixels).
LONGEST_SIDE = 8192


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def viewer(request: UserRequest, pk: UUID) -> HttpResponse:
    radiograph = _visible(request, pk, "patient", "site")
    others = Radiograph.objects.visible_to(request.user).kept().exclude(pk=pk)
    same_patient = others.filter(patient=radiograph.patient_id).order_by("-created_at", "-pk")
    priors = sorted(same_patient[:MOST_PRIORS], key=lambda row: row.dated_on, reverse=True)
    context = {
        "radiograph": radiograph,
        "film": _film(radiograph),
        "priors": [_film(prior) for prior in priors],
        "sees_codes": sees_patient_codes(request.user),
    }
    return render(request, "images/viewer.html", context)


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def window(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """The film through a window, 8 bits a channel; `side` makes it smaller, for slow links."""
    radiograph = _visible(request, pk)
    form = WindowForm(request.GET)
    if not form.is_valid():
        raise BadRequest
    served = Served("image/png", f"{radiograph.pk}.png", f"{radiograph.pixel_sha256} {form.key}")
    return made_bytes(request, lambda: _seen_through(form, _pixels(radiograph)), served)


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def windows(request: UserRequest, pk: UUID) -> HttpResponse:
    """Centre and width of each preset, and the range of the stored values."""
    pixels = _pixels(_visible(request, pk))
    found = {
        name: {"centre": each.centre, "width": each.width} for name, each in presets(pixels).items()
    }
    answer = JsonResponse({"presets": found, "levels": 256**pixels.array.itemsize})
    answer["Cache-Control"] = "private, no-store"
    return answer


def _visible(request: UserRequest, pk: UUID, *related: str) -> Radiograph:
    rows = Radiograph.objects.visible_to(request.user)
    found = get_object_or_404(rows.select_related(*related) if related else rows, pk=pk)
    saw(found, request.user)
    return found


def _pixels(radiograph: Radiograph) -> RadiographPixels:
    try:
        return pixels_of(radiograph)
    except FileNotFoundError:
        raise Http404 from None


def _seen_through(form: WindowForm, pixels: RadiographPixels) -> bytes:
    shown = windowed(pixels.array, form.window) if form.window else pixels.to_display()
    small = shrunk(shown, form.cleaned_data["side"] or LONGEST_SIDE)
    return encoded(255 - small if form.cleaned_data["invert"] else small)


def _film(radiograph: Radiograph) -> dict[str, Any]:
    """What the page's script needs to show a film at several sizes."""
    long = max(radiograph.width, radiograph.height)
    return {
        "id": str(radiograph.pk),
        "window": reverse("images:window", args=[radiograph.pk]),
        "windows": reverse("images:windows", args=[radiograph.pk]),
        "width": radiograph.width,
        "height": radiograph.height,
        "sides": [*(side for side in SIDES if side < long), min(long, LONGEST_SIDE)],
        "day": date_format(radiograph.dated_on, "DATE_FORMAT"),
        "view": radiograph.get_view_display() if radiograph.view else "",
    }
