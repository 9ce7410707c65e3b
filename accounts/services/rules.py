"""Who may change whom: the checks that the services share. Each runs under the row's lock."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from accounts.errors import AccountError
from accounts.models import Site, User
from accounts.roles import Capability, Role


def lock_person(*, user: User, by: User) -> User:
    """The locked row of `user`, if `by` may manage it.

    The administrators of the platform are locked first and always in the same order, so that two of
    them who remove each other at the same moment wait for one another and one is refused.

    Raises PermissionDenied (no administrator any more), User.DoesNotExist (another site's person)
    and AccountError `yourself`.
    """
    list(User.objects.platform_wide_administrators().select_for_update().order_by("pk"))
    by = User.objects.get(pk=by.pk)
    if not by.can(Capability.MANAGE_ACCOUNTS):
        raise PermissionDenied
    person: User = User.objects.visible_to(by).select_for_update(of=("self",)).get(pk=user.pk)
    if person.pk == by.pk:
        raise AccountError("yourself", _("Nobody can change their own role or access."))
    return person


def check_grant(*, role: str, site: Site | None, by: User) -> None:
    """Raises AccountError when `by` may not give this role at this institution."""
    if role not in Role.values:
        raise AccountError("unknown-role", _("Choose a role."))
    if site is None and role != Role.ADMINISTRATOR:
        raise AccountError("site-needed", _("This role needs an institution."))
    if not by.is_platform_wide and (site is None or site.pk != by.site_id):
        raise AccountError("other-site", _("You can only give roles within your own institution."))


def check_not_last(person: User) -> None:
    """Raises AccountError when the platform would be left without an administrator."""
    others = User.objects.platform_wide_administrators().exclude(pk=person.pk)
    if person.is_platform_wide and person.is_active and not others.exists():
        raise AccountError(
            "last-administrator",
            _("This is the last administrator of the platform and must stay."),
        )
