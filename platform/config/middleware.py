"""What no view should have to remember: caching of private pages, redirects inside htmx, and log
lines without what people typed."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import structlog
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_structlog.middlewares import RequestMiddleware

Respond = Callable[[HttpRequest], HttpResponse]


class RequestLogMiddleware(RequestMiddleware):
    """django_structlog's lines, without the query: people search for patient codes in it."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """The address that the limits count too, which a visitor's own headers cannot change."""
        try:
            ip = get_adapter().get_client_ip(request)
        except PermissionDenied:
            ip = ""
        structlog.contextvars.bind_contextvars(ip=ip)


class PrivatePagesMiddleware:
    """Pages of a signed-in person stay out of every cache unless a view says otherwise."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response


class HtmxRedirectMiddleware:
    """A redirect answered to htmx moves the whole page.

    htmx would follow it and put the sign-in page of an ended session where a prediction belongs.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        location = response.headers.get("Location", "")
        if not location or "HX-Request" not in request.headers:
            return response
        return HttpResponseClientRedirect(_whole_page(request, location))


def _whole_page(request: HttpRequest, location: str) -> str:
    """`location`; after signing in, the person returns to the page and not to a piece of it."""
    door = resolve_url(settings.LOGIN_URL)
    if urlsplit(location).path != door:
        return location
    page = f"/{_current_path(request).lstrip('/')}"  # "//host" would be another host
    return f"{door}?{urlencode({'next': page})}"


def _current_path(request: HttpRequest) -> str:
    try:
        return urlsplit(request.headers.get("HX-Current-URL", "")).path
    except ValueError:
        return ""
