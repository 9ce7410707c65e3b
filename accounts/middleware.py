"""Doors between signing in and the pages: an own password, then a role. And who was here when."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.audit import Way, by_way

# What a probe, a page's own files and the language switch need, whoever asks.
ALWAYS_OPEN = {"set_language", "healthz", "readyz", "local-mail", "local-mail-message", "jsi18n"}

# Views that serve a waiting person too: own account, public pages.
OPEN_NAMESPACES = {"news"}
OPEN_PREFIXES = ("account_", "mfa_", "usersessions_")
OPEN_NAMES = ALWAYS_OPEN | {"home", "about", "accounts:pending", "accounts:profile"}

# Views that serve a person who still has a one-time password.
OPEN_BEFORE_CHANGE = ALWAYS_OPEN | {"account_change_password", "account_logout", "account_login"}

SESSION_NOTED_EVERY = timedelta(minutes=1)

Respond = Callable[[HttpRequest], HttpResponse]


class PasswordChangeMiddleware:
    """A one-time password opens one page: the one that replaces it."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated or not user.must_change_password:
            return None
        if view_name(request) in OPEN_BEFORE_CHANGE:
            return None
        return turned_away(
            request,
            "password-change-needed",
            _("Change your one-time password first."),
            "account_change_password",
        )


class ApprovalMiddleware:
    """A signed-in person without a role sees one page: what they are waiting for."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated or user.is_approved or is_open_to_waiting(request):
            return None
        return turned_away(
            request, "not-approved", _("Your account waits for approval."), "accounts:pending"
        )


def view_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.view_name or "") if match else ""


def is_open_to_waiting(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    name = view_name(request)
    in_open_namespace = match.namespace in OPEN_NAMESPACES and not getattr(
        match.func, "required_capability", None
    )
    return name in OPEN_NAMES or name.startswith(OPEN_PREFIXES) or in_open_namespace


def turned_away(request: HttpRequest, code: str, detail: Promise, page: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"code": code, "detail": str(detail)}, status=403)
    return redirect(page)


class AuditWayMiddleware:
    """What programs do by the API is told apart from what people do on pages."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with by_way(Way.API if request.path.startswith("/api/") else Way.PAGE):
            return self.get_response(request)


class SessionActivityMiddleware:
    """allauth's list of sessions, noted once a minute: a page of thumbnails is not 24 writes."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated and is_due(request):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)


def is_due(request: HttpRequest) -> bool:
    """True when the stored note of this session is missing, old or from another address."""
    known = UserSession.objects.filter(session_key=request.session.session_key).first()
    return (
        known is None
        or timezone.now() - known.last_seen_at > SESSION_NOTED_EVERY
        or known.ip != get_adapter().get_client_ip(request)
    )
