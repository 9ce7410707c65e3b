"""VGG16 block 5 on an NVIDIA GPU: tensor cores, CUDA graphs, copies beside the arithmetic.

A chunk of up to 64 radiographs goes host, GPU, host; while one computes, the next one is copied in
and the one before is copied out. A graph replays the whole network with one launch; there is one
for each power of two of rows, recorded when first needed (rows beyond those of a chunk are computed
for nothing).
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inference.ml.extractor import (
    INPUT_SHAPE,
    VGG16_BLOCK5,
    BatchLimits,
    EngineFacts,
    ExtractorSpec,
    refuse_other_shapes,
)
from inference.ml.networks import Precision, network_of, placed, run
from inference.ml.torch_memory import memory_errors

ROWS: Final = 64
# cuDNN tries its algorithms on the first; the later ones run as the recorded one will.
_WARM_UPS: Final = 3

Array = npt.NDArray[np.float32]


class NoGpu(OSError):
    """The engine for GPUs was asked for on a machine where torch sees none."""


class TorchCudaExtractor:
    """VGG16 convolutions up to the fifth pooling on the current CUDA device.

    Raises WeightsRefused, NoGpu, or MemoryError when the GPU is full already.
    """

    def __init__(self, weights_path: Path, *, precision: Precision = "fp16") -> None:
        if not torch.cuda.is_available():
            raise NoGpu("torch sees no CUDA device")
        self._precision: Precision = precision
        self._device = torch.device("cuda", torch.cuda.current_device())
        network = network_of(VGG16_BLOCK5, weights_path)
        with memory_errors():
            self._network = placed(network, self._device, self._precision)
            self._slots = (_Slot(self._device), _Slot(self._device))
        self._upload, self._compute, self._download = (
            torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
            for _ in range(3)
        )
        # Graphs share scratch memory: they run one after another, and their results lie outside.
        self._scratch = torch.cuda.graph_pool_handle()
        self._alone = threading.Lock()

    @property
    def spec(self) -> ExtractorSpec:
        return VGG16_BLOCK5

    @property
    def facts(self) -> EngineFacts:
        card = torch.cuda.get_device_name(self._device)
        return EngineFacts("torch-cuda", card, self._precision, str(torch.__version__))

    @property
    def limits(self) -> BatchLimits:
        return BatchLimits(rows=ROWS, patience=0.005)

    def extract(self, batch: Array) -> Array:
        """See ``FeatureExtractor.extract``. One call at a time; others wait."""
        refuse_other_shapes(batch)
        features = np.empty((len(batch), self.spec.dimensions), dtype=np.float32)
        with self._alone, torch.inference_mode(), memory_errors():
            try:
                for number, top in enumerate(range(0, len(batch), ROWS)):
                    rows = slice(top, top + ROWS)
                    self._launch(self._slots[number % 2], batch[rows], features[rows])
                for slot in self._slots:
                    slot.collect()
            except BaseException:
                self._abandon()
                raise
        return features

    def before_pooling(self, single: Array) -> Array:
        """See ``FeatureExtractor.before_pooling``."""
        refuse_other_shapes(single[None])
        with self._alone, torch.inference_mode(), memory_errors():
            batch = torch.from_numpy(np.ascontiguousarray(single[None])).to(self._device)
            with _convolution_rules():
                activations = run(self._network[:-1], batch, self._precision)
            found: Array = activations[0].cpu().contiguous().numpy()
        return found

    def _launch(self, slot: _Slot, radiographs: Array, into: Array) -> None:
        """Set a chunk going; ``into`` has its features once the slot is collected."""
        slot.collect()
        rows = len(radiographs)
        graph = self._graph(slot, rows_computed(rows))
        slot.host_in[:rows].copy_(torch.from_numpy(np.ascontiguousarray(radiographs)))
        with torch.cuda.stream(self._upload):
            slot.device_in[:rows].copy_(slot.host_in[:rows], non_blocking=True)
            slot.uploaded.record()
        with torch.cuda.stream(self._compute):
            self._compute.wait_event(slot.uploaded)
            graph.replay()
            slot.computed.record()
        with torch.cuda.stream(self._download):
            self._download.wait_event(slot.computed)
            slot.host_out[:rows].copy_(slot.device_out[:rows], non_blocking=True)
            slot.downloaded.record()
        slot.waiting = into

    def _graph(self, slot: _Slot, rows: int) -> torch.cuda.CUDAGraph:
        if rows not in slot.graphs:
            slot.graphs[rows] = self._recorded(slot.device_in[:rows], slot.device_out[:rows])
        return slot.graphs[rows]

    def _recorded(self, source: torch.Tensor, target: torch.Tensor) -> torch.cuda.CUDAGraph:
        """The network from ``source`` to ``target`` as a graph; both stay where they are."""
        graph = torch.cuda.CUDAGraph()
        # What the two tensors were made with must be over; recording itself needs a quiet device.
        torch.cuda.synchronize(self._device)
        with _convolution_rules():
            with torch.cuda.stream(self._compute):
                for _ in range(_WARM_UPS):
                    self._compute_into(source, target)
            torch.cuda.synchronize(self._device)
            with torch.cuda.graph(
                graph,
                pool=self._scratch,
                stream=self._compute,
                capture_error_mode="thread_local",
            ):
                self._compute_into(source, target)
        return graph

    def _compute_into(self, source: torch.Tensor, target: torch.Tensor) -> None:
        target.copy_(run(self._network, source, self._precision).flatten(1))

    def _abandon(self) -> None:
        """After an error: no copy may still be under way when a slot is used again."""
        for slot in self._slots:
            slot.waiting = None
        torch.cuda.synchronize(self._device)


class _Slot:
    """Buffers for one chunk on host and GPU, and the graphs that compute between the latter.

    The host's are pinned: only such memory is copied while the processor does something else.
    """

    def __init__(self, device: torch.device) -> None:
        features = (ROWS, VGG16_BLOCK5.dimensions)
        self.host_in = torch.empty((ROWS, *INPUT_SHAPE), pin_memory=True)
        self.host_out = torch.empty(features, pin_memory=True)
        self.device_in = torch.zeros((ROWS, *INPUT_SHAPE), device=device)
        self.device_out = torch.zeros(features, device=device)
        self.graphs: dict[int, torch.cuda.CUDAGraph] = {}
        self.uploaded, self.computed, self.downloaded = (
            torch.cuda.Event()  # type: ignore[no-untyped-call]
            for _ in range(3)
        )
        self.waiting: Array | None = None

    def collect(self) -> None:
        """Wait for the chunk under way, if any, and hand its features over."""
        if self.waiting is None:
            return
        self.downloaded.synchronize()
        self.waiting[:] = self.host_out[: len(self.waiting)].numpy()
        self.waiting = None


def rows_computed(rows: int) -> int:
    """The smallest power of two with room for ``rows`` (1 or more)."""
    return 1 << (rows - 1).bit_length()


def _convolution_rules() -> AbstractContextManager[None]:
    """The fastest algorithm of each shape, and true float32 where that is asked for (no TF32)."""
    return torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False)
