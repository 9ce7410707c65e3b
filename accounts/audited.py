"""What this room tells the record of deeds: accounts, institutions, tokens."""

from collections.abc import Mapping
from typing import Any, Final

from accounts.audit import Deed, differing, note
from accounts.models import Site, User

RULES: Final = (
    "name", "code", "shares_with_researchers", "quota_megabytes", "person_quota_megabytes",
    "trash_days", "keep_source_days", "truth_days", "trains_undated",
)  # fmt: skip


def facts_of(person: User) -> dict[str, Any]:
    return {
        "role": person.role,
        "site": str(person.site_id or ""),
        "is_active": person.is_active,
        "full_name": person.full_name,
        "language": person.language,
    }


def note_person(person: User, by: User, before: Mapping[str, Any]) -> None:
    """Record what is other than `before`, for the old and the new institution of the person.

    A person without one belongs to the institution of who decided about them.
    """
    old, new = differing(before, facts_of(person))
    if not new:
        return
    places = {before["site"], str(person.site_id or "")} - {""}
    sites: list[Any] = list(Site.objects.filter(pk__in=places)) if places else [by.site_id]
    for site in sites:
        note(
            actor=by, deed=Deed.CHANGED, subject="account", subject_id=person.pk, site=site,
            before=old, after=new,
        )  # fmt: skip


def rules_of(site: Site) -> dict[str, Any]:
    return {name: getattr(site, name) for name in RULES}


def note_site(deed: Deed, site: Site, by: User, before: Mapping[str, Any]) -> None:
    """Record what is other than `before`; nothing where nothing is."""
    old, new = differing(before, rules_of(site))
    if new:
        note(
            actor=by, deed=deed, subject="site", subject_id=site.pk, site=site,
            before=old if deed == Deed.CHANGED else {}, after=new,
        )  # fmt: skip


def note_token(deed: Deed, owner: User, by: User, facts: Mapping[str, Any]) -> None:
    """`facts`: its name, scope and days, or how many tokens; never the secret or its digest."""
    is_gone = deed == Deed.REMOVED
    note(
        actor=by, deed=deed, subject="token", subject_id=owner.pk, site=owner.site_id,
        before=facts if is_gone else None, after=None if is_gone else facts,
    )  # fmt: skip
