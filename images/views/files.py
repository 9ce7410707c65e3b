"""The pictures themselves: rights checked each time, kept by no cache, named by the key alone."""

import io
import logging
from uuid import UUID

from django.core.files.base import File
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe
from PIL import Image

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from images.models import Radiograph
from images.radiograph import RadiographPixels

logger = logging.getLogger(__name__)


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def picture(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """The whole picture as a PNG of 8 bits a channel, its display range spread over 0..255."""
    radiograph = _visible(request, pk)
    return _unchanged(request, radiograph) or _answer(radiograph, _as_shown(radiograph), "png")


@require_safe
@requires(Capability.VIEW_RADIOGRAPHS)
def thumbnail(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """A small JPEG, 320 pixels at its longer side."""
    radiograph = _visible(request, pk)
    return _unchanged(request, radiograph) or _answer(
        radiograph, _opened(radiograph, radiograph.thumbnail.name), "jpeg"
    )


def _visible(request: UserRequest, pk: UUID) -> Radiograph:
    return get_object_or_404(Radiograph.objects.visible_to(request.user), pk=pk)


def _etag(radiograph: Radiograph) -> str:
    return quote_etag(radiograph.pixel_sha256)


def _unchanged(request: UserRequest, radiograph: Radiograph) -> HttpResponseBase | None:
    """304 where the reader has these pixels already. Rights were checked before."""
    return get_conditional_response(request, etag=_etag(radiograph))


def _opened(radiograph: Radiograph, name: str | None) -> File[bytes]:
    try:
        return radiograph.file.storage.open(name or "")
    except FileNotFoundError:
        logger.error("file of a radiograph is missing pk=%s", radiograph.pk)
        raise Http404 from None


def _as_shown(radiograph: Radiograph) -> File[bytes] | io.BytesIO:
    stored = _opened(radiograph, radiograph.file.name)
    low, high = radiograph.display_low, radiograph.display_high
    # What is stored with 8 bits and their whole range is what is shown: no need to decode it.
    if (low, high) == (0.0, 255.0) and not _has_16_bits(stored):
        return stored
    with stored:
        return io.BytesIO(_rendered(stored.read(), low, high))


def _has_16_bits(stored: File[bytes]) -> bool:
    """Bit depth is byte 24 of a PNG (ISO/IEC 15948, 11.2.1)."""
    head: bytes = stored.read(25)
    stored.seek(0)
    return head[24:] == b"\x10"


def _rendered(png: bytes, low: float, high: float) -> bytes:
    shown = RadiographPixels.from_png(png, low, high).to_display()
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _answer(
    radiograph: Radiograph, content: File[bytes] | io.BytesIO, kind: str
) -> HttpResponse | FileResponse:
    response = FileResponse(content, content_type=f"image/{kind}")
    response["Content-Disposition"] = f'inline; filename="{radiograph.pk}.{kind}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["ETag"] = _etag(radiograph)
    return response
