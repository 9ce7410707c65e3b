"""The cache of feature vectors: fp16 files, with a checksum of each in the database.

A vector costs a second of a processor and 50 kB of disk, and never changes: its key holds all that
it depends on. The cache may be lost, emptied or damaged at any time; what is missing is made again.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from core.files import write_whole
from images.models import Radiograph
from inference.models import FeatureVector

logger = logging.getLogger(__name__)

Vector = NDArray[np.float16]
LITTLE_ENDIAN_FP16 = np.dtype("<f2")


@dataclass(frozen=True)
class FeatureKey:
    """What a vector depends on, and nothing else."""

    pixel_sha256: str
    extractor: str
    preprocessing: str

    @property
    def path(self) -> Path:
        folder = Path(settings.FEATURES_DIR) / self.extractor / self.preprocessing
        return folder / self.pixel_sha256[:2] / f"{self.pixel_sha256}.f16"


def cached_or_made(key: FeatureKey, make: Callable[[], Vector]) -> tuple[Vector, bool]:
    """The vector of `key`, fp16 (dimensions,), and whether it came from the cache.

    `make` is called when no undamaged vector is kept; what it raises is passed on.
    """
    kept = read(key)
    if kept is not None:
        return kept, True
    made = make()
    _keep_if_possible(key, made)
    return made, False


def read(key: FeatureKey) -> Vector | None:
    """The kept vector, or None when it is missing or its bytes are not those that were written."""
    row = FeatureVector.objects.filter(
        pixel_sha256=key.pixel_sha256, extractor=key.extractor, preprocessing=key.preprocessing
    ).first()
    if row is None:
        return None
    try:
        content = key.path.read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(content).hexdigest() != row.sha256:
        logger.warning("damaged feature vector, made again key=%s", key.pixel_sha256)
        return None
    return np.frombuffer(content, dtype=LITTLE_ENDIAN_FP16).astype(np.float16)


def keep(key: FeatureKey, vector: Vector) -> None:
    """Write file and row; the file first, so that a row never promises what is not there."""
    content = vector.astype(LITTLE_ENDIAN_FP16).tobytes()
    write_whole(key.path, content)
    written = {"dimensions": vector.size, "sha256": hashlib.sha256(content).hexdigest()}
    FeatureVector.objects.update_or_create(
        defaults=written,
        pixel_sha256=key.pixel_sha256,
        extractor=key.extractor,
        preprocessing=key.preprocessing,
    )


def forget(pixel_sha256: str) -> None:
    """Drop the vectors of a deleted radiograph, unless another one has the same pixels.

    Much of a picture can be rebuilt from its features: deleted for good means these too.
    """
    if Radiograph.objects.filter(pixel_sha256=pixel_sha256).exists():
        return
    for row in FeatureVector.objects.filter(pixel_sha256=pixel_sha256):
        FeatureKey(pixel_sha256, row.extractor, row.preprocessing).path.unlink(missing_ok=True)
        row.delete()


def _keep_if_possible(key: FeatureKey, vector: Vector) -> None:
    # A full disk must cost the cache, not the answer that a patient waits for.
    try:
        keep(key, vector)
    except OSError as problem:
        logger.warning("feature vector not kept reason=%s", problem.strerror)
