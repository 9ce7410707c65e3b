"""The record of deeds as people read it: page after page, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.audit_entry import Way
from accounts.audit_words import (
    OF_KEYS,
    OF_PEOPLE,
    OF_SITES,
    VALUES,
    field_word,
    subject_word,
)
from accounts.models import AuditEntry, Site, User
from accounts.roles import Role
from core.http import ids_in

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Entries = QuerySet[AuditEntry]
# Letters of a key that are enough to tell it from others on a page.
SHORT: Final = 8


@dataclass(frozen=True)
class Change:
    """One field in words. `old` is empty where nothing was before, `new` where nothing is now.

    `query` asks the record for all deeds upon what the value is the key of.
    """

    label: "StrOrPromise"
    old: str
    new: str
    query: str = ""


@dataclass(frozen=True)
class Told:
    entry: AuditEntry
    subject: "StrOrPromise"
    role: "StrOrPromise"
    way: "StrOrPromise"
    changes: list[Change]


def past(entries: Entries, last: AuditEntry) -> Entries:
    """Those older than `last`, as `AuditEntry.Meta.ordering` has them."""
    same_moment = Q(created_at=last.created_at, pk__lt=last.pk)
    older = Q(created_at__lt=last.created_at) | same_moment
    # The first condition alone lets the database begin in the middle of its index.
    return entries.filter(created_at__lte=last.created_at).filter(older)


def told(entries: Sequence[AuditEntry]) -> list[Told]:
    """In words of the reader's language; names of people and institutions by two queries."""
    names = _names_in(entries)
    return [
        Told(
            entry=entry,
            subject=subject_word(entry.subject),
            role=_labels(Role.choices).get(entry.role, entry.role),
            way=_labels(Way.choices).get(entry.way, entry.way),
            changes=[_change(entry, name, names) for name in _fields_of(entry)],
        )
        for entry in entries
    ]


def _labels(choices: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return dict(choices)


def _fields_of(entry: AuditEntry) -> list[str]:
    return list(dict.fromkeys([*entry.before, *entry.after]))


def _change(entry: AuditEntry, name: str, names: Mapping[str, str]) -> Change:
    old, new = entry.before.get(name), entry.after.get(name)
    if name in OF_KEYS:
        query = f"{OF_KEYS[name]}={new or old}"
        return Change(field_word(name), _short(old), _short(new), query)
    return Change(field_word(name), _shown(name, old, names), _shown(name, new, names))


def _short(key: Any) -> str:
    return str(key or "")[:SHORT]


def _shown(name: str, value: Any, names: Mapping[str, str]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_shown(name, each, names) for each in value)
    text = str(value)
    if name in OF_PEOPLE | OF_SITES:
        return names.get(text, text[:SHORT])
    return str(VALUES.get(name, {}).get(text) or text)


def _names_in(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Key -> name of every person and institution that the values speak of."""
    people, sites = _keys_in(entries, OF_PEOPLE), _keys_in(entries, OF_SITES)
    found: list[User | Site] = []
    if people:
        found += User.objects.filter(pk__in=people)
    if sites:
        found += Site.objects.filter(pk__in=sites)
    return {str(row.pk): str(row) for row in found}


def _keys_in(entries: Iterable[AuditEntry], fields: Iterable[str]) -> set[UUID]:
    given = [
        values.get(name) or ""
        for entry in entries
        for values in (entry.before, entry.after)
        for name in fields
    ]
    lists = (value if isinstance(value, list) else [value] for value in given)
    return set(ids_in([str(each) for values in lists for each in values]))
