"""Shards on the disk: one writer each, whole records, private files, no place used twice."""

import errno
import os
import stat
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference import features
from inference.features import index
from inference.features.local import LocalShards
from inference.features.shards import ShardKind, runs
from inference.features.store import store
from inference.models import FeatureShard, FeatureVector
from tests.inference.vectors import (
    DIMENSIONS,
    EXTRACTOR,
    PREPROCESSING,
    begin_again,
    is_on_the_disk,
    key,
    pixels,
    shard_files,
    some,
    vector,
)

KIND = ShardKind(EXTRACTOR, PREPROCESSING, DIMENSIONS)
RECORD = KIND.record_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_shards(monkeypatch) -> None:
    monkeypatch.setattr(index, "FULL", 3)


@pytest.fixture
def other_process(settings) -> LocalShards:
    """The store of a process that runs at the same time."""
    return LocalShards(settings.FEATURES_DIR)


def places() -> list[int]:
    return sorted(FeatureVector.objects.values_list("position", flat=True))


def append(writer: LocalShards, numbers: list[int]) -> FeatureShard:
    with writer.appended(KIND, np.stack([vector(number) for number in numbers])) as (shard, _):
        return shard


# --- files --------------------------------------------------------------------------------------
def test_files_and_folders_are_private(settings):
    features.keep_many(some([1]))
    inside = list(settings.FEATURES_DIR.rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_file()} == {0o600}


@pytest.mark.parametrize("word", ["..", "../up", "a/b", "", ".hidden", "a\0b"])
def test_no_word_leads_out_of_the_folder(word):
    with pytest.raises(ValueError):
        ShardKind(word, PREPROCESSING, DIMENSIONS)
    with pytest.raises(ValueError):
        ShardKind(EXTRACTOR, word, DIMENSIONS)


@given(st.sets(st.integers(0, 200)).map(sorted), st.integers(0, 5))
def test_runs_cover_all_positions_in_order(positions, widest_gap):
    parts = [positions[run] for run in runs(positions, widest_gap)]
    assert [position for part in parts for position in part] == positions
    assert all(b - a <= widest_gap + 1 for part in parts for a, b in pairwise(part))
    assert all(b[0] - a[-1] > widest_gap + 1 for a, b in pairwise(parts))


# --- writers ------------------------------------------------------------------------------------
def test_a_process_appends_to_one_shard(small_shards):
    for number in range(3):
        features.keep_many(some([number]))
    assert places() == [0, 1, 2]
    assert FeatureShard.objects.count() == 1


def test_a_full_shard_is_followed_by_another(small_shards):
    for number in range(4):
        features.keep_many(some([number]))
    assert places() == [0, 0, 1, 2]


def test_two_processes_append_to_different_shards(other_process):
    assert append(other_process, [1]) != append(LocalShards(other_process._folder), [2])


def test_threads_of_one_process_share_its_shard(other_process):
    assert append(other_process, [1]) == append(other_process, [2])


def test_a_shard_whose_process_ended_is_taken_over():
    features.keep_many(some([1]))
    begin_again()
    features.keep_many(some([2]))
    assert len(shard_files()) == 1
    assert len(features.read_many([key(1), key(2)])) == 2


def test_a_full_shard_is_not_taken_over(small_shards):
    features.keep_many(some(range(3)))
    begin_again()
    features.keep_many(some([3]))
    assert len(shard_files()) == 2


def test_a_shard_that_disappears_from_under_its_process_is_followed_by_another():
    features.keep_many(some([1]))
    shard_files()[0].unlink()
    features.keep_many(some([2]))
    assert features.read(key(2)) is not None


def test_a_forked_child_has_a_store_of_its_own():
    before = store()
    child = os.fork()
    if child == 0:
        os._exit(0 if store() is not before else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store() is before


# --- what a killed process leaves ---------------------------------------------------------------
@pytest.mark.parametrize("torn", [1, RECORD - 1, RECORD, RECORD + 1])
def test_the_next_record_begins_on_a_boundary_after_a_torn_one(torn):
    features.keep_many(some([1]))
    begin_again()
    with shard_files()[0].open("ab") as file:
        file.write(b"\x55" * torn)
    features.keep_many(some([2]))
    assert len(features.read_many([key(1), key(2)])) == 2
    assert places() == [0, 1 + -(-torn // RECORD)]


def test_what_was_written_and_never_indexed_is_wiped_at_the_next_start():
    features.keep_many(some([1, 2, 3]))
    FeatureVector.objects.filter(pixel_sha256__in=[pixels(2), pixels(3)]).delete()
    begin_again()
    features.keep_many(some([4]))
    assert not is_on_the_disk(2)
    assert not is_on_the_disk(3)
    assert len(features.read_many([key(1), key(4)])) == 2


def test_a_shard_full_of_what_was_never_indexed_is_taken_over_too(small_shards):
    features.keep_many(some([1, 2, 3]))
    FeatureVector.objects.exclude(pixel_sha256=pixels(1)).delete()
    begin_again()
    features.keep_many(some([4]))
    assert not is_on_the_disk(3)
    assert places() == [0, 3]


def test_a_disk_that_lost_the_end_of_a_shard_gets_no_second_record_at_its_places():
    features.keep_many(some([1, 2, 3]))
    begin_again()
    os.truncate(shard_files()[0], RECORD)
    features.keep_many(some([4]))
    assert places() == [0, 1, 2, 3]
    assert len(features.read_many([key(1), key(4)])) == 2


# --- failures -----------------------------------------------------------------------------------
def test_a_failed_index_leaves_no_bytes(monkeypatch):
    def broken(_):
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(index, "insert", broken)
        with pytest.raises(RuntimeError):
            features.keep_many(some([1]))
    assert not is_on_the_disk(1)
    features.keep_many(some([2]))
    assert places() == [1]


@pytest.mark.parametrize("call", ["pwrite", "fsync"])
def test_after_a_failed_write_the_place_is_free(monkeypatch, call):
    features.keep_many(some([1]))

    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, broken)
        features.keep_many(some([2]))
    assert shard_files()[0].stat().st_size == RECORD
    features.keep_many(some([3]))
    assert places() == [0, 1]


def test_short_writes_are_continued(monkeypatch):
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, content, at: real(file, content[:100], at))
    features.keep_many(some([1, 2]))
    assert len(features.read_many([key(1), key(2)])) == 2


def test_a_record_is_wiped_in_the_shard_of_another_process(other_process):
    shard = append(other_process, [1, 2])
    store().wipe(shard, [0])
    append(other_process, [3])
    assert not is_on_the_disk(1)
    assert is_on_the_disk(2)
    assert is_on_the_disk(3)


# --- two processes with the same key ------------------------------------------------------------
def both_keep(number: int, monkeypatch) -> None:
    """Another process keeps the vector between this one's look and its insert."""
    real = index.insert

    def late(rows):
        monkeypatch.setattr(index, "insert", real)
        begin_again()
        features.keep_many(some([number]))
        real(rows)

    monkeypatch.setattr(index, "insert", late)
    features.keep_many(some([number]))


def test_the_vector_that_came_first_stays(monkeypatch):
    both_keep(1, monkeypatch)
    assert np.array_equal(features.read(key(1)), vector(1))
    contents = b"".join(file.read_bytes() for file in shard_files())
    assert contents.count(vector(1).tobytes()) == 1


def test_a_vector_that_was_forgotten_meanwhile_is_not_brought_back(monkeypatch):
    real = index.outdone

    def forgotten_first(rows):
        lost = real(rows)
        features.forget(pixels(1))
        return lost

    features.keep_many(some([1]))
    monkeypatch.setattr(index, "outdone", forgotten_first)
    features.keep_many(some([1]))
    assert not is_on_the_disk(1)
    assert not FeatureVector.objects.exists()
