"""Room on the server's disk: what a run would write, and what is free."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from inference.ml.extractor import ExtractorSpec
from retraining.ml.architectures import Architecture

HALF: Final = 2
SINGLE: Final = 4
# Of the widest head: 200 numbers for each feature, and small layers behind.
HEAD_WIDTH: Final = 200
SMALL_LAYERS: Final = 200 * 1024
# Numbers that each whole network learns (VGG16's where it is another one of its size).
PARAMETERS: Final = {"alexnet-grey": 56_844_992, "cnn-64": 1_150_080}
PARAMETERS_OF_OTHERS: Final = 14_714_688
# Weights, best weights and two moments in single precision, twice: a checkpoint is written beside
# the one before; then the artifact.
BYTES_A_PARAMETER: Final = 2 * 4 * SINGLE + SINGLE


@dataclass(frozen=True)
class Room:
    """Bytes. `free` leaves out what the platform keeps in reserve for radiographs."""

    free: int
    needed: int

    @property
    def is_enough(self) -> bool:
        return self.free >= self.needed


def room_for(
    architecture: Architecture, extractor: ExtractorSpec, *, cases: int, missing: int
) -> Room:
    """For a run over `cases` films of which `missing` have no features yet."""
    artifact = extractor.dimensions * HEAD_WIDTH * SINGLE + SMALL_LAYERS
    if architecture.backbone:
        channels, height, width = extractor.input_shape
        films = cases * channels * height * width * HALF
        parameters = PARAMETERS.get(architecture.backbone, PARAMETERS_OF_OTHERS)
        needed = films + artifact + parameters * BYTES_A_PARAMETER
    else:
        needed = artifact + missing * extractor.dimensions * HALF
    return Room(free=max(0, _free(settings.DATA_DIR) - settings.DISK_RESERVE_BYTES), needed=needed)


def _free(folder: Path) -> int:
    """Of the disk that holds `folder`, also while the folder is still to be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free
