"""Threads share a batch out by radiograph, a single one or a rest by its parts: the same numbers.

To the last bit, whatever the way, the company and the place in it.
"""

import numpy as np
import pytest

from inference.ml import weights
from inference.ml.native_library import Network, NoNativeLibrary, best_method
from tests.development import vgg16_weights
from tests.engines import METHODS

pytestmark = pytest.mark.data
THREADS = (1, 2, 3, 5)
MOST = 7


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(11).normal(0, 60, (MOST, 3, 224, 224)).astype(np.float32)


@pytest.fixture(scope="module")
def numbers():
    state = weights.load(vgg16_weights())
    places = sorted({int(name.split(".")[1]) for name in state})
    return [[state[f"features.{place}.{kind}"] for place in places] for kind in ("weight", "bias")]


@pytest.fixture(scope="module", params=METHODS)
def networks(request, numbers):
    """One for each number of threads."""
    try:
        method = best_method(request.param)
    except NoNativeLibrary as reason:
        pytest.skip(str(reason))
    return {threads: Network(*numbers, threads, method) for threads in THREADS}


def computed(network, images):
    features = np.full((len(images), 25088), np.nan, np.float32)
    before_pooling = np.full((len(images), 512, 14, 14), np.nan, np.float32)
    network.features(images, features, before_pooling)
    return features, before_pooling


@pytest.fixture(scope="module")
def expected(networks, images):
    """Of each image on its own, on one thread."""
    singles = [computed(networks[1], image[None]) for image in images]
    return tuple(np.concatenate(arrays) for arrays in zip(*singles, strict=True))


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("count", range(MOST + 1))
def test_a_batch_of_any_size_gives_the_numbers_of_single_ones(
    networks, images, expected, threads, count
):
    features, before_pooling = computed(networks[threads], images[:count])
    assert np.array_equal(features, expected[0][:count])
    assert np.array_equal(before_pooling, expected[1][:count])


@pytest.mark.parametrize("threads", THREADS)
def test_the_order_does_not_show(networks, images, expected, threads):
    order = np.random.default_rng(threads).permutation(MOST)
    features, _ = computed(networks[threads], images[order])
    assert np.array_equal(features, expected[0][order])


@pytest.mark.parametrize("threads", THREADS)
def test_nothing_of_the_batch_before_stays(networks, images, expected, threads):
    computed(networks[threads], np.full_like(images, 1e4))
    features, _ = computed(networks[threads], images[:3])
    assert np.array_equal(features, expected[0][:3])


def test_activations_need_not_be_asked_for(networks, images, expected):
    features = np.empty_like(expected[0])
    networks[2].features(images, features)
    assert np.array_equal(features, expected[0])
