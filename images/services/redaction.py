"""Writing in the picture: suspected when it comes in, settled by a person, covered for good."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import User
from images.audited import note_radiograph
from images.burned_in import Box, find_writing
from images.decoding import Decoded
from images.errors import Refused
from images.models import Radiograph, Redaction
from images.models.radiograph import TextState
from images.quotas import count_changed
from images.radiograph import RadiographPixels
from images.services.files import remove_files, written_files
from images.signals import pixels_replaced
from images.storage import room_in_database
from images.stored import pixels_of

# Columns that say which files and pixels a radiograph has.
OF_THE_FILES: Final = (
    "file", "thumbnail", "file_sha256", "thumbnail_sha256", "pixel_sha256", "stored_bytes",
)  # fmt: skip


def writing_facts(decoded: Decoded, *, is_synthetic: bool) -> dict[str, Any]:
    """`text_state` and `text_boxes` of a radiograph that comes in.

    Its device's own word (Burned In Annotation, PS3.3 C.7.6.1) counts where nothing is found. A
    drawn picture carries its mark and nobody's name.
    """
    if is_synthetic:
        return {"text_state": TextState.CLEAR, "text_boxes": []}
    boxes = find_writing(decoded.pixels)
    is_suspected = bool(boxes) or decoded.facts.get("burned_in_annotation") is True
    return {
        "text_state": TextState.SUSPECTED if is_suspected else TextState.CLEAR,
        "text_boxes": boxes,
    }


def suspect_writing(*, radiograph: Radiograph) -> bool:
    """Look again at one that is stored as clear; True when it is suspected from now on.

    Raises FileNotFoundError, OSError or ValueError when its file is missing or damaged.
    """
    boxes = find_writing(pixels_of(radiograph))
    if not boxes:
        return False
    clear = Radiograph.objects.filter(
        pk=radiograph.pk, text_state=TextState.CLEAR, pixel_sha256=radiograph.pixel_sha256
    )
    with transaction.atomic():
        changed = clear.update(
            text_state=TextState.SUSPECTED, text_boxes=boxes, updated_at=timezone.now()
        )
        if changed:
            _note_state(radiograph, None, TextState.CLEAR, TextState.SUSPECTED)
    return bool(changed)


@transaction.atomic
def names_nobody(*, radiograph: Radiograph, by: User) -> bool:
    """A person looked: what is written names nobody. False when nothing was to be decided."""
    settled = Radiograph.objects.suspected().filter(pk=radiograph.pk)
    if not settled.update(text_state=TextState.HARMLESS, updated_at=timezone.now()):
        return False
    _note(radiograph, [], by, radiograph.pixel_sha256)
    _note_state(radiograph, by, TextState.SUSPECTED, TextState.HARMLESS)
    return True


def cover(*, radiograph: Radiograph, boxes: Iterable[Box], by: User) -> None:
    """Make the pixels in `boxes` black for good and announce it by `pixels_replaced`.

    Boxes are [left, top, width, height] in pixels and lie in the picture at least in part. The new
    files are there before the row names them, the old ones go after the commit: a crash leaves a
    file that nobody names, for the sweeper. Raises Refused when the institution has a radiograph
    with just these pixels, or when the pixels were replaced meanwhile; StorageFull; and
    FileNotFoundError, OSError or ValueError when the file is missing or damaged.
    """
    boxes, before, state = list(boxes), radiograph.pixel_sha256, radiograph.text_state
    pixels = _blackened(pixels_of(radiograph), boxes)
    new = Radiograph(pk=radiograph.pk, site=radiograph.site, pixel_sha256=pixels.sha256)
    _refuse_known(new)
    try:
        with written_files(new, pixels), room_in_database(), transaction.atomic():
            _exchange(radiograph, new)
            _note(radiograph, boxes, by, before)
            _note_state(radiograph, by, state, TextState.REDACTED, boxes=len(boxes))
            pixels_replaced.send(
                sender=Radiograph, radiograph=radiograph, pixels=pixels, before=before
            )
    except IntegrityError:
        _refuse_known(new)
        raise


def _blackened(pixels: RadiographPixels, boxes: Iterable[Box]) -> RadiographPixels:
    """A copy in which all boxes have the value that is shown black."""
    array = pixels.array.copy()
    black = int(np.clip(np.floor(pixels.low), 0, np.iinfo(array.dtype).max))
    for left, top, width, height in boxes:
        array[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = black
    return RadiographPixels(array, pixels.low, pixels.high)


def _refuse_known(new: Radiograph) -> None:
    """Another radiograph of the institution may be the same one, covered before."""
    same = Radiograph.objects.filter(site=new.site, pixel_sha256=new.pixel_sha256)
    if same.exclude(pk=new.pk).exists():
        raise Refused("covered-twin")


def _exchange(radiograph: Radiograph, new: Radiograph) -> None:
    """The row names the new files, unless it names others than those that were read."""
    old = Radiograph(file=radiograph.file.name, thumbnail=radiograph.thumbnail.name)
    bytes_before = radiograph.stored_bytes
    held = Radiograph.objects.select_for_update().filter(pk=radiograph.pk, file=old.file.name)
    if not held.exists():
        raise Refused("pixels-changed")
    for name in OF_THE_FILES:
        setattr(radiograph, name, getattr(new, name))
    radiograph.text_state, radiograph.text_boxes = TextState.REDACTED, []
    radiograph.save(update_fields=[*OF_THE_FILES, "text_state", "text_boxes", "updated_at"])
    count_changed(radiograph, bytes_before)
    transaction.on_commit(lambda: remove_files(old))


def _note(radiograph: Radiograph, boxes: list[Box], by: User, before: str) -> None:
    Redaction.objects.create(
        radiograph=radiograph, boxes=boxes, made_by=by, pixel_sha256_before=before
    )


def _note_state(
    radiograph: Radiograph, by: User | None, before: str, after: str, **told: Any
) -> None:
    note_radiograph(
        Deed.CHANGED, radiograph, by, {"writing": str(before)}, {"writing": str(after), **told}
    )
