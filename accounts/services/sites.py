"""Institutions: created by administrators of the platform, kept by their own ones."""

import logging

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import Site, User
from accounts.roles import Capability

logger = logging.getLogger(__name__)


@transaction.atomic
def create_site(*, name: str, code: str, shares_with_researchers: bool, by: User) -> Site:
    """Raises PermissionDenied unless `by` administers the whole platform."""
    if not by.is_platform_wide or not by.can(Capability.MANAGE_ACCOUNTS):
        raise PermissionDenied
    site = Site.objects.create(
        name=name, code=code, shares_with_researchers=shares_with_researchers
    )
    logger.info("site created site=%s by=%s", site.pk, by.pk)
    return site


@transaction.atomic
def edit_site(*, site: Site, name: str, code: str, shares_with_researchers: bool, by: User) -> Site:
    """Raises Site.DoesNotExist for an institution that `by` does not keep."""
    site = Site.objects.visible_to(by).select_for_update().get(pk=site.pk)
    site.name, site.code = name, code
    site.shares_with_researchers = shares_with_researchers
    site.save(update_fields=["name", "code", "shares_with_researchers", "updated_at"])
    logger.info("site edited site=%s sharing=%s by=%s", site.pk, shares_with_researchers, by.pk)
    return site
