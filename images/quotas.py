"""How much room people and institutions use, and whether more is left for them.

Counters (`StorageUse`) change in the transaction that adds, covers or deletes a radiograph, by
`F()`, so that they equal the sum of `Radiograph.stored_bytes` whatever happens at the same moment.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Site, User
from images.errors import Refused
from images.models import Radiograph, StorageUse

MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True)
class Room:
    """Bytes used and allowed; `limit` None: as many as the disk holds."""

    used: int
    limit: int | None

    @property
    def share(self) -> int:
        """Percent of the limit that is used, 0 to 100; 0 without a limit."""
        if self.limit is None:
            return 0
        return min(100, round(100 * self.used / self.limit)) if self.limit else 100

    def takes(self, more: int) -> bool:
        return self.limit is None or self.used + more <= self.limit


def room_of_site(site: Site) -> Room:
    return Room(_sum(StorageUse.objects.filter(site=site)), _bytes(site.quota_megabytes))


def room_of_person(site: Site, person: User) -> Room:
    """The person's room at this institution."""
    used = _sum(StorageUse.objects.filter(site=site, person=person))
    return Room(used, _bytes(site.person_quota_megabytes))


def room_for(site: Site, person: User, size: int) -> None:
    """Raise Refused `quota-person` or `quota-site` where `size` more bytes exceed a limit."""
    if site.quota_megabytes is None and site.person_quota_megabytes is None:
        return
    if not room_of_person(site, person).takes(size):
        raise Refused("quota-person")
    if not room_of_site(site).takes(size):
        raise Refused("quota-site")


def count_stored(radiographs: Iterable[Radiograph]) -> None:
    """Count new radiographs, in the transaction that adds them. Raises Refused as `room_for`.

    Counted first and asked afterwards: the counter's row is then locked, and of two uploads at the
    same moment the second sees the first.
    """
    of_people: dict[tuple[UUID, UUID], list[Radiograph]] = defaultdict(list)
    for radiograph in radiographs:
        of_people[radiograph.site_id, radiograph.uploader_id].append(radiograph)
    # In one order, so that of two that count for several people neither waits for the other.
    for (site, person), own in sorted(of_people.items()):
        _add(site, person, sum(each.stored_bytes for each in own), len(own))
        room_for(own[0].site, own[0].uploader, 0)


def count_changed(radiograph: Radiograph, bytes_before: int) -> None:
    """Count other files of the same radiograph, in the transaction that names them."""
    difference = radiograph.stored_bytes - bytes_before
    _add(radiograph.site_id, radiograph.uploader_id, difference, 0)


def count_deleted(radiograph: Radiograph) -> None:
    """Take a radiograph out of the count, in the transaction that deletes its row."""
    _add(radiograph.site_id, radiograph.uploader_id, -radiograph.stored_bytes, -1)


def _add(site: UUID, person: UUID, size: int, radiographs: int) -> None:
    more = {
        "stored_bytes": F("stored_bytes") + size,
        "radiographs": F("radiographs") + radiographs,
        "updated_at": timezone.now(),
    }
    use = StorageUse.objects.filter(site_id=site, person_id=person)
    if not use.update(**more):
        # The row must be there before it is changed: two first uploads would each make one.
        StorageUse.objects.get_or_create(site_id=site, person_id=person)
        use.update(**more)


def _sum(rows: QuerySet[StorageUse]) -> int:
    return int(rows.aggregate(total=Coalesce(Sum("stored_bytes"), 0))["total"])


def _bytes(megabytes: int | None) -> int | None:
    return None if megabytes is None else megabytes * MEGABYTE
