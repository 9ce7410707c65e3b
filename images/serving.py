"""How a stored file is answered, once the view has checked the reader's rights.

By this process (whole, in part, or "you have it"), by the web server before it
(`settings.FILES_SENT_BY`), or by the bucket through an address that lives a minute
(`settings.MEDIA_URL_SIGNED`). None of these answers may be kept by a cache.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag

from images.ranges import Stretch, Unsatisfiable, range_still_counts, wanted_stretch
from images.storage import DurableFileSystemStorage, PrivateStorage, private_storage

logger = logging.getLogger(__name__)

Opener = Callable[[Stretch], BinaryIO]


@dataclass(frozen=True)
class Served:
    """What a reader gets to know of a file: its type, a name without meaning, and its version.

    `version` is the hash of something that changes whenever the bytes do; it becomes the ETag.
    """

    content_type: str
    file_name: str
    version: str
    is_download: bool = False

    @property
    def etag(self) -> str:
        return quote_etag(self.version)

    @property
    def disposition(self) -> str:
        return str(content_disposition_header(self.is_download, self.file_name))


def stored_file(request: HttpRequest, name: str | None, served: Served) -> HttpResponseBase:
    """Answer with the stored file `name`. Raises Http404, and logs, where it is missing."""
    known = _known(request, served)
    if known is not None:
        return known
    storage = private_storage()
    try:
        return _handed_over(storage, name or "", served) or _sent(
            request,
            storage.size(name or ""),
            lambda part: storage.stretch(name or "", part),
            served,
        )
    except FileNotFoundError:
        logger.error("stored file is missing shown_as=%s", served.file_name)
        raise Http404 from None


def file_of(request: HttpRequest, folder: Path, name: str, served: Served) -> HttpResponseBase:
    """Answer with the file `name` of a folder of our own, which no web server is told of.

    Raises FileNotFoundError.
    """
    known = _known(request, served)
    if known is not None:
        return known
    storage = DurableFileSystemStorage(location=folder)
    return _sent(request, storage.size(name), lambda part: storage.stretch(name, part), served)


def made_bytes(request: HttpRequest, make: Callable[[], bytes], served: Served) -> HttpResponseBase:
    """Answer with bytes that are made for this request; nothing is made for who has them."""
    known = _known(request, served)
    if known is not None:
        return known
    content = make()

    def opened(part: Stretch) -> BinaryIO:
        return BytesIO(content[part.first : part.first + part.count])

    return _sent(request, len(content), opened, served)


def _known(request: HttpRequest, served: Served) -> HttpResponseBase | None:
    """304 where the reader has this version, 412 where another was asked for."""
    known = cast("HttpResponseBase | None", get_conditional_response(request, etag=served.etag))
    return known and _private(known)


def _handed_over(storage: PrivateStorage, name: str, served: Served) -> HttpResponseBase | None:
    """An empty answer that tells somebody else which file to send; they know ranges too."""
    if not isinstance(storage, FileSystemStorage):
        return _signed(storage, name, served) if settings.MEDIA_URL_SIGNED else None
    if settings.FILES_SENT_BY == "django":
        return None
    storage.size(name)  # a missing file is missed here, where it is logged
    if settings.FILES_SENT_BY == "x-accel":
        place = {"X-Accel-Redirect": settings.FILES_INTERNAL_PREFIX + quote(name)}
    else:
        place = {"X-Sendfile": quote(storage.path(name))}
    return _described(HttpResponse(headers=place), served)


def _signed(storage: PrivateStorage, name: str, served: Served) -> HttpResponseBase:
    address = storage.signed_url(  # type: ignore[attr-defined]  # of the buckets' storage alone
        name, content_type=served.content_type, disposition=served.disposition
    )
    return _private(HttpResponseRedirect(address))


def _sent(request: HttpRequest, size: int, opened: Opener, served: Served) -> HttpResponseBase:
    whole = Stretch(0, size, size)
    try:
        part = _asked_for(request, size, served.etag) or whole
    except Unsatisfiable:
        none = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        return _private(none)
    if request.method == "HEAD" or not size:
        response: HttpResponseBase = HttpResponse()
    else:
        response = FileResponse(opened(part))
    if part is not whole:
        response.status_code = 206
        response["Content-Range"] = part.content_range
    response["Content-Length"] = str(part.count)
    response["Accept-Ranges"] = "bytes"
    return _described(response, served)


def _asked_for(request: HttpRequest, size: int, etag: str) -> Stretch | None:
    header = request.headers.get("Range", "")
    # Of a HEAD request ranges mean nothing (RFC 9110, 14.2).
    if request.method != "GET" or not header:
        return None
    if not range_still_counts(request.headers.get("If-Range", ""), etag):
        return None
    return wanted_stretch(header, size)


def _described(response: HttpResponseBase, served: Served) -> HttpResponseBase:
    response["Content-Type"] = served.content_type
    response["Content-Disposition"] = served.disposition
    response["ETag"] = served.etag
    return _private(response)


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
