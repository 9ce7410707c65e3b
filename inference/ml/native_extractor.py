"""VGG16 block 5 by our own kernels: Winograd's products on AVX2, AVX-512 or AMX."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from inference.ml import weights
from inference.ml.extractor import (
    VGG16_BLOCK5,
    BatchLimits,
    EngineFacts,
    ExtractorSpec,
    PendingFeatures,
    refuse_other_shapes,
)
from inference.ml.native_library import Network, best_method
from inference.ml.processor import usable_cores

logger = logging.getLogger(__name__)

NAME: Final = "winograd"
# Goes up with any change of the numbers that the kernels give.
VERSION: Final = "1"
# What each method computes with. On AMX a number is the sum of two bfloat16: 16 bits of 24.
_PRECISIONS: Final = {"avx2": "fp32", "avx512": "fp32", "amx": "2 x bf16"}
_CONVOLUTIONS: Final = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_BEFORE_POOLING: Final = (512, 14, 14)
# A quarter of a second: what somebody who is waited for may find before him.
_ROWS_OF_A_THREAD: Final = 8
_MOST_ROWS: Final = 16
# Far above what rounding does (2e-5), far below what any mistake would do.
_TOLERANCE: Final = 1e-3


class WrongNumbers(Exception):
    """The kernels do not compute here what torch computes."""


class NativeExtractor:
    """Each thread computes radiographs of its own, and waits for nobody; a single one, or a rest,
    is computed by all threads together.

    ``threads`` defaults to the cores that this process may use, ``method`` to the best of the
    processor. Raises NoNativeLibrary, WeightsRefused, MemoryError or OSError; WrongNumbers where
    a drawn picture does not come out as torch has it.
    """

    def __init__(
        self, weights_path: Path, *, threads: int | None = None, method: str | None = None
    ) -> None:
        self._method = best_method(method)
        state = weights.load(weights_path)
        names = [f"features.{place}" for place in _CONVOLUTIONS]
        kernels = [state[f"{name}.weight"] for name in names]
        biases = [state[f"{name}.bias"] for name in names]
        threads = threads or usable_cores()
        self._rows = min(threads * _ROWS_OF_A_THREAD, _MOST_ROWS)
        self._network = Network(kernels, biases, threads, self._method)
        # One by all threads together, then one for each thread: the two ways of computing.
        _refuse_wrong_numbers(self, weights_path, {1, min(threads, self._rows)})

    @property
    def spec(self) -> ExtractorSpec:
        return VGG16_BLOCK5

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts(NAME, f"cpu {self._method}", _PRECISIONS[self._method], VERSION)

    @property
    def limits(self) -> BatchLimits:
        return BatchLimits(rows=self._rows, patience=0.0)

    def extract(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.extract``."""
        refuse_other_shapes(batch)
        features = np.empty((len(batch), self.spec.dimensions), dtype=np.float32)
        self._network.features(batch, features)
        return features

    def begin(self, batch: npt.NDArray[np.float32]) -> PendingFeatures:
        """``extract`` without waiting for the numbers: while the last radiographs of this batch are
        computed, the threads that are free go on with the one that is begun next. A single
        radiograph is computed before this returns. ``batch`` stays as it is meanwhile.

        Raises ValueError and MemoryError as ``extract``.
        """
        refuse_other_shapes(batch)
        features = np.empty((len(batch), self.spec.dimensions), dtype=np.float32)
        return self._network.begin(batch, features)

    def before_pooling(self, single: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.before_pooling``."""
        refuse_other_shapes(single[None])
        found = np.empty(_BEFORE_POOLING, dtype=np.float32)
        features = np.empty((1, self.spec.dimensions), dtype=np.float32)
        self._network.features(single[None], features, found[None])
        return found


def _refuse_wrong_numbers(
    extractor: NativeExtractor, weights_path: Path, counts: Iterable[int]
) -> None:
    """People act on these numbers, and compilers and processors have faults: at each start."""
    from inference.ml.torch_extractor import TorchExtractor

    drawn = np.random.default_rng(16).normal(0, 60, (1, *VGG16_BLOCK5.input_shape))
    picture = drawn.astype(np.float32)
    expected = TorchExtractor(weights_path).extract(picture)
    for count in counts:
        found = extractor.extract(np.repeat(picture, count, axis=0))
        off = float(np.abs(found - expected).max() / expected.max())
        if not off <= _TOLERANCE:
            raise WrongNumbers(f"{extractor.facts.device} is {off:.1e} off")
