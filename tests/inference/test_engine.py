"""Radiographs to fp16 features in order, in groups that fit in memory: the engine's limits, or less
where the device turns out to be full."""

from dataclasses import dataclass

import numpy as np
import pytest

from inference.ml.engine import Engine
from inference.ml.extractor import VGG16_BLOCK5, BatchLimits, EngineFacts
from inference.ml.precision import to_half

ROWS = 4


@dataclass(frozen=True)
class Film:
    array: np.ndarray
    low: float = 0
    high: float = 255


class MeanExtractor:
    """Every feature is the mean grey of the radiograph; there is room for `room` at once."""

    spec = VGG16_BLOCK5
    facts = EngineFacts("mean", "abacus", "fp32", "1")
    limits = BatchLimits(ROWS, 0.0)

    def __init__(self, room=ROWS):
        self.room = room
        self.groups = []

    def extract(self, batch):
        self.groups.append(len(batch))
        if len(batch) > self.room:
            raise MemoryError
        means = batch.mean(axis=(1, 2, 3), dtype=np.float64)
        return np.repeat(means[:, None], self.spec.dimensions, axis=1).astype(np.float32)

    def before_pooling(self, single):
        return single[:, ::16, ::16]


def inputs(count):
    greys = np.arange(count, dtype=np.float32)[:, None, None, None]
    return np.broadcast_to(greys, (count, 3, 224, 224))


def films(count):
    return [Film(np.full((40, 40), 10 * i, np.uint8)) for i in range(count)]


@pytest.mark.parametrize("count", [0, 1, ROWS, ROWS + 1, 2 * ROWS])
def test_one_row_for_each_radiograph(count):
    features = Engine(MeanExtractor()).features(films(count))
    assert (features.shape, features.dtype) == ((count, 25088), np.float16)


def test_rows_keep_the_order_of_the_radiographs():
    features = Engine(MeanExtractor()).features(films(20))
    assert (np.diff(features[:, 0].astype(float)) > 0).all()


def test_groups_stay_small():
    extractor = MeanExtractor()
    Engine(extractor).features(iter(films(20)))
    assert max(extractor.groups) <= ROWS


def test_a_device_without_room_gets_halves_in_order():
    extractor = MeanExtractor(room=2)
    features = Engine(extractor).features_of(inputs(7))
    assert features[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert extractor.groups == [7, 3, 1, 2, 4, 2, 2]


def test_without_room_for_one_the_error_is_told():
    extractor = MeanExtractor(room=0)
    with pytest.raises(MemoryError):
        Engine(extractor).features_of(inputs(2))
    assert extractor.groups == [2, 1]


def test_it_is_its_extractor_in_all_else():
    extractor = MeanExtractor()
    engine = Engine(extractor)
    assert (engine.spec, engine.facts, engine.limits) == (
        extractor.spec, extractor.facts, extractor.limits,
    )  # fmt: skip
    assert engine.before_pooling(inputs(1)[0]).shape == (3, 14, 14)


def test_pixels_out_of_contract_are_refused():
    with pytest.raises(ValueError, match="empty"):
        Engine(MeanExtractor()).features([Film(np.zeros((40, 40), np.uint8), 5, 5)])


def test_what_fp16_cannot_hold_stays_finite():
    assert to_half(np.array([1e9, -1e9, 1.0])).tolist() == [65504, -65504, 1]
