"""Many films become radiographs in one transaction: all of them, or none and nothing is left.

What is asked and written is asked and written once for all. Whatever speaks against one of them
undoes all: the caller then stores each by itself (`store_radiograph`), so that exactly the one that
is to blame fails.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import transaction

from images.models import Radiograph
from images.services.files import all_written
from images.services.identities import fill_in_pseudonyms
from images.services.patients import settled_together
from images.services.store import (
    Film,
    StoredRadiograph,
    add_rows,
    announce_ready,
    known_pixels,
    note_writing,
)
from images.storage import room_in_database


def store_together(
    *, films: Sequence[Film], also: Callable[[Sequence[StoredRadiograph]], None]
) -> list[StoredRadiograph]:
    """Store films of PNG or JPEG files that are `opened` and allowed (`check_rules`), in their
    order, and announce the new ones by one `images_ready`.

    Of films with the same pixels in one institution the first is stored, unless it was there
    before. No ground truth is recorded and no source file kept. `also` is called at the end of the
    transaction; what it raises undoes everything. Raises Apart where a patient needs a way of its
    own, and otherwise what `store_radiograph` raises, and IntegrityError; after each of them no row
    and no file is left.
    """
    stored = _first_of_each(films)
    new = [film for film, each in zip(films, stored, strict=True) if each.created]
    for film in new:
        note_writing(film)
    with (
        all_written((film.radiograph, film.pixels) for film in new),
        room_in_database(),
        transaction.atomic(),
    ):
        if new:
            _add(new)
        also(stored)
    return stored


def _first_of_each(films: Sequence[Film]) -> list[StoredRadiograph]:
    """The radiograph of each film: its own, or the one that has its pixels already."""
    known = known_pixels({film.key for film in films})
    there = Radiograph.objects.in_bulk(set(known.values()))
    first = {key: there[pk] for key, pk in known.items() if pk in there}
    return [_own_or_first(film, first) for film in films]


def _own_or_first(film: Film, first: dict[tuple[UUID, str], Radiograph]) -> StoredRadiograph:
    radiograph = first.setdefault(film.key, film.radiograph)
    return StoredRadiograph(radiograph, created=radiograph is film.radiograph)


def _add(films: Sequence[Film]) -> None:
    patients = settled_together([film.named for film in films])
    for film, patient in zip(films, patients, strict=True):
        film.radiograph.patient = patient
        fill_in_pseudonyms(
            radiograph=film.radiograph, site=film.named.site, decoded=film.decoded,
            patient_is_hashed=False,
        )  # fmt: skip
    add_rows(films)
    announce_ready(films)
