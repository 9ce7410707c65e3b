"""The two files of a radiograph: written before its row, removed after it."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import DatabaseError

from images.models import Radiograph
from images.radiograph import RadiographPixels
from images.storage import forced_together, saved


@contextmanager
def written_files(radiograph: Radiograph, pixels: RadiographPixels) -> Iterator[None]:
    """Write picture and thumbnail; whatever fails inside the block, both are removed again, unless
    a row names them by then.

    Raises StorageFull when there is no room.
    """
    with all_written([(radiograph, pixels)]):
        yield


@contextmanager
def all_written(films: Iterable[tuple[Radiograph, RadiographPixels]]) -> Iterator[None]:
    """The same for several radiographs: whatever fails, all of their files are removed again.

    They come into one folder by chance, and are forced to the disk together, before the block.
    """
    begun: list[Radiograph] = []
    folder = uuid.uuid4().hex[:2]
    try:
        with forced_together():
            for radiograph, pixels in films:
                begun.append(radiograph)
                _write(radiograph, pixels, folder)
        yield
    except BaseException:
        _remove_unowned(begun)
        raise


def _remove_unowned(radiographs: Sequence[Radiograph]) -> None:
    """Not what a row names: the trouble may have come after the commit, or the commit itself may
    have broken off. What cannot be asked now waits for the sweeper."""
    names = [row.file.name for row in radiographs if row.file.name]
    try:
        owned = set(Radiograph.objects.filter(file__in=names).values_list("file", flat=True))
    except DatabaseError:
        return
    for row in radiographs:
        if row.file.name not in owned:
            remove_files(row)


def _write(radiograph: Radiograph, pixels: RadiographPixels, folder: str) -> None:
    png, jpeg = pixels.to_png(), pixels.thumbnail()
    radiograph.file_sha256 = hashlib.sha256(png).hexdigest()
    radiograph.thumbnail_sha256 = hashlib.sha256(jpeg).hexdigest()
    radiograph.stored_bytes = len(png) + len(jpeg)
    radiograph.file = _saved(png, folder, ".png")
    radiograph.thumbnail = _saved(jpeg, folder, ".jpg")


def _saved(content: bytes, folder: str, suffix: str) -> str:
    """The name, as `images.models.radiograph.private_path` makes them: of nothing but chance."""
    key = folder + uuid.uuid4().hex[len(folder) :]
    return saved(f"{folder}/{key}{suffix}", content)


def remove_files(radiograph: Radiograph) -> None:
    """Remove what exists of both files; a missing one is no error."""
    for field in (radiograph.file, radiograph.thumbnail):
        if field.name:
            field.storage.delete(field.name)
