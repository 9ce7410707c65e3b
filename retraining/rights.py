"""Who may train, judge, promote and exchange models."""

from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.roles import Capability


def refuse_stranger(by: User | None) -> None:
    """Raises PermissionDenied without the capability; None is the platform itself."""
    if by is not None and not by.can(Capability.MANAGE_MODELS):
        raise PermissionDenied
