"""Closing and opening an account, and what people say about themselves."""

import logging

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.audited import facts_of, note_person
from accounts.errors import AccountError
from accounts.models import User
from accounts.services.rules import check_not_last, lock_person
from accounts.services.tokens import revoke_all_tokens

logger = logging.getLogger(__name__)


def close_doors(person: User, by: User) -> None:
    """End every session and delete every API token of a person, at once."""
    for session in UserSession.objects.filter(user=person):
        session.end()
    revoke_all_tokens(user=person, by=by)


@transaction.atomic
def deactivate(*, user: User, by: User) -> User:
    """Close an account. What the person made stays; role and institution wait for a return.

    Raises AccountError (`yourself`, `last-administrator`), PermissionDenied, User.DoesNotExist.
    """
    person = lock_person(user=user, by=by)
    check_not_last(person)
    before = facts_of(person)
    person.is_active = False
    person.save(update_fields=["is_active", "updated_at"])
    note_person(person, by, before)
    close_doors(person, by)
    logger.info("account deactivated user=%s by=%s", person.pk, by.pk)
    return person


@transaction.atomic
def reactivate(*, user: User, by: User) -> User:
    """Open a closed account again: with its role, or, if it never had one, as a waiting request."""
    person = lock_person(user=user, by=by)
    if person.is_active:
        raise AccountError("active", _("This account is open already."))
    before = facts_of(person)
    person.is_active = True
    person.save(update_fields=["is_active", "updated_at"])
    note_person(person, by, before)
    logger.info("account reactivated user=%s by=%s", person.pk, by.pk)
    return person


@transaction.atomic
def save_profile(*, user: User, full_name: str, language: str) -> User:
    before = User.objects.get(pk=user.pk)
    user.full_name, user.language = full_name, language
    user.save(update_fields=["full_name", "language", "updated_at"])
    note_person(user, user, facts_of(before))
    return user
