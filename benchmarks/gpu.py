"""The GPU: how much of its matrix peak VGG16 reaches, and images a second from files to results.

The peak is measured, not read from a data sheet: the best bf16 matrix product of this very card.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from django.core.management import call_command

from benchmarks import films, runners
from benchmarks.onnx_graph import BLOCKS
from inference.ml.processor import usable_cores
from inference.ml.weights import Weights, load

BATCHES = (1, 8, 32, 64, 128, 256, 512)
SIDES = (4096, 8192, 16384)
IMAGES = 30_000
AT_ONCE = 128


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Share of the peak on the card alone and with copies, by batch; and the whole way of a file.

    Where torch sees no CUDA device the result is `skipped` with the reason.
    """
    import torch

    if not torch.cuda.is_available():
        return {"skipped": "torch sees no CUDA device here"}
    peak = max(_matrix_product(side) for side in (SIDES[:1] if quick else SIDES))
    flops = operations(load(films.weights_path()))
    engine = runners.ours("torch-cuda")
    sizes = BATCHES[:2] if quick else BATCHES
    on_card = {size: _on_card(size) for size in sizes}
    with_copies = {size: _with_copies(engine, size) for size in sizes}
    return {
        "card": torch.cuda.get_device_name(),
        "facts": vars(engine.facts),
        "peak_tflops": round(peak / 1e12, 1),
        "gflop_per_image": round(flops / 1e9, 3),
        "share_of_peak": round(max(on_card.values()) * flops / peak, 4),
        "share_of_peak_with_copies": round(max(with_copies.values()) * flops / peak, 4),
        "images_per_second_on_card": _rounded(on_card),
        "images_per_second_with_copies": _rounded(with_copies),
        **_whole_way(engine, AT_ONCE if quick else IMAGES),
    }


def operations(state: Weights) -> int:
    """Multiplications and additions of all convolutions for one radiograph, counted singly.

    What is counted is the direct convolution, whatever algorithm computes it.
    """
    total = 0
    for number, block in enumerate(BLOCKS):
        side = 224 >> number
        for place in block:
            total += 2 * side * side * state[f"features.{place}.weight"].size
    return total


def _matrix_product(side: int) -> float:
    """Operations a second of the best of 20 square bf16 products."""
    import torch

    left, right = (torch.randn(side, side, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return 2 * side**3 / _best_seconds(lambda: torch.matmul(left, right), 20)


def _on_card(size: int) -> float:
    """Images a second of the network alone, in bf16, as a recorded graph: no copies."""
    import torch

    from inference.ml.extractor import VGG16_BLOCK5
    from inference.ml.networks import network_of, placed, run

    network = placed(network_of(VGG16_BLOCK5, films.weights_path()), torch.device("cuda"), "bf16")
    batch = torch.randn(size, 3, 224, 224, device="cuda")
    rules = torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False)
    with torch.inference_mode(), rules:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        with torch.cuda.stream(stream):
            for _ in range(3):
                run(network, batch, "bf16")
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            run(network, batch, "bf16")
        return size / _best_seconds(graph.replay, 15)


def _best_seconds(work: Callable[[], object], times: int) -> float:
    """By the card's own clock, after three runs that are not counted."""

    for _ in range(3):
        work()
    return min(_card_seconds(work) for _ in range(times))


def _card_seconds(work: Callable[[], object]) -> float:
    import torch

    began: Any = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    ended: Any = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    began.record()
    work()
    ended.record()
    torch.cuda.synchronize()
    return float(began.elapsed_time(ended)) / 1000


def _with_copies(engine: Any, size: int) -> float:
    """Images a second of the engine as the platform calls it: arrays in, arrays out."""
    random = np.random.default_rng(0)
    batch = random.normal(0, 60, (size, 3, 224, 224)).astype(np.float32)
    engine.extract(batch)
    seconds = []
    for _ in range(7):
        began = time.perf_counter()
        engine.extract(batch)
        seconds.append(time.perf_counter() - began)
    return size / statistics.median(seconds)


def _whole_way(engine: Any, count: int) -> dict[str, Any]:
    from benchmarks import throughput
    from benchmarks.decode import BASELINE
    from inference.ml.artifact import load as load_artifact
    from inference.ml.engine import Classifier

    call_command("migrate", interactive=False, verbosity=0)
    found = films.films(count, distinct=False)
    classifier = Classifier(load_artifact(BASELINE))
    # Two cores are left for the threads of this process.
    processes = max(1, usable_cores() - 2)
    paths = found.cycled(count)
    way = throughput.run(paths, engine, classifier, at_once=AT_ONCE, processes=processes)
    return {"films": found.kind, "images_per_second": way["images_per_second"], "whole_way": way}


def _rounded(by_size: dict[int, float]) -> dict[str, float]:
    return {str(size): round(value, 1) for size, value in by_size.items()}
