"""The first person of a new platform, who lets in all the others."""

import secrets

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import Deed, Way, note
from accounts.errors import AccountError
from accounts.models import User
from accounts.roles import Role

ONE_TIME_PASSWORD_BYTES = 12


def has_administrator() -> bool:
    """True when somebody who can enter administers the whole platform."""
    return bool(User.objects.platform_wide_administrators().exists())


@transaction.atomic
def create_first_administrator(email: str, *, full_name: str = "") -> str:
    """Create the platform's first administrator; returns a one-time password of 16 characters.

    The person must choose another password before anything else opens (`must_change_password`).

    Raises AccountError: `administrator-exists`, `email-taken`.
    """
    if has_administrator():
        raise AccountError("administrator-exists", _("This platform has an administrator."))
    if User.objects.filter(email__iexact=email.strip()).exists():
        raise AccountError("email-taken", _("This e-mail address belongs to another account."))
    password = secrets.token_urlsafe(ONE_TIME_PASSWORD_BYTES)
    user = User.objects.create_user(
        email=email,
        password=password,
        full_name=full_name or str(_("Administrator")),
        role=Role.ADMINISTRATOR,
        approved_at=timezone.now(),
        must_change_password=True,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    note(
        actor=None, deed=Deed.ENTERED, subject="account", subject_id=user.pk,
        after={"role": user.role, "site": ""}, way=Way.COMMAND,
    )  # fmt: skip
    return password
