"""The record of deeds: one line where somebody sees, enters, changes or exports something.

Joins the caller's transaction, so that what was rolled back was never recorded, and what was
recorded did happen.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, connection
from django.utils import timezone

from accounts.audit_entry import Way
from accounts.models import AuditEntry, Deed, Site, User

# Looking at the same thing again within this time is the same look.
ONE_LOOK: Final = timedelta(minutes=10)

__all__ = ["ONE_LOOK", "Deed", "Way", "by_way", "differing", "note", "note_sight", "together"]

logger = logging.getLogger(__name__)

_way: ContextVar[str] = ContextVar("audit_way", default="")
_gathered: ContextVar[list[AuditEntry] | None] = ContextVar("audit_gathered", default=None)


def note(
    *,
    actor: User | None,
    deed: Deed,
    subject: str,
    subject_id: UUID | None = None,
    site: Site | UUID | None = None,
    patient_id: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    way: str = "",
) -> AuditEntry:
    """Record one deed. `before` and `after`: JSON values by field name, none that names a patient.

    Without `site` the deed belongs to the institution of `actor`. Without `way` it is done by the
    one that `by_way` says; else by a page, or by the platform itself where nobody acts.
    """
    entry = _entry(actor, deed, subject, subject_id, site, patient_id)
    entry.before, entry.after = dict(before or {}), dict(after or {})
    entry.way = way or _way.get() or (Way.PAGE if actor else Way.TASK)
    waiting = _gathered.get()
    if waiting is None:
        entry.save(force_insert=True)
    else:
        waiting.append(entry)
    return entry


def note_sight(
    *, actor: User, subject: str, subject_id: UUID, site: Site | UUID | None,
    patient_id: UUID | None, way: str = "", deed: Deed = Deed.SAW,
    after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Record that `actor` looked at something of a patient, once for all looks of ten minutes.

    Two queries, one where it was noted before. A database that has no room left does not keep a
    physician from a radiograph: then the look stands in the log, by keys.
    """
    since = timezone.now() - ONE_LOOK
    seen = AuditEntry.objects.filter(
        actor=actor, deed=deed, subject=subject, subject_id=subject_id, created_at__gte=since
    )
    if seen.exists():
        return
    try:
        note(
            actor=actor, deed=deed, subject=subject, subject_id=subject_id, site=site,
            patient_id=patient_id, way=way, after=after,
        )  # fmt: skip
    except OperationalError:
        if connection.in_atomic_block:
            raise
        logger.exception("sight not recorded %s=%s by=%s", subject, subject_id, actor.pk)


@contextmanager
def by_way(way: Way) -> Iterator[None]:
    """All that is noted inside was done by `way`, unless its own call says another."""
    token = _way.set(way)
    try:
        yield
    finally:
        _way.reset(token)


@contextmanager
def together() -> Iterator[None]:
    """What is noted inside is stored at the end of the block, in one insert.

    The block lies inside the transaction of the deeds. What it raises forgets what it noted; inside
    another such block the outer one stores.
    """
    mine: list[AuditEntry] = []
    outer = _gathered.get()
    token = _gathered.set(mine)
    try:
        yield
    finally:
        _gathered.reset(token)
    if outer is not None:
        outer.extend(mine)
    elif mine:
        AuditEntry.objects.bulk_create(mine)


def differing(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both values of the fields of `after` whose value is another one before."""
    names = [name for name, value in after.items() if before.get(name) != value]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _entry(
    actor: User | None,
    deed: Deed,
    subject: str,
    subject_id: UUID | None,
    site: Site | UUID | None,
    patient_id: UUID | None,
) -> AuditEntry:
    home = site.pk if isinstance(site, Site) else site
    if home is None and actor is not None:
        home = actor.site_id
    return AuditEntry(
        site_id=home,
        actor=actor,
        role=actor.role if actor else "",
        deed=deed,
        subject=subject,
        subject_id=subject_id,
        patient_id=patient_id,
    )
