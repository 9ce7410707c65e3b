"""Keys and vectors that a number stands for, and what the store on the disk holds of them."""

import hashlib
from pathlib import Path

import numpy as np
from django.conf import settings

from inference.features import FeatureKey, cache, store

EXTRACTOR, PREPROCESSING, DIMENSIONS = "some-extractor", "some-preprocessing", 64


def key(number: int, extractor: str = EXTRACTOR) -> FeatureKey:
    return FeatureKey(pixels(number), extractor, PREPROCESSING)


def pixels(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def vector(number: int, dimensions: int = DIMENSIONS) -> np.ndarray:
    """No other number has it, and no part of it is zero."""
    return np.random.default_rng(number).uniform(1, 2, dimensions).astype(np.float16)


def some(numbers) -> dict[FeatureKey, np.ndarray]:
    return {key(number): vector(number) for number in numbers}


def shard_files() -> list[Path]:
    return sorted(Path(settings.FEATURES_DIR).rglob("*.f16"))


def is_on_the_disk(number: int, dimensions: int = DIMENSIONS) -> bool:
    """Whether any eighth of the vector's bytes lies anywhere in the store's folder."""
    content = vector(number, dimensions).tobytes()
    length = len(content) // 8
    parts = [content[top : top + length] for top in range(0, len(content), length)]
    files = [path.read_bytes() for path in shard_files()]
    return any(part in file for part in parts for file in files)


def damage(path: Path, at: int = 5) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


def begin_again() -> None:
    """As if the process had ended and another had begun: its locks are free."""
    store._store.cache_clear()
    cache._finish_forgetting_once.cache_clear()
