"""The cache of feature vectors: read when whole, made again when not, never worth a failure."""

import errno
import os
import resource

import numpy as np
import pytest

from core.jobs import JobStatus
from images.services import delete_for_good, trash
from inference import features, services
from inference.features import FeatureKey
from inference.ml.extractor import VGG16_BLOCK5
from inference.models import FeatureVector, Prediction
from tests.factories import make_radiograph
from tests.inference.vectors import (
    begin_again,
    damage,
    is_on_the_disk,
    key,
    pixels,
    shard_files,
    some,
    vector,
)

VGG16 = VGG16_BLOCK5.code, VGG16_BLOCK5.preprocessing_version


@pytest.fixture
def kept(db: None) -> list[FeatureKey]:
    """Four vectors, kept as one micro-batch."""
    features.keep_many(some(range(4)))
    return [key(number) for number in range(4)]


def is_kept(number: int) -> bool:
    found = features.read(key(number))
    return found is not None and np.array_equal(found, vector(number))


# --- keep and read ------------------------------------------------------------------------------
def test_vectors_come_back_as_they_were_kept(kept):
    found = features.read_many(kept)
    assert list(found) != []
    assert all(np.array_equal(found[key(number)], vector(number)) for number in range(4))


def test_what_was_never_kept_is_left_out(kept):
    assert features.read_many([kept[0], key(99)]).keys() == {kept[0]}


def test_nothing_is_asked_for(db):
    assert features.read_many([]) == {}


@pytest.mark.parametrize("other", ["pixel_sha256", "extractor", "preprocessing"])
def test_another_key_has_no_vector(kept, other):
    facts = {name: getattr(kept[0], name) for name in ("pixel_sha256", "extractor")}
    facts |= {"preprocessing": kept[0].preprocessing, other: "cd" * 32}
    assert features.read(FeatureKey(**facts)) is None


def test_vectors_of_several_extractors_are_kept_and_read_together(db):
    mixed = {key(1): vector(1), key(2, "other-extractor"): vector(2, 8)}
    features.keep_many(mixed)
    found = features.read_many(mixed)
    assert all(np.array_equal(found[one], mixed[one]) for one in mixed)


def test_a_micro_batch_is_one_write_and_one_sync(kept, monkeypatch):
    calls = []
    for name in ("pwrite", "fsync"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *given, real=real, name=name: (calls.append(name), real(*given))[1]
        )
    features.keep_many(some(range(10, 14)))
    assert calls == ["pwrite", "fsync"]


def test_a_micro_batch_is_one_insert(kept, django_assert_num_queries):
    # And the question whether somebody else kept the same meanwhile.
    with django_assert_num_queries(2):
        features.keep_many(some(range(10, 14)))


def test_a_micro_batch_is_read_with_one_query(kept, django_assert_num_queries):
    with django_assert_num_queries(1):
        features.read_many(kept)


def test_the_place_is_named_by_the_kind_and_nothing_else(kept, settings):
    (file,) = shard_files()
    assert file.parent == settings.FEATURES_DIR / "some-extractor" / "some-preprocessing"
    assert file.stat().st_size == 4 * vector(0).nbytes
    assert not any(one.pixel_sha256[:8] in file.name for one in kept)


def test_the_index_holds_the_spatial_mean_of_each_channel(db):
    maps = np.random.default_rng(0).random(VGG16_BLOCK5.shape).astype(np.float16)
    features.keep_many({FeatureKey(pixels(0), *VGG16): maps.reshape(-1)})
    pooled = np.frombuffer(FeatureVector.objects.get().pooled, "<f2")
    np.testing.assert_allclose(pooled, maps.astype(np.float64).mean(axis=(1, 2)), rtol=1e-3)


# --- damage and loss ----------------------------------------------------------------------------
@pytest.mark.parametrize("at", [0, 1, 127])
def test_a_damaged_byte_is_noticed(kept, at):
    damage(shard_files()[0], at)
    assert features.read_many(kept).keys() == set(kept[1:])


def test_damage_is_one_line_in_the_log_and_names_no_pixels(kept, caplog):
    shard_files()[0].write_bytes(b"")
    features.read_many(kept)
    (line,) = caplog.messages
    assert line == "feature vectors missing, damaged or out of reach count=4"


def test_a_damaged_vector_is_replaced_and_its_old_bytes_wiped(kept):
    damage(shard_files()[0])
    features.keep_many(some([0]))
    assert is_kept(0)
    assert not any(shard_files()[0].read_bytes()[: vector(0).nbytes])
    assert FeatureVector.objects.count() == 4


@pytest.mark.parametrize("stays", [0, 200, 511])
def test_of_a_file_that_lost_its_end_the_rest_is_read(kept, stays):
    os.truncate(shard_files()[0], stays)
    assert features.read_many(kept).keys() == set(kept[: stays // vector(0).nbytes])


def test_an_emptied_folder_is_filled_again(kept):
    shard_files()[0].unlink()
    _, was_cached = features.cached_or_made(kept[0], lambda: vector(0))
    assert not was_cached
    assert is_kept(0)


def test_the_same_key_kept_twice_is_kept_once(kept):
    features.keep_many(some(range(2, 6)))
    assert all(is_kept(number) for number in range(6))
    assert FeatureVector.objects.count() == 6
    # What came second has no row: nobody could forget it later.
    twice = shard_files()[0].read_bytes()[4 * vector(0).nbytes :]
    assert not any(twice[: 2 * vector(0).nbytes])


# --- a full disk --------------------------------------------------------------------------------
def test_a_full_disk_costs_the_cache_and_not_the_answer(kept, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    made, _ = features.cached_or_made(key(9), lambda: vector(9))
    assert np.array_equal(made, vector(9))
    assert caplog.messages == ["feature vectors not kept count=1 reason=No space left on device"]
    assert FeatureVector.objects.count() == 4


def test_a_disk_that_fills_in_the_middle_of_a_write_keeps_nothing_of_it(db):
    large = {key(number): vector(number, 25_088) for number in range(40)}
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limit[1]))
    try:
        features.keep_many(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert [file.stat().st_size for file in shard_files()] == [0]
    features.keep_many(large)
    assert len(features.read_many(large)) == 40


# --- stream -------------------------------------------------------------------------------------
def test_a_stream_gives_all_vectors_in_steps(kept):
    steps = list(features.stream(kept, rows_at_once=3))
    assert [rows.shape for _, rows in steps] == [(3, 64), (1, 64)]
    found = {one: row for keys, rows in steps for one, row in zip(keys, rows, strict=True)}
    assert all(np.array_equal(found[key(number)], vector(number)) for number in range(4))


def test_a_stream_leaves_out_what_is_damaged(kept):
    damage(shard_files()[0], vector(0).nbytes)
    ((keys, rows),) = features.stream(kept, rows_at_once=10)
    assert keys == [kept[0], *kept[2:]]
    assert np.array_equal(rows, [vector(0), vector(2), vector(3)])


def test_several_threads_read_what_is_more_than_one_of_them_takes(db):
    features.keep_many(some(range(300)))
    found = features.read_many([key(number) for number in reversed(range(300))])
    assert all(np.array_equal(found[key(number)], vector(number)) for number in range(300))


# --- the worker ---------------------------------------------------------------------------------
def predict_again(radiograph) -> Prediction:
    Prediction.objects.all().delete()
    services.request_predictions(radiographs=[radiograph])
    services.work_next()
    return Prediction.objects.get()


def test_the_second_prediction_needs_no_network(model, radiograph, small_engine):
    first, second = predict_again(radiograph), predict_again(radiograph)
    assert small_engine.calls == 1
    assert (first.features_were_cached, second.features_were_cached) == (False, True)
    assert first.probability == second.probability


def test_a_damaged_vector_is_made_again_by_the_worker(model, radiograph, small_engine):
    before = predict_again(radiograph).probability
    damage(shard_files()[0])
    after = predict_again(radiograph)
    assert (after.status, after.probability) == (JobStatus.DONE, before)
    assert small_engine.calls == 2
    assert predict_again(radiograph).features_were_cached


# --- forget -------------------------------------------------------------------------------------
def delete(radiograph, capture):
    trash(radiograph=radiograph, by=radiograph.uploader)
    with capture(execute=True):
        assert delete_for_good(radiograph=radiograph)


def test_a_radiograph_deleted_for_good_takes_its_features_along(
    model, radiograph, small_engine, django_capture_on_commit_callbacks
):
    predict_again(radiograph)
    delete(radiograph, django_capture_on_commit_callbacks)
    assert not FeatureVector.objects.exists()
    assert not any(any(file.read_bytes()) for file in shard_files())


def test_features_that_another_radiograph_shares_stay(
    model, radiograph, other_site, small_engine, django_capture_on_commit_callbacks
):
    predict_again(radiograph)
    make_radiograph(site=other_site, seed=1)
    delete(radiograph, django_capture_on_commit_callbacks)
    assert FeatureVector.objects.count() == 1
    assert any(any(file.read_bytes()) for file in shard_files())


def test_what_is_forgotten_is_nowhere_on_the_disk(kept):
    assert is_on_the_disk(1)
    features.forget(pixels(1))
    assert not is_on_the_disk(1)


def test_the_neighbours_of_a_forgotten_vector_stay(kept):
    features.forget(pixels(1))
    assert features.read_many(kept).keys() == {kept[0], kept[2], kept[3]}


def test_a_forgotten_vector_may_be_kept_again(kept):
    features.forget(pixels(1))
    features.keep_many(some([1]))
    assert is_kept(1)


@pytest.fixture
def half_forgotten(kept, monkeypatch) -> None:
    """Vector 1 could not be wiped when it was to be."""

    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", broken)
        features.forget(pixels(1))


def test_what_could_not_be_wiped_is_not_read(half_forgotten, caplog):
    (line,) = caplog.get_records("setup")
    assert line.getMessage().startswith("features of a deleted radiograph are not wiped yet")
    assert features.read(key(1)) is None


def test_what_could_not_be_wiped_is_wiped_later(half_forgotten):
    assert is_on_the_disk(1)
    features.finish_forgetting()
    assert not is_on_the_disk(1)
    assert FeatureVector.objects.count() == 3


def test_a_process_that_begins_wipes_it_before_it_keeps(half_forgotten):
    begin_again()
    features.keep_many(some([9]))
    assert not is_on_the_disk(1)


def test_what_could_not_be_wiped_may_be_kept_again(half_forgotten):
    features.keep_many(some([1]))
    features.finish_forgetting()
    assert is_kept(1)
