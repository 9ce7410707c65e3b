"""The pictures themselves: rights checked each time, kept by no cache, named by the key alone."""

import io
from uuid import UUID

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe
from PIL import Image

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.audited import saw
from images.models import Radiograph
from images.radiograph import RadiographPixels
from images.ranges import Stretch
from images.serving import Served, made_bytes, stored_file
from images.storage import private_storage

# Bit depth is byte 24 of a PNG (ISO/IEC 15948, 11.2.1).
BIT_DEPTH = Stretch(24, 1, 25)


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def picture(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """The whole picture as a PNG of 8 bits a channel, its display range spread over 0..255."""
    radiograph = _visible(request, pk)
    saw(radiograph, request.user)
    served = Served("image/png", f"{radiograph.pk}.png", radiograph.pixel_sha256)
    if _is_shown_as_stored(radiograph):
        return stored_file(request, radiograph.file.name, served)
    return made_bytes(request, lambda: _rendered(radiograph), served)


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def thumbnail(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """A small JPEG, 320 pixels at its longer side."""
    radiograph = _visible(request, pk)
    served = Served("image/jpeg", f"{radiograph.pk}.jpeg", radiograph.pixel_sha256)
    return stored_file(request, radiograph.thumbnail.name, served)


def _visible(request: UserRequest, pk: UUID) -> Radiograph:
    return get_object_or_404(Radiograph.objects.visible_to(request.user), pk=pk)


def _is_shown_as_stored(radiograph: Radiograph) -> bool:
    """What has 8 bits and their whole range needs no decoding."""
    if (radiograph.display_low, radiograph.display_high) != (0.0, 255.0):
        return False
    try:
        part = private_storage().stretch(radiograph.file.name or "", BIT_DEPTH)
    except FileNotFoundError:
        return True  # whoever opens it says that it is missing
    try:
        return part.read(1) != b"\x10"
    finally:
        part.close()


def _rendered(radiograph: Radiograph) -> bytes:
    try:
        with private_storage().open(radiograph.file.name or "") as stored:
            png = stored.read()
    except FileNotFoundError:
        raise Http404 from None
    low, high = radiograph.display_low, radiograph.display_high
    shown = RadiographPixels.from_png(png, low, high).to_display()
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
