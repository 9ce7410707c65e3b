"""VGG16 block 5 on torch (COVID-XR paper, section III.A, Algorithm 1): the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inference.ml.extractor import (
    VGG16_BLOCK5,
    BatchLimits,
    EngineFacts,
    ExtractorSpec,
    refuse_other_shapes,
)
from inference.ml.networks import network_of
from inference.ml.torch_memory import memory_errors

# Costs two thirds of the processor time of one by one; larger groups gain nothing more. The sums
# of one radiograph stay the same to the last bit (tests/inference/test_extractor_parity.py).
_AT_ONCE: Final = 8


class TorchExtractor:
    """VGG16 convolutions up to the fifth pooling, float32 on the CPU.

    ``weights_path`` is a safetensors file of the known convolutions; WeightsRefused otherwise.
    ``threads`` sets torch's threads for the whole process (None leaves them as they are).
    """

    def __init__(self, weights_path: Path, *, threads: int | None = None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._network = network_of(VGG16_BLOCK5, weights_path)

    @property
    def spec(self) -> ExtractorSpec:
        return VGG16_BLOCK5

    @property
    def facts(self) -> EngineFacts:
        device = f"cpu {torch.backends.cpu.get_cpu_capability().lower()}"
        return EngineFacts("torch", device, "fp32", str(torch.__version__))

    @property
    def limits(self) -> BatchLimits:
        return BatchLimits(rows=_AT_ONCE, patience=0.0)

    def extract(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.extract``."""
        refuse_other_shapes(batch)
        features = np.empty((len(batch), self.spec.dimensions), dtype=np.float32)
        with torch.inference_mode(), memory_errors():
            for top in range(0, len(batch), _AT_ONCE):
                part = torch.from_numpy(np.ascontiguousarray(batch[top : top + _AT_ONCE]))
                features[top : top + _AT_ONCE] = self._network(part).flatten(1).numpy()
        return features

    def before_pooling(self, single: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.before_pooling``."""
        batch = np.ascontiguousarray(single[None])
        refuse_other_shapes(batch)
        with torch.inference_mode(), memory_errors():
            activations: torch.Tensor = self._network[:-1](torch.from_numpy(batch))
        found: npt.NDArray[np.float32] = activations[0].numpy()
        return found
