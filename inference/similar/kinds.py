"""Whose features may be compared with whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db.models import QuerySet
from numpy.typing import NDArray

from inference.features.index import FORGOTTEN
from inference.ml.extractor import EXTRACTORS, VGG16_BLOCK5
from inference.models import DeployedModel, FeatureVector

LITTLE_ENDIAN_FP16 = np.dtype("<f2")

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Kind:
    """One extractor after one preprocessing: features of two kinds are never compared."""

    extractor: str
    preprocessing: str

    @property
    def path(self) -> Path:
        """The index of this kind."""
        return Path(settings.SIMILAR_DIR) / f"{self.extractor}.{self.preprocessing}.index"

    @property
    def channels(self) -> int:
        return EXTRACTORS[self.extractor].shape[0]

    def vectors(self) -> QuerySet[FeatureVector]:
        """Those that are not about to be forgotten."""
        return FeatureVector.objects.filter(
            extractor=self.extractor, preprocessing=self.preprocessing
        ).exclude(sha256=FORGOTTEN)

    def unit_rows(self, pooled: Sequence[bytes]) -> Rows:
        """(N, channels) float32 of length 1 from pooled features as they are stored.

        A row of zeros stands for what cannot be compared: all zero, not finite, of another size.
        """
        size = self.channels * LITTLE_ENDIAN_FP16.itemsize
        whole = b"".join(row if len(row) == size else bytes(size) for row in pooled)
        rows = np.frombuffer(whole, LITTLE_ENDIAN_FP16).astype(np.float32)
        rows = rows.reshape(-1, self.channels)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        comparable = np.isfinite(lengths) & (lengths > 0)
        unit: Rows = np.divide(rows, lengths, out=np.zeros_like(rows), where=comparable)
        return unit


def live_kinds() -> list[Kind]:
    """VGG16's, which every answered film has whatever serves; none while nothing serves.

    Networks that were trained on labels here would find what they were taught, not what looks
    alike.
    """
    is_serving = DeployedModel.objects.live_models().exists()
    return [Kind(VGG16_BLOCK5.code, VGG16_BLOCK5.preprocessing_version)] if is_serving else []
