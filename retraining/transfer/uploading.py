"""The way in for packages: larger than any radiograph, and cut off at a limit of their own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from images.decoding.reasons import Unreadable
from images.errors import Refused, StorageFull
from images.upload_handlers import CappedUploadHandler, SpoolUploadHandler, check_received
from retraining.transfer import refusals
from retraining.transfer.package import MAX_PACKAGE_BYTES
from retraining.transfer.refusals import PackageRefused

View = Callable[..., HttpResponse]


class PackageUploadHandler(CappedUploadHandler):
    """Stops storing once the files of a request pass MAX_PACKAGE_BYTES together."""

    @property
    def most_bytes(self) -> int:
        return MAX_PACKAGE_BYTES


def takes_packages(view: View) -> View:
    """Handlers have to be set before anybody parses the body, and the check of the CSRF token does:
    it happens here. Stands below `requires`, so that only who may send a package has it read."""

    @wraps(view)
    def with_handlers(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [PackageUploadHandler(request), SpoolUploadHandler(request)]
        return csrf_protect(view)(request, *args, **kwargs)

    return csrf_exempt(with_handlers)


def check_package_received(request: HttpRequest) -> None:
    """Raises PackageRefused for what was cut off, StorageFull where there was no room."""
    try:
        check_received(request)
    except StorageFull:
        raise
    except Unreadable as problem:
        raise PackageRefused(refusals.TOO_LARGE) from problem
    except Refused as problem:
        raise PackageRefused(refusals.NOT_A_PACKAGE) from problem
