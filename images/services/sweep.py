"""Rounds through all stored files, in slices: orphans are removed, damage is named.

A round begins once a day. Each slice goes on where the last one stopped, so that a worker can be
stopped at any moment and other work gets its turn.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.utils import timezone

from images.models import Radiograph, StorageFinding, SweepRound
from images.services import checksums, orphans
from images.services.orphans import Orphan
from images.storage import private_storage

EVERY: Final = timedelta(hours=23)
ROUNDS_KEPT: Final = timedelta(days=30)
AT_ONCE: Final = 20


@dataclass
class Swept:
    """What one call found. `is_over`: the round came to its end."""

    orphans: list[Orphan] = field(default_factory=list)
    findings: list[StorageFinding] = field(default_factory=list)
    looked_at: int = 0
    is_over: bool = False


def look() -> Swept:
    """A whole round that changes nothing."""
    places = [*orphans.small_places(), *map(orphans.media, private_storage().folders())]
    swept = Swept([each for place in places for each in orphans.orphans_of(place)], is_over=True)
    for radiographs in _slices(SweepRound()):
        swept.findings += checksums.check(radiographs)
        swept.looked_at += len(radiographs)
    return swept


def sweep_all() -> Swept:
    """A whole round at once, whether one is due or not."""
    return _go_on(SweepRound.objects.create(), until=float("inf"))


def sweep_slice(seconds: float) -> Swept:
    """Go on with the round of today for about so many seconds; nothing is done when it is over."""
    until = time.monotonic() + seconds
    current = _current()
    return _go_on(current, until) if current else Swept(is_over=True)


def _current() -> SweepRound | None:
    """The round that is not finished, or a new one when the last began long enough ago."""
    now = timezone.now()
    last = SweepRound.objects.first()
    if last is not None and last.finished_at is None:
        return last
    if last is not None and last.created_at > now - EVERY:
        return None
    SweepRound.objects.filter(created_at__lt=now - ROUNDS_KEPT).delete()
    return SweepRound.objects.create()


def _go_on(current: SweepRound, until: float) -> Swept:
    swept = Swept()
    if not current.folder:
        for place in orphans.small_places():
            swept.orphans += orphans.remove_orphans(place)
    for folder in [name for name in private_storage().folders() if name > current.folder]:
        swept.orphans += orphans.remove_orphans(orphans.media(folder))
        current.folder = folder
        current.save(update_fields=["folder", "updated_at"])
        if time.monotonic() >= until:
            return swept
    return _check_on(current, until, swept)


def _check_on(current: SweepRound, until: float, swept: Swept) -> Swept:
    for radiographs in _slices(current):
        findings = checksums.check(radiographs)
        checksums.note(radiographs, findings)
        swept.findings += findings
        swept.looked_at += len(radiographs)
        current.position = radiographs[-1].pk
        current.looked_at += len(radiographs)
        current.save(update_fields=["position", "looked_at", "updated_at"])
        if time.monotonic() >= until:
            return swept
    current.finished_at = timezone.now()
    current.save(update_fields=["finished_at", "updated_at"])
    swept.is_over = True
    return swept


def _slices(current: SweepRound) -> Iterator[list[Radiograph]]:
    """Radiographs after the round's position, in the order of their keys."""
    rows = Radiograph.objects.order_by("pk").only(
        "pk", "file", "thumbnail", "file_sha256", "thumbnail_sha256"
    )
    position = current.position
    while True:
        following = rows.filter(pk__gt=position) if position else rows
        radiographs = list(following[:AT_ONCE])
        if not radiographs:
            return
        yield radiographs
        position = radiographs[-1].pk
