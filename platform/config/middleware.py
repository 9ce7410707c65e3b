"""What no view should have to remember: caching of private pages, redirects inside htmx."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

Respond = Callable[[HttpRequest], HttpResponse]


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
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    page = f"/{path.lstrip('/')}"  # "//host" would be another host
    return f"{door}?{urlencode({'next': page})}"
