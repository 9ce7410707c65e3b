"""Features for a training: what is missing is made, in small groups, and nothing twice."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from inference import features, inputs, making, reasons, worker
from inference.features import FeatureKey
from inference.making import features_of_films, make_missing
from inference.ml.errors import WeightsUnavailable
from inference.ml.extractor import EXTRACTORS, VGG16_BLOCK5
from inference.models import FeatureVector
from tests.factories import make_radiograph
from tests.networks import OWN, SHARED


@pytest.fixture
def cases(site) -> list:
    return [make_radiograph(site=site, seed=seed) for seed in range(5)]


@pytest.fixture
def by_twos(monkeypatch):
    monkeypatch.setattr(making, "AT_ONCE", 2)


def keys_of(cases) -> list:
    return [case.pk for case in cases]


def make(cases, extractor=VGG16_BLOCK5.code, **options):
    return make_missing(keys_of(cases), extractor=extractor, **options)


def cached(case, extractor=VGG16_BLOCK5.code):
    spec = EXTRACTORS[extractor]
    return features.read(FeatureKey(case.pixel_sha256, spec.code, spec.preprocessing_version))


def test_what_is_missing_is_made_and_kept(cases, small_engine):
    made = make(cases)
    assert (made.cached, made.made, made.failed) == (0, 5, 0)
    for case in cases:
        [expected] = small_engine.features_of(worker.input_of(case)[None])
        assert np.array_equal(cached(case), expected)


def test_a_second_time_nothing_is_made(cases, small_engine):
    make(cases)
    calls = small_engine.calls
    again = make(cases)
    assert (again.cached, again.made, small_engine.calls) == (5, 0, calls)


def test_a_damaged_vector_is_made_again(cases, small_engine, settings):
    make(cases)
    FeatureVector.objects.filter(pixel_sha256=cases[0].pixel_sha256).update(sha256="0" * 64)
    made = make(cases)
    assert (made.cached, made.made) == (4, 1)
    assert cached(cases[0]) is not None


@pytest.mark.usefixtures("shared_weights")
def test_any_shared_extractor_makes_them(cases):
    made = make(cases[:2], SHARED)
    assert made.made == 2
    film = worker.input_of(cases[0], EXTRACTORS[SHARED])
    [expected] = worker.extractor_named(SHARED).features_of(film[None])
    assert np.array_equal(cached(cases[0], SHARED), expected)


def test_without_weights_it_says_so(cases, settings, tmp_path):
    settings.WEIGHTS_DIR = tmp_path / "no-weights"
    worker._shared.cache_clear()
    with pytest.raises(WeightsUnavailable):
        make(cases, SHARED)


def test_with_all_cached_no_network_is_loaded(cases, small_engine, monkeypatch):
    make(cases)

    def never(_code):
        raise AssertionError

    monkeypatch.setattr(worker, "extractor_named", never)
    assert make(cases).cached == 5


def test_bad_files_stop_no_others(cases, small_engine):
    Path(cases[1].file.path).write_bytes(b"torn")
    gone = uuid4()
    made = make_missing([*keys_of(cases), gone], extractor=VGG16_BLOCK5.code)
    assert (made.made, made.failed) == (4, 2)
    assert made.troubles == {cases[1].pk: reasons.FILE_DAMAGED, gone: reasons.FILE_MISSING}


def test_a_film_that_the_network_cannot_bear_stops_no_other(cases, small_engine, monkeypatch):
    poison, real = worker.input_of(cases[2]), type(small_engine).features_of

    def failing(batch):
        if any(np.array_equal(row, poison) for row in batch):
            raise RuntimeError("something of the network")
        return real(small_engine, batch)

    monkeypatch.setattr(small_engine, "features_of", failing)
    made = make(cases)
    assert (made.made, made.troubles) == (4, {cases[2].pk: reasons.UNEXPECTED})


def test_who_is_told_may_stop_it_and_what_was_made_stays(cases, small_engine, by_twos):
    class LeaseLost(Exception):
        pass

    def stop(done, _total):
        if done >= 2:
            raise LeaseLost

    with pytest.raises(LeaseLost):
        make(cases, on_done=stop)
    assert FeatureVector.objects.count() == 2
    assert make(cases).cached == 2


def test_progress_counts_what_was_there(cases, small_engine, by_twos):
    make(cases[:1])
    told = []
    make(cases, on_done=lambda done, total: told.append((done, total)))
    assert told == [(1, 5), (3, 5), (5, 5)]


def test_a_cache_that_cannot_be_written_is_no_success(cases, small_engine, monkeypatch):
    monkeypatch.setattr(making.features, "keep_many", lambda _vectors: None)
    with pytest.raises(OSError, match="cannot be kept"):
        make(cases)


def test_an_empty_memory_is_raised(cases, small_engine, monkeypatch):
    def none_left(_batch):
        raise MemoryError

    monkeypatch.setattr(small_engine, "features_of", none_left)
    with pytest.raises(MemoryError):
        make(cases)


def test_an_unknown_extractor(cases):
    with pytest.raises(KeyError):
        make(cases, "no-such")


def test_features_by_a_network_that_travels_are_not_cached(cases, own_network):
    from inference.ml.artifact import load

    artifact = load(own_network())
    Path(cases[1].file.path).unlink()
    blocks = list(features_of_films(artifact, keys_of(cases)))
    keys = [key for some, _rows in blocks for key in some]
    rows = np.concatenate([rows for _some, rows in blocks])
    assert keys == keys_of([cases[0], *cases[2:]])
    film = inputs.grey_of(cases[0], EXTRACTORS[OWN].side)
    [expected] = worker.own_network(artifact).features_of(film[None, None].copy())
    assert np.array_equal(rows[0], expected)
    assert not FeatureVector.objects.exists()
