"""Counters of used room, made anew from the rows and the files themselves."""

from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Sum

from images.models import Radiograph, StorageUse

AT_ONCE = 500


def measure_unmeasured() -> int:
    """Write `stored_bytes` of radiographs from before it was kept; how many there were."""
    measured = 0
    for radiograph in _unmeasured():
        size = sum(_size(name) for name in (radiograph.file.name, radiograph.thumbnail.name))
        rows = Radiograph.objects.filter(pk=radiograph.pk, stored_bytes=0)
        measured += rows.update(stored_bytes=size) if size else 0
    return measured


def _unmeasured() -> Iterator[Radiograph]:
    rows = Radiograph.objects.filter(stored_bytes=0).only("pk", "file", "thumbnail")
    return rows.iterator(chunk_size=AT_ONCE)


def _size(name: str | None) -> int:
    try:
        return default_storage.size(name or "")
    except FileNotFoundError:
        return 0


@transaction.atomic
def recount() -> int:
    """Set every counter to what the rows say; how many counters were wrong.

    The counters are locked meanwhile: uploads wait, and none is lost.
    """
    kept = {
        (use.site_id, use.person_id): use for use in StorageUse.objects.select_for_update().all()
    }
    sums = Radiograph.objects.order_by().values_list("site_id", "uploader_id")
    found = {
        (site, person): (size or 0, count)
        for site, person, size, count in sums.annotate(size=Sum("stored_bytes"), count=Count("pk"))
    }
    wrong = 0
    for site, person in kept.keys() | found.keys():
        use = kept.get((site, person)) or StorageUse(site_id=site, person_id=person)
        right = found.get((site, person), (0, 0))
        if (use.stored_bytes, use.radiographs) != right:
            use.stored_bytes, use.radiographs = right
            use.save()
            wrong += 1
    return wrong
