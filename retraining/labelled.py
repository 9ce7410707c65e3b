"""Radiographs of a folder with the RT-PCR results of its `metadata.csv`, one at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from images.decoding import Unreadable, decode
from images.metadata import Row, find_file
from images.radiograph import RadiographPixels
from retraining.ml.split import split_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TRUTH_OF_WORD: Final = {"positive": True, "negative": False}


@dataclass(frozen=True)
class Labelled:
    """A radiograph whose truth is known. `patient` is never empty."""

    filename: str
    pixels: RadiographPixels
    patient: str
    is_positive: bool


@dataclass(frozen=True)
class Skipped:
    """A row that cannot be used, and why."""

    filename: str
    reason: "StrOrPromise"


def rows_of_split(rows: Iterable[Row], *, split: str, salt: str) -> list[Row]:
    """The rows whose patients belong to `split` under `salt` (see retraining.ml.split)."""
    return [row for row in rows if row.patient_id and split_of(row.patient_id, salt) == split]


def labelled(rows: Iterable[Row], folder: Path) -> Iterator[Labelled | Skipped]:
    """Decode the files of `rows`, found in `folder` or `folder/images`, in the order given."""
    for row in rows:
        yield _labelled(row, folder)


def _labelled(row: Row, folder: Path) -> Labelled | Skipped:
    truth = TRUTH_OF_WORD.get(row.rt_pcr.lower())
    if truth is None:
        return Skipped(row.filename, _("Its RT-PCR result is not known."))
    path = find_file(folder, row.filename)
    if path is None:
        return Skipped(row.filename, _("The file is not in the folder."))
    try:
        with path.open("rb") as stream:
            pixels = decode(stream).pixels
    except Unreadable as problem:
        return Skipped(row.filename, problem.sentence)
    except OSError:
        return Skipped(row.filename, _("The file cannot be read."))
    # Without a code each radiograph counts as a patient of its own.
    return Labelled(row.filename, pixels, row.patient_id or row.filename, truth)
