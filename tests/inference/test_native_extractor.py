"""The engine `winograd`: the same numbers by any threads and processes, checked before it serves.

That it computes VGG16 is in test_extractor_parity.py.
"""

import logging
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inference.ml import engines
from inference.ml.extractor import BatchLimits
from inference.ml.native_library import Network
from tests.development import vgg16_weights
from tests.engines import METHODS, native_extractor

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def batch():
    return np.random.default_rng(7).normal(0, 60, (4, 3, 224, 224)).astype(np.float32)


@pytest.fixture(scope="module", params=METHODS)
def extractor(request):
    return native_extractor(vgg16_weights(), request.param, threads=2)


@pytest.fixture(scope="module")
def features(extractor, batch):
    return extractor.extract(batch)


def test_it_says_what_it_computes_with(extractor):
    facts = extractor.facts
    method = facts.device.removeprefix("cpu ")
    assert facts.name == "winograd"
    assert facts.precision == {"avx2": "fp32", "avx512": "fp32", "amx": "2 x bf16"}[method]


@pytest.mark.parametrize("threads", [1, 3])
def test_more_threads_give_the_same_to_the_last_bit(extractor, features, batch, threads):
    method = extractor.facts.device.removeprefix("cpu ")
    other = native_extractor(vgg16_weights(), method, threads=threads)
    assert np.array_equal(other.extract(batch), features)


def test_callers_on_several_threads_do_not_mix(extractor, features, batch):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: extractor.extract(one[None])[0], [*batch] * 4))
    assert np.array_equal(np.stack(found), np.tile(features, (4, 1)))


def test_a_process_that_was_forked_off_computes_the_same(extractor, features, batch, tmp_path):
    """Its parent's pool of threads is not there; Celery forks its workers."""

    def compute():
        np.save(tmp_path / "found.npy", extractor.extract(batch))

    child = multiprocessing.get_context("fork").Process(target=compute)
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert np.array_equal(np.load(tmp_path / "found.npy"), features)


def test_a_radiograph_of_any_layout_in_memory(extractor, features, batch):
    turned = np.asfortranarray(batch)
    assert np.array_equal(extractor.extract(turned), features)


@pytest.mark.parametrize("is_alone", [True, False])
def test_kernels_that_compute_wrongly_do_not_serve(
    extractor, monkeypatch, caplog, tmp_path, is_alone
):
    """A single radiograph and several are computed in different ways: both are tried."""
    real = Network.features

    def a_little_wrong(self, images, features, before_pooling=None):
        real(self, images, features, before_pooling)
        if is_alone == (len(images) == 1):
            features[-1, 100] += features.max()

    monkeypatch.setattr(Network, "features", a_little_wrong)
    with caplog.at_level(logging.ERROR):
        chosen = engines.build("winograd", vgg16_weights(), tmp_path, threads=2)
    assert chosen.facts.name == "ncnn"
    assert "winograd computes wrongly here" in caplog.text


@pytest.mark.parametrize(("threads", "rows"), [(1, 8), (2, 16), (5, 16)])
def test_a_micro_batch_is_larger_where_more_threads_compute(extractor, threads, rows):
    method = extractor.facts.device.removeprefix("cpu ")
    other = native_extractor(vgg16_weights(), method, threads=threads)
    assert other.limits == BatchLimits(rows=rows, patience=0.0)


def test_missing_weights_are_told(extractor, tmp_path):
    with pytest.raises(FileNotFoundError):
        engines.build("winograd", tmp_path / "none", tmp_path)
