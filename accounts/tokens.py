"""Bearer tokens of the API: knox's digests, plus the note of the last use."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User


class ApiTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """`Authorization: Bearer <token>`. Unknown, expired, revoked and closed look the same: 401."""

    model = ApiToken

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        try:
            result: tuple[User, ApiToken] | None = super().authenticate(request)
        except (AuthenticationFailed, UnicodeDecodeError) as problem:
            # knox's own sentences are English only, and one of them tells closed from unknown.
            raise AuthenticationFailed(_("This token is unknown, expired or revoked.")) from problem
        return result

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        result: tuple[Any, Any] = super().authenticate_credentials(token)
        user, api_token = result
        api_token.note_use()
        return user, api_token
