"""VGG16 on a GPU computes what the processor's does, in any number of rows, and survives a full
card."""

import numpy as np
import pytest
import torch

from inference.ml.explain import pooled
from inference.ml.torch_cuda_extractor import ROWS, TorchCudaExtractor, rows_computed
from inference.ml.torch_extractor import TorchExtractor
from tests.development import vgg16_weights

pytestmark = pytest.mark.data


@pytest.fixture(scope="module", params=["fp16", "fp32"])
def extractor(request):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return TorchCudaExtractor(vgg16_weights(), precision=request.param)


@pytest.fixture(scope="module")
def batch():
    """More than two chunks, the last one short."""
    random = np.random.default_rng(5)
    return random.normal(0, 60, (2 * ROWS + 3, 3, 224, 224)).astype(np.float32)


@pytest.fixture(scope="module")
def features(extractor, batch):
    return extractor.extract(batch)


def assert_alike(expected, found, error=1e-2):
    assert np.abs(found - expected).max() <= error * np.abs(expected).max()


@pytest.mark.slow
def test_features_are_those_of_the_processor(extractor, features, batch):
    error = {"fp16": 1e-2, "fp32": 1e-3}[extractor.facts.precision]
    places = [0, ROWS - 1, ROWS, 2 * ROWS, 2 * ROWS + 2]
    expected = TorchExtractor(vgg16_weights()).extract(batch[places])
    assert_alike(expected, features[places], error)


def test_every_chunk_keeps_its_rows(extractor, features, batch):
    for top in (0, ROWS, 2 * ROWS):
        assert_alike(features[top : top + 2], extractor.extract(batch[top : top + 2]))


def test_the_place_in_the_batch_does_not_show(extractor, features, batch):
    turned = extractor.extract(batch[:ROWS][::-1])
    assert np.array_equal(turned[::-1], features[:ROWS])


def test_leftovers_of_a_larger_batch_do_not_show(extractor, batch):
    first = extractor.extract(batch[:3])
    extractor.extract(batch[ROWS : 2 * ROWS])
    assert np.array_equal(extractor.extract(batch[:3]), first)


def test_a_graph_is_recorded_once_and_used_again(extractor, batch, monkeypatch):
    expected = extractor.extract(batch[:ROWS])
    monkeypatch.setattr(extractor, "_recorded", lambda source, target: pytest.fail("again"))
    assert np.array_equal(extractor.extract(batch[:ROWS]), expected)


def test_pooling_what_comes_before_it_gives_the_features(extractor, features, batch):
    activations = extractor.before_pooling(batch[1])
    assert (activations.shape, activations.dtype) == ((512, 14, 14), np.float32)
    assert_alike(features[1], pooled(activations))


def test_a_full_card_is_a_memory_error_and_the_next_batch_works(extractor, features, batch):
    free, _total = torch.cuda.mem_get_info()
    hog = [torch.empty(free - (64 << 20), dtype=torch.uint8, device="cuda")]
    for slot in extractor._slots:
        slot.graphs.clear()
    try:
        with pytest.raises(MemoryError):
            extractor.extract(batch[:ROWS])
    finally:
        hog.clear()
        torch.cuda.empty_cache()
    assert_alike(features[:2], extractor.extract(batch[:2]))


def test_an_error_of_the_device_on_its_way_is_a_memory_error(extractor, batch, monkeypatch):
    def full(source, target):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(extractor, "_compute_into", full)
    for slot in extractor._slots:
        slot.graphs.clear()
    with pytest.raises(MemoryError):
        extractor.extract(batch[:1])


def test_an_empty_batch_gives_no_rows(extractor, batch):
    assert extractor.extract(batch[:0]).shape == (0, 25088)


def test_another_shape_is_refused(extractor):
    with pytest.raises(ValueError, match="expected"):
        extractor.extract(np.zeros((1, 3, 256, 256), np.float32))


def test_it_says_what_it_is(extractor):
    facts = extractor.facts
    assert (facts.name, facts.device) == ("torch-cuda", torch.cuda.get_device_name())


@pytest.mark.parametrize(("rows", "computed"), [(1, 1), (2, 2), (3, 4), (33, 64), (64, 64)])
def test_rows_are_computed_in_powers_of_two(rows, computed):
    assert rows_computed(rows) == computed
