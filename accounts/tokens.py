"""Bearer tokens of the API: knox's digests, plus the note of the last use."""

from typing import Any

from knox.auth import TokenAuthentication

from accounts.models import ApiToken, User


class ApiTokenAuthentication(TokenAuthentication):  # type: ignore[misc]
    model = ApiToken

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        result: tuple[Any, Any] = super().authenticate_credentials(token)
        user, api_token = result
        api_token.note_use()
        return user, api_token
