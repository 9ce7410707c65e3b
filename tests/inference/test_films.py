"""Films of one size in one file: whole, resumable, and no bad file stops the others."""

import errno
import json
import os
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from inference import films, inputs, reasons
from inference.films import inputs_of
from tests.factories import make_radiograph

SIDE = 64


@pytest.fixture
def cases(site) -> list:
    return [make_radiograph(site=site, seed=seed) for seed in range(6)]


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "run" / "films.npy"


@pytest.fixture
def by_twos(monkeypatch):
    monkeypatch.setattr(films, "AT_ONCE", 2)


@pytest.fixture
def read(monkeypatch) -> list:
    """Radiographs that were decoded."""
    seen, real = [], films.grey_of
    monkeypatch.setattr(films, "grey_of", lambda row, side: seen.append(row.pk) or real(row, side))
    return seen


def keys_of(cases) -> list:
    return [case.pk for case in cases]


class Killed(Exception):
    """What a lost lease raises in the middle."""


def killed_after(done: int):
    def tell(now: int, _total: int) -> None:
        if now >= done:
            raise Killed

    return tell


def test_each_film_is_what_the_network_would_read(cases, path):
    stack = inputs_of(keys_of(cases), side=SIDE, path=path)
    assert (stack.films.shape, stack.films.dtype) == ((6, SIDE, SIDE), np.float16)
    for film, case in zip(stack.films, cases, strict=True):
        expected = inputs.grey_of(case, SIDE).astype(np.float16)
        assert np.array_equal(film, expected)
    assert stack.is_read.all()


def test_it_lies_on_the_disk_and_is_read_only(cases, path):
    stack = inputs_of(keys_of(cases), side=SIDE, path=path)
    assert isinstance(stack.films, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        stack.films[0, 0, 0] = 1


def test_it_is_for_its_owner_alone(cases, path):
    inputs_of(keys_of(cases), side=SIDE, path=path)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_second_time_nothing_is_decoded(cases, path, read):
    first = inputs_of(keys_of(cases), side=SIDE, path=path).films.copy()
    read.clear()
    again = inputs_of(keys_of(cases), side=SIDE, path=path)
    assert read == []
    assert np.array_equal(again.films, first)


def test_what_was_interrupted_goes_on_where_it_was(cases, path, read, by_twos):
    with pytest.raises(Killed):
        inputs_of(keys_of(cases), side=SIDE, path=path, on_done=killed_after(4))
    assert sorted(read) == sorted(keys_of(cases[:4]))
    read.clear()
    stack = inputs_of(keys_of(cases), side=SIDE, path=path)
    assert sorted(read) == sorted(keys_of(cases[4:]))
    for film, case in zip(stack.films, cases, strict=True):
        assert np.array_equal(film, inputs.grey_of(case, SIDE).astype(np.float16))


def test_progress_is_told_from_the_beginning_to_the_end(cases, path, by_twos):
    told = []
    inputs_of(
        keys_of(cases), side=SIDE, path=path, on_done=lambda done, total: told.append((done, total))
    )
    assert told == [(0, 6), (2, 6), (4, 6), (6, 6)]


def test_a_bad_file_is_named_and_stops_no_other(cases, path):
    Path(cases[2].file.path).write_bytes(b"torn")
    cases[3].file.delete(save=False)
    gone = uuid4()
    stack = inputs_of([*keys_of(cases), gone], side=SIDE, path=path)
    assert stack.unreadable == {
        cases[2].pk: reasons.FILE_DAMAGED,
        cases[3].pk: reasons.FILE_MISSING,
        gone: reasons.FILE_MISSING,
    }
    assert stack.is_read.tolist() == [True, True, False, False, True, True, False]
    assert not stack.films[2].any()
    assert stack.films[4].any()


def test_what_could_not_be_read_is_still_named_the_second_time(cases, path):
    Path(cases[2].file.path).write_bytes(b"torn")
    inputs_of(keys_of(cases), side=SIDE, path=path)
    again = inputs_of(keys_of(cases), side=SIDE, path=path)
    assert again.unreadable == {cases[2].pk: reasons.FILE_DAMAGED}


@pytest.mark.parametrize("change", ["order", "side"])
def test_other_films_are_not_taken_for_these(cases, path, change):
    inputs_of(keys_of(cases), side=SIDE, path=path)
    keys, side = (keys_of(cases)[::-1], SIDE) if change == "order" else (keys_of(cases), 32)
    stack = inputs_of(keys, side=side, path=path)
    last = next(case for case in cases if case.pk == keys[-1])
    assert np.array_equal(stack.films[-1], inputs.grey_of(last, side).astype(np.float16))


def test_a_covered_picture_is_another_film(cases, path, read):
    inputs_of(keys_of(cases), side=SIDE, path=path)
    read.clear()
    type(cases[0]).objects.filter(pk=cases[0].pk).update(pixel_sha256="0" * 64)
    stack = inputs_of(keys_of(cases), side=SIDE, path=path)
    assert len(read) == len(cases)
    assert stack.unreadable == {cases[0].pk: reasons.FILE_DAMAGED}


def test_a_store_that_is_away_is_no_bad_file(cases, path, monkeypatch):
    def away(*_):
        raise ConnectionError("no route to the bucket")

    monkeypatch.setattr(films, "grey_of", away)
    with pytest.raises(ConnectionError):
        inputs_of(keys_of(cases), side=SIDE, path=path)


def test_a_full_disk_is_told_before_any_work(cases, path, read, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        inputs_of(keys_of(cases), side=SIDE, path=path)
    assert read == []


def test_a_damaged_note_of_progress_begins_anew(cases, path, read):
    inputs_of(keys_of(cases), side=SIDE, path=path)
    read.clear()
    note = path.with_name("films.npy.json")
    note.write_text(note.read_text()[:-5])
    inputs_of(keys_of(cases), side=SIDE, path=path)
    assert len(read) == len(cases)


def test_a_file_that_was_cut_begins_anew(cases, path, read):
    inputs_of(keys_of(cases), side=SIDE, path=path)
    read.clear()
    with path.open("r+b") as stream:
        stream.truncate(1000)
    stack = inputs_of(keys_of(cases), side=SIDE, path=path)
    assert len(read) == len(cases)
    assert stack.films.shape == (6, SIDE, SIDE)


def test_no_patient_stands_in_the_note(cases, path):
    inputs_of(keys_of(cases), side=SIDE, path=path)
    note = json.loads(path.with_name("films.npy.json").read_text())
    assert set(note) == {"identity", "done", "size", "unreadable"}


def test_no_films_at_all(db, path):
    stack = inputs_of([], side=SIDE, path=path)
    assert stack.films.shape == (0, SIDE, SIDE)
