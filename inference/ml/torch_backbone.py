"""Any network of the registry on torch: the extractors beside VGG16, and networks of models."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inference.ml.backbones import Backbone
from inference.ml.extractor import BatchLimits, EngineFacts, ExtractorSpec, refuse_other_shapes
from inference.ml.torch_memory import memory_errors

# One by one: in a larger batch torch may choose another way to sum, and a radiograph's features
# would depend on how many waited beside it (measured in tests/inference/test_torch_backbone.py).
_AT_ONCE: Final = 1


class TorchBackbone:
    """A network with its numbers as a `FeatureExtractor`, float32 on the CPU.

    ``module`` is put into evaluation mode; it may be shared between threads, nothing changes it.
    """

    def __init__(self, spec: ExtractorSpec, module: Backbone) -> None:
        self._spec = spec
        self._module = module.eval().requires_grad_(False)

    @property
    def spec(self) -> ExtractorSpec:
        return self._spec

    @property
    def facts(self) -> EngineFacts:
        device = f"cpu {torch.backends.cpu.get_cpu_capability().lower()}"
        return EngineFacts("torch", device, "fp32", str(torch.__version__))

    @property
    def limits(self) -> BatchLimits:
        return BatchLimits(rows=8, patience=0.0)

    def extract(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.extract``."""
        refuse_other_shapes(batch, self._spec.input_shape)
        features = np.empty((len(batch), self._spec.dimensions), dtype=np.float32)
        with torch.inference_mode(), memory_errors():
            for top in range(0, len(batch), _AT_ONCE):
                # A copy: torch takes no rows of a reversed view.
                part = torch.from_numpy(batch[top : top + _AT_ONCE].copy())
                features[top : top + _AT_ONCE] = self._module(part).numpy()
        return features

    def before_pooling(self, single: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(channels, side, side) to the last block's activations (C, rows, columns)."""
        batch = np.ascontiguousarray(single[None])
        refuse_other_shapes(batch, self._spec.input_shape)
        with torch.inference_mode(), memory_errors():
            activations = self._module.last_maps(torch.from_numpy(batch))
        found: npt.NDArray[np.float32] = activations[0].numpy()
        return found

    def finish(self, activations: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Activations (C, rows, columns) of ``before_pooling`` to features (dimensions,)."""
        with torch.inference_mode():
            features = self._module.finish(torch.from_numpy(activations[None]))
        found: npt.NDArray[np.float32] = features[0].numpy()
        return found

    def gradient_before_pooling(
        self, activations: npt.NDArray[np.float32], gradient: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.float64]:
        """d logit / d features (dimensions,) carried back to d logit / d activations (C, rows,
        columns), through all that lies between the last maps and the features."""
        maps = torch.from_numpy(activations[None].copy()).requires_grad_()
        weights = torch.from_numpy(np.asarray(gradient, dtype=np.float32))
        with torch.enable_grad():
            features = self._module.finish(maps)[0]
            (carried,) = torch.autograd.grad(features, maps, grad_outputs=weights)
        return np.asarray(carried[0].double().numpy())
