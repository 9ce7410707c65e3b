"""Files without a row: left by a process that died between the two, and removed once they are old.

A file is written before its row and removed after it, so that a young one may still get its row.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from images import spool
from images.models import Export, IncomingFile, MetadataTable, QuarantinedSource, Radiograph
from images.signals import owners_asked
from images.storage import files_below, private_storage

logger = logging.getLogger(__name__)

GRACE: Final = timedelta(hours=1)
AT_ONCE: Final = 500


@dataclass(frozen=True)
class Place:
    """Where files are kept. `owned` says which of some names belong to a row."""

    name: str
    stored: Callable[[], Iterator[tuple[str, datetime]]]
    owned: Callable[[list[str]], set[str]]
    remove: Callable[[str], None]


@dataclass(frozen=True)
class Orphan:
    place: str
    name: str


def media(folder: str) -> Place:
    """One of `private_storage().folders()`."""
    storage = private_storage()
    return Place("radiographs", lambda: storage.stored(folder), _owned_media, storage.delete)


def small_places() -> list[Place]:
    """The folders that never hold much."""
    named: list[tuple[str, Path, Callable[[list[str]], set[str]]]] = [
        ("intake", Path(settings.INTAKE_DIR), _owned_intake),
        ("quarantine", Path(settings.QUARANTINE_DIR), _owned_sources),
        ("exports", Path(settings.EXPORTS_DIR), _owned_exports),
    ]
    return [_folder(*each) for each in named]


def _folder(name: str, root: Path, owned: Callable[[list[str]], set[str]]) -> Place:
    def remove(file: str) -> None:
        (root / file).unlink(missing_ok=True)

    return Place(name, lambda: files_below(root), owned, remove)


def orphans_of(place: Place) -> Iterator[Orphan]:
    """Files of the place that belong to no row and are older than GRACE."""
    oldest = timezone.now() - GRACE
    old = (name for name, moment in place.stored() if moment < oldest)
    while names := list(islice(old, AT_ONCE)):
        owned = place.owned(names)
        yield from (Orphan(place.name, name) for name in names if name not in owned)


def remove_orphans(place: Place) -> list[Orphan]:
    """Remove them; what got its row since is left alone."""
    removed = [each for each in orphans_of(place) if not place.owned([each.name])]
    for orphan in removed:
        place.remove(orphan.name)
    if removed:
        logger.warning("files without a row removed place=%s count=%d", place.name, len(removed))
    return removed


def _owned_media(names: list[str]) -> set[str]:
    rows = Radiograph.objects.filter(Q(file__in=names) | Q(thumbnail__in=names))
    owned = {name for both in rows.values_list("file", "thumbnail") for name in both}
    answers = owners_asked.send(sender=Radiograph, names=names)
    return owned.union(*(answer or () for _receiver, answer in answers))


def _owned_sources(names: list[str]) -> set[str]:
    return set(QuarantinedSource.objects.filter(key__in=names).values_list("key", flat=True))


def _owned_exports(names: list[str]) -> set[str]:
    return set(Export.objects.filter(file_name__in=names).values_list("file_name", flat=True))


def _owned_intake(names: list[str]) -> set[str]:
    """What has a row here stays, however long its sender is away: services.leftovers decides."""
    root = Path(settings.INTAKE_DIR)
    keys = {key for name in names if (key := _key(name))}
    files = IncomingFile.objects.filter(pk__in=keys).values_list("batch_id", "pk")
    owned = {spool.path_of(batch, key).relative_to(root).as_posix() for batch, key in files}
    rows = MetadataTable.objects.filter(pk__in=keys).values_list("pk", flat=True)
    tables = {key.hex for key in rows}
    return owned | {name for name in names if Path(name).stem in tables}


def _key(name: str) -> str:
    stem = Path(name).stem
    return stem if len(stem) == 32 and not set(stem) - set("0123456789abcdef") else ""
