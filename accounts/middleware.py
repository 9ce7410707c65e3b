"""A signed-in person without a role sees one page: what they are waiting for."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

# Views that serve a waiting person too: own account, public pages, files of the page itself.
OPEN_NAMESPACES = {"news"}
OPEN_PREFIXES = ("account_", "mfa_", "usersessions_")
OPEN_NAMES = {
    "home", "about", "set_language", "accounts:pending", "accounts:profile", "healthz", "readyz",
    "local-mail", "local-mail-message", "jsi18n",
}  # fmt: skip


class ApprovalMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated or user.is_approved or is_open_to_waiting(request):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(
                {"code": "not-approved", "detail": _("Your account waits for approval.")},
                status=403,
            )
        return redirect("accounts:pending")


def is_open_to_waiting(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    name = match.view_name or ""
    in_open_namespace = match.namespace in OPEN_NAMESPACES and not getattr(
        match.func, "required_capability", None
    )
    return name in OPEN_NAMES or name.startswith(OPEN_PREFIXES) or in_open_namespace
