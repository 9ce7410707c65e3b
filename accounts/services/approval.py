"""From a request to a role: announced to administrators, approved or refused by one of them."""

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audited import facts_of, note_person
from accounts.errors import AccountError
from accounts.mail import mail_on_commit
from accounts.models import Site, User
from accounts.services.people import close_doors
from accounts.services.rules import check_grant, check_not_last, lock_person

logger = logging.getLogger(__name__)


@transaction.atomic
def announce_request(*, user: User) -> bool:
    """Tell the administrators in scope, once, that a person with a proven address waits."""
    waiting = User.objects.pending().filter(pk=user.pk, waiting_since=None)
    if not waiting.update(waiting_since=timezone.now()):
        return False
    mail_on_commit(
        people=User.objects.administrators_of(user.requested_site),
        template="accounts/email/request",
        context={"person": user},
    )
    return True


@transaction.atomic
def approve(*, user: User, role: str, site: Site | None, by: User) -> User:
    """Give a waiting person a role at an institution, and write to them.

    Raises AccountError (`not-waiting`, `not-verified`, or a rule of `accounts.services.rules`),
    PermissionDenied, User.DoesNotExist.
    """
    person = lock_person(user=user, by=by)
    if not person.is_pending:
        raise AccountError("not-waiting", _("This request was already decided."))
    if not User.objects.with_verified().get(pk=person.pk).is_verified:
        raise AccountError(
            "not-verified", _("This person has not confirmed their e-mail address yet.")
        )
    check_grant(role=role, site=site, by=by)
    before = facts_of(person)
    person.role, person.site = role, site
    person.approved_at, person.approved_by = timezone.now(), by
    person.save(update_fields=["role", "site", "approved_at", "approved_by", "updated_at"])
    note_person(person, by, before)
    mail_on_commit(people=[person], template="accounts/email/approved", context={"person": person})
    logger.info("account approved user=%s role=%s by=%s", person.pk, role, by.pk)
    return person


@transaction.atomic
def refuse(*, user: User, by: User) -> User:
    """Decline a request: the account stays, closed, so that the same request is not made anew."""
    person = lock_person(user=user, by=by)
    if not person.is_pending:
        raise AccountError("not-waiting", _("This request was already decided."))
    before = facts_of(person)
    person.is_active = False
    person.save(update_fields=["is_active", "updated_at"])
    note_person(person, by, before)
    close_doors(person, by)
    mail_on_commit(people=[person], template="accounts/email/refused", context={"person": person})
    logger.info("account refused user=%s by=%s", person.pk, by.pk)
    return person


@transaction.atomic
def change_role(*, user: User, role: str, site: Site | None, by: User) -> User:
    """Move an approved person to another role or institution."""
    person = lock_person(user=user, by=by)
    if not person.is_approved:
        raise AccountError("not-approved", _("Only a person with a role can change it."))
    check_grant(role=role, site=site, by=by)
    if (role, site) != (person.role, person.site):
        check_not_last(person)
    before = facts_of(person)
    person.role, person.site = role, site
    person.save(update_fields=["role", "site", "updated_at"])
    note_person(person, by, before)
    logger.info("role changed user=%s role=%s by=%s", person.pk, role, by.pk)
    return person
