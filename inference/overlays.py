"""The picture of a heat map, as pages and programs get it: after the rights were checked."""

import logging

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from inference.models import Explanation

logger = logging.getLogger(__name__)


def overlay_response(request: HttpRequest, explanation: Explanation) -> HttpResponseBase:
    """A PNG to be stretched over the film, 304 where the reader has it; kept by no cache.

    A drawn map never changes, so its key is its ETag. Raises Http404 where there is no picture.
    """
    etag = quote_etag(explanation.pk.hex)
    return get_conditional_response(request, etag=etag) or _picture(explanation, etag)


def _picture(explanation: Explanation, etag: str) -> FileResponse:
    try:
        content = explanation.overlay.open("rb")
    except (FileNotFoundError, ValueError):  # ValueError: it has no picture
        raise Http404 from None
    response = FileResponse(content, content_type="image/png")
    response["Content-Disposition"] = f'inline; filename="{explanation.pk}.png"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["ETag"] = etag
    return response
