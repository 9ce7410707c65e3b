"""The two files of a radiograph: written before its row, removed after it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.base import ContentFile

from images.models import Radiograph
from images.radiograph import RadiographPixels


@contextmanager
def written_files(radiograph: Radiograph, pixels: RadiographPixels) -> Iterator[None]:
    """Write picture and thumbnail; whatever fails inside the block, both are removed again.

    Raises StorageFull when there is no room.
    """
    try:
        _write(radiograph, pixels)
        yield
    except BaseException:
        remove_files(radiograph)
        raise


def _write(radiograph: Radiograph, pixels: RadiographPixels) -> None:
    png, jpeg = pixels.to_png(), pixels.thumbnail()
    radiograph.file_sha256 = hashlib.sha256(png).hexdigest()
    radiograph.thumbnail_sha256 = hashlib.sha256(jpeg).hexdigest()
    radiograph.stored_bytes = len(png) + len(jpeg)
    radiograph.file.save("radiograph.png", ContentFile(png), save=False)
    radiograph.thumbnail.save("thumbnail.jpg", ContentFile(jpeg), save=False)


def remove_files(radiograph: Radiograph) -> None:
    """Remove what exists of both files; a missing one is no error."""
    for field in (radiograph.file, radiograph.thumbnail):
        if field.name:
            field.storage.delete(field.name)
