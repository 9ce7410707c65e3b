"""Accounts and tokens of a scratch installation; runs inside it, by `manage.py shell`."""

from __future__ import annotations

import json

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import Site, User
from accounts.roles import Role
from accounts.services.tokens import issue_token


def print_tokens(count: int) -> None:
    """Make so many health workers of one institution; print their tokens as a JSON list."""
    site, _ = Site.objects.get_or_create(code="bench", defaults={"name": "Hospital Bench"})
    print(json.dumps([_token(site, number) for number in range(count)]))


def _token(site: Site, number: int) -> str:
    user = User.objects.create_user(
        f"worker{number}@bench.covid-xr.local",
        full_name=f"Worker {number}",
        role=Role.HEALTH_WORKER,
        site=site,
        approved_at=timezone.now(),
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    _, secret = issue_token(user=user, name="bench", scope="write", days=1)
    return secret
