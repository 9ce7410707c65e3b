"""Which sketched radiographs show the same pictures as some that are at hand: asked for together.

Pictures of chests share many words, so that one reading of the rows serves several films.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from numpy.typing import NDArray

from images.copies import BANDS, VERSION, Asked, Sketch, likely, sketched
from images.copies.sketch import BAND_BITS, Floats
from images.models import PictureSketch

Item = TypeVar("Item")
Bands = NDArray[np.int64]

FIELDS: Final = tuple(f"band{number}" for number in range(BANDS))
ROWS_AT_ONCE: Final = 4096
KEYS_PER_QUERY: Final = 400
# One parameter for thousands of numbers, of which Django would make a placeholder each.
AMONG: Final = {
    "postgresql": "images_picturesketch.{field} = ANY(%s)",
    "sqlite": "images_picturesketch.{field} IN (SELECT value FROM json_each(%s))",
}


@dataclass(frozen=True)
class Film:
    """A radiograph whose picture is looked for.

    `values`: (BANDS, 2 ** BAND_BITS), whether a copy may have this value in this band.
    """

    key: UUID
    asked: Asked
    sketch: Sketch
    values: NDArray[np.bool_]

    @classmethod
    def of(cls, key: UUID, square: Floats) -> "Film | None":
        """From a picture as `grey_square` gives it; None for a flat one."""
        asked, sketch = Asked(square), sketched(square)
        if not sketch.bands:
            return None
        values = np.zeros((BANDS, 1 << BAND_BITS), np.bool_)
        for number in range(BANDS):
            values[number, asked.bands(number)] = True
        return cls(key, asked, sketch, values)

    def near(self, bands: Bands) -> list[int]:
        """Rows of (N, BANDS) that share a band with the picture, and differ in few bits."""
        rows = np.flatnonzero(self.values[np.arange(BANDS), bands].any(axis=1))
        return rows[self.asked.near(bands[rows])].tolist() if len(rows) else []


@dataclass(frozen=True)
class Copy:
    """Another radiograph, and how far its picture is (0 equal, 1 unrelated)."""

    key: UUID
    distance: float


def copies_of(films: Sequence[Film]) -> dict[UUID, list[Copy]]:
    """Of each film: its copies among all that is sketched and among the films before it.

    The films themselves are not sketched yet.
    """
    near: dict[UUID, list[UUID]] = {film.key: [] for film in films}
    for keys, bands in _sharing(films):
        for film in films:
            near[film.key] += [keys[row] for row in film.near(bands)]
    own = np.array([film.sketch.bands for film in films], np.int64).reshape(-1, BANDS)
    for place, film in enumerate(films):
        near[film.key] += [films[row].key for row in film.near(own[:place])]
    kept = {film.key: film.sketch.coefficients for film in films}
    kept |= _coefficients({key for keys in near.values() for key in keys} - kept.keys())
    return {film.key: _likely(film.asked, near[film.key], kept) for film in films}


def _likely(asked: Asked, near: Iterable[UUID], kept: Mapping[UUID, bytes]) -> list[Copy]:
    there = [key for key in near if key in kept]
    found = likely(asked, [kept[key] for key in there])
    return [Copy(there[each.place], 1 - each.likeness) for each in found]


def _sharing(films: Sequence[Film]) -> Iterator[tuple[list[UUID], Bands]]:
    """Sketched rows that share a band with any of the pictures, in parts."""
    if not films:
        return
    values = np.logical_or.reduce([film.values for film in films])
    shares = Q()
    for field, wanted in zip(FIELDS, values, strict=True):
        shares |= Q(_among(field, np.flatnonzero(wanted).tolist()))
    rows = PictureSketch.objects.filter(shares, version=VERSION).values_list("pk", *FIELDS)
    for some in _parts(rows.iterator(chunk_size=ROWS_AT_ONCE), ROWS_AT_ONCE):
        yield [key for key, *_ in some], np.array([bands for _, *bands in some], np.int64)


def _among(field: str, numbers: list[int]) -> RawSQL:
    is_sqlite = connection.vendor == "sqlite"
    given: Any = json.dumps(numbers) if is_sqlite else numbers
    # The field's name is one of ours.
    return RawSQL(AMONG[connection.vendor].format(field=field), [given], BooleanField())  # noqa: S611


def _coefficients(keys: Iterable[UUID]) -> dict[UUID, bytes]:
    found: dict[UUID, bytes] = {}
    for some in _parts(sorted(keys), KEYS_PER_QUERY):
        rows = PictureSketch.objects.filter(pk__in=some).values_list("pk", "coefficients")
        found |= {key: bytes(coefficients) for key, coefficients in rows}
    return found


def _parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part
