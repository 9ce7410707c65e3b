"""Institutions: created by administrators of the platform, kept by their own ones."""

import logging
from typing import TypedDict, Unpack

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.audit import Deed
from accounts.audited import note_site, rules_of
from accounts.models import Site, User
from accounts.roles import Capability

logger = logging.getLogger(__name__)


class SiteRules(TypedDict, total=False):
    """How much room an institution has, how long it keeps what, and what may train; what is left
    out stays."""

    quota_megabytes: int | None
    person_quota_megabytes: int | None
    trash_days: int | None
    keep_source_days: int
    truth_days: int
    trains_undated: bool


@transaction.atomic
def create_site(
    *, name: str, code: str, shares_with_researchers: bool, by: User, **rules: Unpack[SiteRules]
) -> Site:
    """Raises PermissionDenied unless `by` administers the whole platform."""
    if not by.is_platform_wide or not by.can(Capability.MANAGE_ACCOUNTS):
        raise PermissionDenied
    site = Site.objects.create(
        name=name, code=code, shares_with_researchers=shares_with_researchers, **rules
    )
    note_site(Deed.ENTERED, site, by, {})
    logger.info("site created site=%s by=%s", site.pk, by.pk)
    return site


@transaction.atomic
def edit_site(
    *,
    site: Site,
    name: str,
    code: str,
    shares_with_researchers: bool,
    by: User,
    **rules: Unpack[SiteRules],
) -> Site:
    """Raises Site.DoesNotExist for an institution that `by` does not keep, and PermissionDenied
    where an institution's own administrator changes the room that it was given."""
    site = Site.objects.visible_to(by).select_for_update().get(pk=site.pk)
    given = rules.get("quota_megabytes", site.quota_megabytes)
    if given != site.quota_megabytes and not by.is_platform_wide:
        raise PermissionDenied
    before = rules_of(site)
    site.name, site.code = name, code
    site.shares_with_researchers = shares_with_researchers
    for rule, value in rules.items():
        setattr(site, rule, value)
    site.save()
    note_site(Deed.CHANGED, site, by, before)
    logger.info(
        "site edited site=%s sharing=%s source_days=%d by=%s",
        site.pk, shares_with_researchers, site.keep_source_days, by.pk,
    )  # fmt: skip
    return site
