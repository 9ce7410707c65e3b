"""Rights at the door: a decorator for pages, a permission class for the API. Both fail closed."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken
from accounts.roles import Capability
from core.http import UserRequest

if TYPE_CHECKING:  # at run time rest_framework.views imports this module for its own defaults
    from rest_framework.views import APIView

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


def requires(
    capability: Capability,
) -> Callable[[Callable[Concatenate[UserRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Open a page to the holders of `capability`; other people get 403."""

    def decorate(
        view: Callable[Concatenate[UserRequest, P], R],
    ) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not request.user.is_authenticated or not request.user.can(capability):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_capability = capability  # type: ignore[attr-defined]
        return guarded

    return decorate


class DeclaredCapability(BasePermission):
    """Grants what a view declares in `capabilities = {"list": Capability...}`, nothing else.

    Keys are the view set's actions, or HTTP methods in lower case for a plain view. A token with
    the scope "read" never writes, whatever its owner may do.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated or not request.user.is_approved:
            return False
        method = (request.method or "").lower()
        if method == "options" or not hasattr(view, method):
            return True  # what no handler serves is answered 405 by the view itself
        action = getattr(view, "action", None) or ("get" if method == "head" else method)
        wanted = getattr(view, "capabilities", {}).get(action)
        return wanted is not None and request.user.can(wanted) and self._token_allows(request)

    @staticmethod
    def _token_allows(request: Request) -> bool:
        token = request.auth
        if isinstance(token, ApiToken) and request.method not in SAFE_METHODS:
            return token.allows_writing()
        return True
