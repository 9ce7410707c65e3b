"""Radiographs to fp16 features in order, in groups that fit in memory."""

from dataclasses import dataclass

import numpy as np
import pytest

from inference.ml.engine import GROUP, Engine, to_half
from inference.ml.extractor import VGG16_BLOCK5


@dataclass(frozen=True)
class Film:
    array: np.ndarray
    low: float = 0
    high: float = 255


class MeanExtractor:
    """Every feature is the mean grey of the radiograph."""

    spec = VGG16_BLOCK5

    def __init__(self):
        self.groups = []

    def extract(self, batch):
        self.groups.append(len(batch))
        means = batch.mean(axis=(1, 2, 3), dtype=np.float64)
        return np.repeat(means[:, None], self.spec.dimensions, axis=1).astype(np.float32)


def films(count):
    return [Film(np.full((40, 40), 10 * i, np.uint8)) for i in range(count)]


@pytest.mark.parametrize("count", [0, 1, GROUP, GROUP + 1, 2 * GROUP])
def test_one_row_for_each_radiograph(count):
    features = Engine(MeanExtractor()).features(films(count))
    assert (features.shape, features.dtype) == ((count, 25088), np.float16)


def test_rows_keep_the_order_of_the_radiographs():
    features = Engine(MeanExtractor()).features(films(20))
    assert (np.diff(features[:, 0].astype(float)) > 0).all()


def test_groups_stay_small():
    extractor = MeanExtractor()
    Engine(extractor).features(iter(films(20)))
    assert max(extractor.groups) <= GROUP


def test_pixels_out_of_contract_are_refused():
    with pytest.raises(ValueError, match="empty"):
        Engine(MeanExtractor()).features([Film(np.zeros((40, 40), np.uint8), 5, 5)])


def test_what_fp16_cannot_hold_stays_finite():
    assert to_half(np.array([1e9, -1e9, 1.0])).tolist() == [65504, -65504, 1]
