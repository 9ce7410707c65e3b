"""API tokens: made once, shown once, kept as a digest."""

import logging
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import Deed
from accounts.audited import note_token
from accounts.errors import AccountError
from accounts.models import ApiToken, User

logger = logging.getLogger(__name__)

SHORTEST_DAYS, LONGEST_DAYS = 1, 365
MOST_TOKENS = 20


@transaction.atomic
def issue_token(*, user: User, name: str, scope: str, days: int) -> tuple[ApiToken, str]:
    """Make a token that lives `days` (1 to 365). The second value is the secret, never stored.

    Raises PermissionDenied for a person without a role, ValueError for days out of range and
    AccountError `too-many-tokens`.
    """
    if not user.is_approved:
        raise PermissionDenied
    if not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        raise ValueError(f"days must be {SHORTEST_DAYS} to {LONGEST_DAYS}")
    if ApiToken.objects.filter(user=user).count() >= MOST_TOKENS:
        raise AccountError("too-many-tokens", _("You have too many tokens. Revoke one first."))
    token, secret = ApiToken.objects.create(
        user=user, expiry=timedelta(days=days), name=name, scope=scope
    )
    note_token(Deed.ENTERED, user, user, {"name": name, "scope": scope, "days": days})
    logger.info("token issued user=%s scope=%s days=%d", user.pk, scope, days)
    return token, secret


@transaction.atomic
def revoke_all_tokens(*, user: User, by: User | None = None) -> None:
    """Whoever made a token with a stolen password keeps nothing once the password is another."""
    count, _rows = ApiToken.objects.filter(user=user).delete()
    if count:
        note_token(Deed.REMOVED, user, by or user, {"tokens": count})
        logger.info("tokens revoked user=%s count=%d", user.pk, count)


@transaction.atomic
def revoke_token(*, token: ApiToken) -> None:
    token.delete()
    note_token(Deed.REMOVED, token.user, token.user, {"name": token.name, "scope": token.scope})
    logger.info("token revoked user=%s", token.user_id)
