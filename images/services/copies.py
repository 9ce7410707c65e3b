"""Near-duplicates are found and joined; groups only ever grow.

One at a time (`alone`), so that of two copies that come at the same moment the later finds the
earlier. Whoever may see the pictures plays no part: copies in two institutions are joined too, and
people are shown only those they may see.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID, uuid4

import numpy as np
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from core.tasks import ring
from images.copies import BANDS, VERSION, Asked, Sketch, grey_square, likely, sketched
from images.models import CopyLink, Likeness, PictureSketch, Radiograph
from images.models.radiograph import RadiographQuerySet
from images.services.splits import inherit_oldest, joined_patients

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

# Of PostgreSQL's advisory locks; SQLite has one writer at a time anyway.
LOCK: Final = 0x436F7079
KEYS_PER_QUERY: Final = 400


@dataclass(frozen=True)
class Copy:
    """Another radiograph, and how far its picture is (0 equal, 1 unrelated)."""

    key: UUID
    distance: float


def waiting() -> RadiographQuerySet:
    """Radiographs that nobody compared yet, the trash included: what is restored is a copy too."""
    return Radiograph.objects.filter(sketch=None).order_by("created_at", "pk")


def join_copies(*, radiograph: Radiograph) -> int:
    """Sketch a radiograph and join it with its copies; returns how many were found.

    Nothing happens to one that is gone, changed meanwhile or sketched already. A thumbnail that
    cannot be read counts as flat: it is logged and compared with nothing.
    """
    asked = _asked(radiograph)
    sketch = sketched(asked.square) if asked else Sketch((), b"")
    try:
        with transaction.atomic():
            alone()
            unchanged = waiting().filter(pk=radiograph.pk, pixel_sha256=radiograph.pixel_sha256)
            if not unchanged.exists():
                return 0
            copies = _copies_of(asked, sketch) if asked else []
            _keep(radiograph.pk, sketch)
            _join(radiograph.pk, copies, Likeness.PERCEPTUAL)
    except IntegrityError:
        return 0  # deleted meanwhile
    return len(copies)


@transaction.atomic
def join_found(*, radiograph: UUID, copies: list[Copy], kind: Likeness) -> None:
    """Join a radiograph with copies that were found elsewhere; those that are gone are left out."""
    alone()
    _join(radiograph, copies, kind)


def forget_sketch(*, radiograph: Radiograph) -> None:
    """The picture is another one now: it is to be sketched and compared anew.

    What was joined stays joined: the covered picture still is of the same chest.
    """
    PictureSketch.objects.filter(radiograph=radiograph).delete()
    CopyLink.objects.filter(Q(first=radiograph) | Q(second=radiograph)).delete()


def ring_on_commit() -> None:
    """Let a worker compare what is new; without a broker the beat does within a minute."""
    from images.tasks.copies import join_waiting

    transaction.on_commit(lambda: ring(join_waiting))


def _asked(radiograph: Radiograph) -> Asked | None:
    """None where there is nothing to compare. Drawn pictures of one hand are all alike (up to 0.975
    among forty of ours) and no copies of one another."""
    if radiograph.is_synthetic:
        return None
    try:
        with radiograph.thumbnail.open("rb") as stream:
            return Asked(grey_square(stream.read()))
    except (OSError, ValueError) as problem:
        logger.warning(
            "picture not compared radiograph=%s reason=%s", radiograph.pk, type(problem).__name__
        )
        return None


def _copies_of(asked: Asked, sketch: Sketch) -> list[Copy]:
    """Among everything that is sketched, whoever may see it."""
    if not sketch.bands:
        return []
    near = _near(asked)
    rows = [row for some in _batches(near) for row in _coefficients(some)]
    found = likely(asked, [coefficients for _, coefficients in rows])
    return [Copy(rows[each.place][0], 1 - each.likeness) for each in found]


def _near(asked: Asked) -> list[UUID]:
    """Those whose words are near: rows that share one band, then all their bits."""
    fields = [f"band{number}" for number in range(BANDS)]
    rows: dict[UUID, tuple[int, ...]] = {}
    for number, field in enumerate(fields):
        for some in _batches(asked.bands(number)):
            sharing = PictureSketch.objects.filter(**{f"{field}__in": some, "version": VERSION})
            rows |= {key: bands for key, *bands in sharing.values_list("pk", *fields)}
    if not rows:
        return []
    is_near = asked.near(np.array(list(rows.values()), np.int64))
    return [key for key, near in zip(rows, is_near, strict=True) if near]


def _coefficients(keys: list[UUID]) -> Iterator[tuple[UUID, bytes]]:
    rows = PictureSketch.objects.filter(pk__in=keys).values_list("pk", "coefficients")
    yield from ((key, bytes(coefficients)) for key, coefficients in rows)


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), KEYS_PER_QUERY):
        yield items[start : start + KEYS_PER_QUERY]


def _keep(radiograph: UUID, sketch: Sketch) -> None:
    bands = {f"band{number}": band for number, band in enumerate(sketch.bands)}
    PictureSketch.objects.create(
        radiograph_id=radiograph, version=VERSION, coefficients=sketch.coefficients, **bands
    )


def _join(radiograph: UUID, copies: list[Copy], kind: Likeness) -> None:
    keys = [radiograph, *(copy.key for copy in copies)]
    owners = Radiograph.objects.order_by().filter(pk__in=keys).values_list("patient", flat=True)
    patients = joined_patients(owners)
    # Patients are locked before radiographs, as wherever else both are.
    if len(patients) > 1:
        inherit_oldest(patients)
    for copy in copies:
        _link(radiograph, copy, kind)


def _link(radiograph: UUID, copy: Copy, kind: Likeness) -> None:
    """One link, one group: that of the oldest member, or a new one."""
    pair = Radiograph.objects.filter(pk__in=[radiograph, copy.key]).order_by("created_at", "pk")
    rows = list(pair.only("pk", "copy_group"))
    if len(rows) < 2:
        return
    first, second = rows
    CopyLink.objects.update_or_create(
        first=first, second=second, kind=kind, defaults={"distance": copy.distance}
    )
    groups = {row.copy_group for row in rows if row.copy_group}
    oldest = Radiograph.objects.filter(copy_group__in=groups).order_by("created_at", "pk")
    kept = oldest.values_list("copy_group", flat=True).first() or uuid4()
    together = Q(pk__in=[first.pk, second.pk]) | Q(copy_group__in=groups)
    Radiograph.objects.filter(together).update(copy_group=kept)


def alone() -> None:
    """Wait until no other transaction finds or joins copies, or merges patients.

    To be called first in a transaction: whoever waits holds nothing yet.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
