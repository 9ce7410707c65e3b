"""Near-duplicates are found and joined; groups only ever grow.

One at a time (`alone`), so that of two copies that come at the same moment the later finds the
earlier. Whoever may see the pictures plays no part: copies in two institutions are joined too, and
people are shown only those they may see.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from threadpoolctl import threadpool_limits

from images.copies import VERSION, Sketch, grey_square
from images.models import CopyLink, Likeness, PictureSketch, Radiograph
from images.models.radiograph import RadiographQuerySet, RadiographStatus
from images.services.lookalikes import FIELDS, Copy, Film, copies_of
from images.services.splits import inherit_oldest, joined_patients, shared_pixels

__all__ = ["Copy", "alone", "forget_sketch", "join_copies", "join_found", "join_rest", "join_some"]

logger = logging.getLogger(__name__)

# Of PostgreSQL's advisory locks; SQLite has one writer at a time anyway.
LOCK: Final = 0x436F7079
# Films of one transaction.
AT_ONCE: Final = 20
FLAT: Final = Sketch((), b"")


def waiting(since: datetime | None = None) -> RadiographQuerySet:
    """Radiographs (created since) that nobody compared yet, the oldest first.

    The trash is among them: what is restored is a copy too.
    """
    rows = Radiograph.objects.filter(sketch=None).order_by("created_at", "pk")
    # By the state the index is entered that goes on with the moment.
    return rows.filter(created_at__gte=since, status__in=RadiographStatus.values) if since else rows


def join_some(radiographs: Sequence[Radiograph]) -> int:
    """Sketch radiographs and join them with their copies; returns how many copies were found.

    One after the other in the order that is given, all in one transaction. Nothing happens to one
    that is gone, changed meanwhile or sketched already. A thumbnail that cannot be read counts as
    flat: it is logged and compared with nothing.
    """
    # Small matrices: threads of the library would wait for each other longer than they compute.
    with threadpool_limits(1, user_api="blas"):
        # Before anybody is kept waiting.
        films = {radiograph.pk: _film(radiograph) for radiograph in radiographs}
        try:
            return _join_unchanged(radiographs, films)
        except IntegrityError:
            # One was deleted meanwhile; it must not take the others along.
            return sum(join_some([each]) for each in radiographs) if len(radiographs) > 1 else 0


def join_copies(*, radiograph: Radiograph) -> int:
    """`join_some` for one."""
    return join_some([radiograph])


def join_rest() -> int:
    """Join all that waits, however long it takes; returns how many were found."""
    found = 0
    before: list[Radiograph] = []
    # Those that nothing could be done for come again: whoever waits for this must not for ever.
    while (some := list(waiting()[:AT_ONCE])) and some != before:
        found += join_some(some)
        before = some
    return found


@transaction.atomic
def _join_unchanged(radiographs: Sequence[Radiograph], films: dict[UUID, Film | None]) -> int:
    alone()
    there = waiting().order_by().filter(pk__in=films)
    pixels = dict(there.values_list("pk", "pixel_sha256"))
    unchanged = [each for each in radiographs if pixels.get(each.pk) == each.pixel_sha256]
    shown = {each.pk: films[each.pk] for each in unchanged}
    copies = copies_of([film for film in shown.values() if film])
    _keep({key: film.sketch if film else FLAT for key, film in shown.items()})
    for each in _to_join(unchanged, copies):
        _join(each.pk, copies.get(each.pk, []), Likeness.PERCEPTUAL)
    return sum(map(len, copies.values()))


def _to_join(radiographs: Sequence[Radiograph], copies: dict[UUID, list[Copy]]) -> list[Radiograph]:
    """Those with copies, those of patients whom older copies join to others, and those whose very
    pixels another one has: of flat pictures and of lost thumbnails no sketch tells that."""
    grouped = Radiograph.objects.order_by().filter(
        patient__in={each.patient_id for each in radiographs}, copy_group__isnull=False
    )
    joined = set(grouped.values_list("patient", flat=True))
    equal = shared_pixels({each.pixel_sha256 for each in radiographs})
    return [
        each
        for each in radiographs
        if copies.get(each.pk) or each.patient_id in joined or each.pixel_sha256 in equal
    ]


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


def _film(radiograph: Radiograph) -> Film | None:
    """None where there is nothing to compare. Drawn pictures of one hand are all alike (up to 0.975
    among forty of ours) and no copies of one another."""
    if radiograph.is_synthetic:
        return None
    try:
        with radiograph.thumbnail.open("rb") as stream:
            square = grey_square(stream.read())
    except (OSError, ValueError) as problem:
        logger.warning(
            "picture not compared radiograph=%s reason=%s", radiograph.pk, type(problem).__name__
        )
        return None
    return Film.of(radiograph.pk, square)


def _keep(sketches: dict[UUID, Sketch]) -> None:
    PictureSketch.objects.bulk_create(
        PictureSketch(
            radiograph_id=key, version=VERSION, coefficients=sketch.coefficients,
            **dict(zip(FIELDS, sketch.bands, strict=False)),
        )
        for key, sketch in sketches.items()
    )  # fmt: skip


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
