"""VGG16 block 5 on torch (COVID-XR paper, section III.A, Algorithm 1)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inference.ml import weights
from inference.ml.extractor import VGG16_BLOCK5, ExtractorSpec
from inference.ml.vision import torchvision

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
        self._network = _vgg16_convolutions(weights.load(weights_path))

    @property
    def spec(self) -> ExtractorSpec:
        return VGG16_BLOCK5

    def extract(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.extract``. Raises ValueError for another shape."""
        if batch.ndim != 4 or batch.shape[1:] != (3, 224, 224):
            raise ValueError(f"expected (N, 3, 224, 224), got {batch.shape}")
        features = np.empty((len(batch), self.spec.dimensions), dtype=np.float32)
        with torch.inference_mode():
            for top in range(0, len(batch), _AT_ONCE):
                part = torch.from_numpy(np.ascontiguousarray(batch[top : top + _AT_ONCE]))
                features[top : top + _AT_ONCE] = self._network(part).flatten(1).numpy()
        return features


def _vgg16_convolutions(state: weights.Weights) -> torch.nn.Module:
    # Built without memory and filled at once: random numbers for 138 million weights take seconds.
    with torch.device("meta"):
        network: torch.nn.Module = torchvision.models.vgg16(weights=None).features
    tensors = {name.removeprefix("features."): torch.from_numpy(a) for name, a in state.items()}
    network.load_state_dict(tensors, strict=True, assign=True)
    return network.eval().requires_grad_(False)
