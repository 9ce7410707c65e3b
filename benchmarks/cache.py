"""The feature cache: 10,000 vectors written through the store, and loaded from the local disk."""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.core.management import call_command

from inference import features
from inference.features import FeatureKey
from inference.ml.extractor import VGG16_BLOCK5

VECTORS = 10_000
AT_ONCE = 100


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Seconds to keep and to load all vectors, the system's own cache of files emptied or warm."""
    count, times = (100, 1) if quick else (VECTORS, 3)
    call_command("migrate", interactive=False, verbosity=0)
    return kept_and_loaded(count, times)


def kept_and_loaded(count: int, times: int) -> dict[str, Any]:
    """The measurement itself, in the database and the folder of the settings.

    RuntimeError when a vector does not come back.
    """
    keys = [_key(number) for number in range(count)]
    keeping = _seconds(lambda: _keep(keys))
    cold = [_load_after_emptying(keys) for _ in range(times)]
    warm = [_seconds(lambda: _load(keys)) for _ in range(times)]
    return {
        "vectors": count,
        "megabytes": round(count * VGG16_BLOCK5.dimensions * 2 / 1e6),
        "keep_seconds": round(keeping, 3),
        "load_seconds": round(statistics.median(cold), 3),
        "load_worst_seconds": round(max(cold), 3),
        "load_warm_seconds": round(statistics.median(warm), 3),
    }


def _key(number: int) -> FeatureKey:
    pixels = hashlib.sha256(str(number).encode()).hexdigest()
    return FeatureKey(pixels, VGG16_BLOCK5.code, VGG16_BLOCK5.preprocessing_version)


def _keep(keys: Sequence[FeatureKey]) -> None:
    base = _vector()
    for top in range(0, len(keys), AT_ONCE):
        some = enumerate(keys[top : top + AT_ONCE], start=top)
        features.keep_many({key: np.roll(base, number) for number, key in some})


def _vector() -> npt.NDArray[np.float16]:
    """Mostly zeros, as behind a ReLU and a pooling."""
    random = np.random.default_rng(0)
    return np.clip(random.normal(-3, 4, VGG16_BLOCK5.dimensions), 0, None).astype(np.float16)


def _load(keys: Sequence[FeatureKey]) -> None:
    found = features.read_many(keys)
    if len(found) != len(keys):
        raise RuntimeError(f"{len(keys) - len(found)} vectors did not come back")


def _load_after_emptying(keys: Sequence[FeatureKey]) -> float:
    _empty_the_systems_cache(Path(settings.FEATURES_DIR))
    return _seconds(lambda: _load(keys))


def _empty_the_systems_cache(folder: Path) -> None:
    """Let the kernel forget the files, so that the disk itself is read."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
