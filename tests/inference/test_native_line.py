"""Batches that are begun and asked for later: the same numbers as those that are waited for.

Threads take their images in the order in which the batches came, and whoever wants all threads for
himself comes in his turn.
"""

import contextlib
import multiprocessing
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
import pytest

from inference.ml import weights
from inference.ml.native_library import Network, NoNativeLibrary, best_method
from tests.development import vgg16_weights
from tests.engines import METHODS, native_extractor

pytestmark = pytest.mark.data
THREADS = (1, 2, 3)
MOST = 7


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(12).normal(0, 60, (MOST, 3, 224, 224)).astype(np.float32)


@pytest.fixture(scope="module", params=METHODS)
def make(request):
    """`make(threads) -> Network`."""
    try:
        method = best_method(request.param)
    except NoNativeLibrary as reason:
        pytest.skip(str(reason))
    state = weights.load(vgg16_weights())
    places = sorted({int(name.split(".")[1]) for name in state})
    numbers = [
        [state[f"features.{place}.{kind}"] for place in places] for kind in ("weight", "bias")
    ]
    return lambda threads: Network(*numbers, threads, method)


@pytest.fixture(scope="module")
def networks(make):
    return {threads: make(threads) for threads in THREADS}


def blank(count):
    return np.full((count, 25088), np.nan, np.float32)


def begin(network, images):
    return network.begin(images, blank(len(images)))


def waited_for(network, images):
    features = blank(len(images))
    network.features(images, features)
    return features


def is_there(features):
    """Of each image, whether its row is whole."""
    return np.isfinite(features).all(axis=1)


@pytest.fixture(scope="module")
def expected(networks, images):
    """Of each image on its own, on one thread."""
    return np.concatenate([waited_for(networks[1], image[None]) for image in images])


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("count", [0, 1, 2, 3, MOST])
def test_a_batch_of_any_size_gives_the_numbers_of_single_ones(
    networks, images, expected, threads, count
):
    assert np.array_equal(begin(networks[threads], images[:count]).result(), expected[:count])


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("is_last_first", [False, True])
def test_batches_may_be_asked_for_in_any_order(networks, images, expected, threads, is_last_first):
    parts = [slice(0, 3), slice(3, 5), slice(1, 5)]
    begun = [(part, begin(networks[threads], images[part])) for part in parts]
    for part, batch in begun[::-1] if is_last_first else begun:
        batch.wait_until_taken()
        assert np.array_equal(batch.result(), expected[part])


def test_it_may_be_asked_for_again(networks, images, expected):
    batch = begin(networks[2], images)
    for _ in range(2):
        assert np.array_equal(batch.result(), expected)
        batch.wait_until_taken()


@pytest.mark.parametrize("threads", THREADS)
def test_taken_is_what_no_longer_waits_for_a_thread(networks, images, threads):
    """Then each thread has one image of it left at the most."""
    features = blank(MOST)
    batch = networks[threads].begin(images, features)
    batch.wait_until_taken()
    assert is_there(features).sum() >= MOST - threads
    batch.result()
    assert is_there(features).all()


def test_beginning_does_not_wait_for_the_numbers(networks, images):
    """Five tries: on a busy machine whoever began may get no turn before the threads are done."""

    def is_back_before_the_last_row():
        features = blank(MOST)
        batch = networks[1].begin(images, features)
        is_before = not is_there(features)[-1]
        batch.result()
        return is_before

    assert any(is_back_before_the_last_row() for _ in range(5))


def test_a_single_one_is_there_at_once(networks, images, expected):
    features = blank(1)
    networks[2].begin(images[:1], features)
    assert np.array_equal(features, expected[:1])


def test_first_come_first_served(networks, images):
    """Who wants all threads comes after what was begun before, and they go on afterwards."""
    before, after = blank(5), blank(3)
    first = networks[3].begin(images[:5], before)
    waited_for(networks[3], images[:1])
    assert is_there(before).all()
    second = networks[3].begin(images[:3], after)
    assert is_there(second.result()).all()
    assert first.result() is before


@pytest.mark.parametrize("threads", THREADS)
def test_callers_on_several_threads_do_not_mix(networks, images, expected, threads):
    network = networks[threads]

    def begun(part):
        return begin(network, images[part]).result()

    def begun_twice(part):
        first, second = begin(network, images[part]), begin(network, images[part])
        first.wait_until_taken()
        assert np.array_equal(second.result(), expected[part])
        return first.result()

    def computed(part):
        return waited_for(network, images[part])

    parts = [slice(0, 1), slice(2, 5), slice(5, 7)]
    with ThreadPoolExecutor(6) as pool:
        asked = {
            pool.submit(way, part): part for part in parts for way in (begun, begun_twice, computed)
        }
        for each in as_completed(asked):
            assert np.array_equal(each.result(), expected[asked[each]])


def test_one_thread_may_wait_while_another_asks(networks, images, expected):
    batches = [begin(networks[2], images) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(batch.result) for batch in batches * 2]
        for batch in batches:
            batch.wait_until_taken()
        assert all(np.array_equal(each.result(), expected) for each in asked)


def test_whoever_lets_go_of_a_batch_waits_for_it(networks, images, expected):
    """Its memory may go to somebody else then."""
    features = blank(MOST)
    networks[2].begin(images, features)
    assert np.array_equal(features, expected)


def test_a_network_lasts_until_its_batches_are_computed(make, images, expected):
    batch = begin(make(2), images)
    assert np.array_equal(batch.result(), expected)


def test_a_network_that_nobody_asked_goes(make):
    make(2)


def in_a_child(task):
    child = multiprocessing.get_context("fork").Process(target=task)
    child.start()
    child.join(60)
    return child.exitcode


def test_a_process_that_was_forked_off_computes_at_once(networks, images, expected, tmp_path):
    waited_for(networks[2], images)

    def compute():
        features = blank(MOST)
        batch = networks[2].begin(images, features)
        np.save(tmp_path / "found.npy", features)
        batch.wait_until_taken()
        assert np.array_equal(batch.result(), waited_for(networks[2], images))

    assert in_a_child(compute) == 0
    assert np.array_equal(np.load(tmp_path / "found.npy"), expected)


def test_it_does_not_wait_for_what_its_parent_began(networks, images, expected):
    """Its numbers come to the parent alone: the child has none, or those that were there."""
    batch = begin(networks[2], images)

    def ask():
        batch.wait_until_taken()
        with contextlib.suppress(RuntimeError):
            assert np.array_equal(batch.result(), expected)

    assert in_a_child(ask) == 0
    assert np.array_equal(batch.result(), expected)


@pytest.mark.parametrize("method", METHODS)
def test_an_extractor_begins_what_it_extracts(method, images):
    extractor = native_extractor(vgg16_weights(), method, threads=2)
    first, second = extractor.begin(images[:4]), extractor.begin(images[4:])
    first.wait_until_taken()
    found = np.concatenate([first.result(), second.result()])
    assert np.array_equal(found, extractor.extract(images))
    with pytest.raises(ValueError, match="expected"):
        extractor.begin(images[0])
