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
    site = _site()
    print(json.dumps([_token(site, number) for number in range(count)]))


def print_login(password: str) -> None:
    """Make a health worker who signs in by `password`; print the address."""
    print(_person(_site(), "browser", password).email)


def print_doctors(password: str, count: int) -> None:
    """Make so many doctors who sign in by `password`; print their addresses as a JSON list."""
    names = [f"doctor{number}" for number in range(count)]
    doctors = [_person(_site(), name, password, Role.DOCTOR) for name in names]
    print(json.dumps([doctor.email for doctor in doctors]))


def _token(site: Site, number: int) -> str:
    user = _person(site, f"worker{number}")
    _, secret = issue_token(user=user, name="bench", scope="write", days=1)
    return secret


def _site() -> Site:
    return Site.objects.get_or_create(code="bench", defaults={"name": "Hospital Bench"})[0]


def _person(
    site: Site, name: str, password: str | None = None, role: Role = Role.HEALTH_WORKER
) -> User:
    user = User.objects.create_user(
        f"{name}@bench.covid-xr.local",
        password,
        full_name=name.title(),
        role=role,
        site=site,
        approved_at=timezone.now(),
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
