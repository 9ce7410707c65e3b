"""VGG16 block 5 on ncnn: Winograd convolutions, the fastest here on a processor."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from inference.ml.extractor import (
    BatchLimits,
    EngineFacts,
    ExtractorSpec,
    refuse_other_shapes,
)
from inference.ml.ncnn_folder import ACTIVATIONS, BINARY, FEATURES, INPUT, PARAM
from inference.ml.ncnn_library import ncnn
from inference.ml.processor import instruction_set, usable_cores

_NO_ROOM: Final = -100


class NcnnExtractor:
    """One radiograph after another, each on all threads: a batch gains nothing here.

    ``model_folder`` is one of ``ncnn_folder.kept``; ``threads`` defaults to the cores that this
    process may use. OSError when ncnn cannot read the files.
    """

    def __init__(
        self, model_folder: Path, spec: ExtractorSpec, *, threads: int | None = None
    ) -> None:
        self._spec = spec
        # Pools, so that memory is asked for once and does not grow from one radiograph to the next.
        self._pools = ncnn.PoolAllocator(), ncnn.PoolAllocator()
        self._net = ncnn.Net()
        self._set_up(threads or usable_cores())
        for status in (
            self._net.load_param(str(model_folder / PARAM)),
            self._net.load_model(str(model_folder / BINARY)),
        ):
            if status:
                raise OSError(f"ncnn cannot read the converted network (status {status})")

    @property
    def spec(self) -> ExtractorSpec:
        return self._spec

    @property
    def facts(self) -> EngineFacts:
        device = f"cpu {instruction_set()}"
        return EngineFacts("ncnn", device, "fp32", ncnn.__version__)

    @property
    def limits(self) -> BatchLimits:
        return BatchLimits(rows=4, patience=0.0)

    def extract(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.extract``."""
        refuse_other_shapes(batch)
        features = np.empty((len(batch), self.spec.dimensions), dtype=np.float32)
        for row, radiograph in zip(features, batch, strict=True):
            row[:] = self._blob(FEATURES, radiograph).ravel()
        return features

    def before_pooling(self, single: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.before_pooling``."""
        refuse_other_shapes(single[None])
        return self._blob(ACTIVATIONS, single)

    def _set_up(self, threads: int) -> None:
        options = self._net.opt
        options.num_threads = threads
        options.blob_allocator, options.workspace_allocator = self._pools
        # Else ARM rounds to fp16 by itself. And bf16 would put features up to 4 % off, for a tenth
        # of the time.
        options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = False
        options.use_bf16_packed = options.use_bf16_storage = False

    def _blob(self, name: str, radiograph: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        # ncnn reads these numbers in place: they must stay until the extraction is over.
        numbers = np.ascontiguousarray(radiograph, dtype=np.float32)
        with self._net.create_extractor() as extraction:
            extraction.input(INPUT, ncnn.Mat(numbers))
            status, found = extraction.extract(name)
            if status == _NO_ROOM:
                raise MemoryError("there is no room for one more radiograph")
            if status:
                raise RuntimeError(f"ncnn gave no {name} (status {status})")
            return np.array(found)
