"""Any sequence of parts that leaves no gap makes the same file."""

import io
import threading
import uuid

import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from images import spool
from images.errors import StorageFull

CONTENT = bytes(range(256)) * 8
SIZE = len(CONTENT)


@pytest.fixture
def path(settings):
    return spool.path_of(uuid.uuid4(), uuid.uuid4())


def send(path, start: int, end: int) -> int:
    """Bytes `start` to `end` of the content; returns the length afterwards."""
    stream = io.BytesIO(CONTENT[start:end])
    for _ in spool.appended(path, stream, offset=start, size=SIZE):
        pass
    return spool.length(path)


@st.composite
def cuts(draw):
    """Parts that begin anywhere in what is here and go on anywhere."""
    length, parts = 0, []
    for _ in range(draw(st.integers(0, 12))):
        start = draw(st.integers(0, length))
        end = draw(st.integers(start, SIZE))
        parts.append((start, end))
        length = max(length, end)
    return parts


@settings(max_examples=60, deadline=None)
@given(parts=cuts(), chunk=st.integers(1, 700))
def test_parts_in_any_order_without_a_gap(parts, chunk):
    path = spool.path_of(uuid.uuid4(), uuid.uuid4())
    was, spool.CHUNK = spool.CHUNK, chunk
    try:
        for start, end in parts:
            send(path, start, end)
        here = spool.length(path)
        assert here == max((end for _, end in parts), default=0)
        send(path, here, SIZE)
        assert path.read_bytes() == CONTENT
    finally:
        spool.CHUNK = was
        spool.drop(path)


@settings(max_examples=30, deadline=None)
@given(start=st.integers(1, SIZE), here=st.integers(0, SIZE))
def test_a_gap_changes_nothing(start, here):
    path = spool.path_of(uuid.uuid4(), uuid.uuid4())
    send(path, 0, min(here, start - 1))

    with pytest.raises(spool.Gap):
        send(path, start, SIZE)

    assert spool.length(path) == min(here, start - 1)
    spool.drop(path)


def test_file_never_grows_beyond_its_size(path):
    for _ in spool.appended(path, io.BytesIO(bytes(500)), offset=0, size=100):
        pass

    assert spool.length(path) == 100


def test_eight_connections_with_the_same_file_at_once(path, monkeypatch):
    monkeypatch.setattr(spool, "CHUNK", 7)
    start = threading.Barrier(8)

    def push():
        start.wait()
        send(path, 0, SIZE)

    threads = [threading.Thread(target=push) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert path.read_bytes() == CONTENT


def test_full_disk_midway_keeps_what_was_written(path, monkeypatch):
    send(path, 0, 100)
    write = spool.os.pwrite

    def half(descriptor, content, offset):
        if offset > 100:
            raise OSError(28, "No space left on device")
        return write(descriptor, content[:50], offset)

    monkeypatch.setattr(spool.os, "pwrite", half)
    with pytest.raises(StorageFull):
        send(path, 100, 300)

    assert path.read_bytes() == CONTENT[:150]


def test_lengths_of_a_batch(path):
    send(path, 0, 10)

    assert spool.lengths(uuid.UUID(path.parent.name)) == {path.stem: 10}
    assert spool.lengths(uuid.uuid4()) == {}


def test_whole_file_is_written_and_hashed(path):
    spool.written(path, [b"old " * 100])

    sha256 = spool.written(path, [CONTENT[:100], CONTENT[100:]])

    assert path.read_bytes() == CONTENT
    assert sha256 == spool.settle(path) == spool.digest(io.BytesIO(CONTENT))


def test_nothing_is_left_of_a_file_that_broke_off(path):
    def broken():
        yield b"some"
        raise ValueError

    with pytest.raises(ValueError):
        spool.written(path, broken())

    assert not path.exists()


def test_spool_lies_outside_what_is_served():
    assert django_settings.MEDIA_ROOT not in django_settings.INTAKE_DIR.parents


def test_staged_files_are_whole_and_private(path):
    batch = uuid.uuid4()

    keys = spool.stage(batch, [memoryview(CONTENT), memoryview(b"x")])

    paths = [spool.path_of(batch, key) for key in keys]
    assert [each.read_bytes() for each in paths] == [CONTENT, b"x"]
    assert {each.stat().st_mode & 0o777 for each in paths} == {0o600}


def test_nothing_is_left_of_staged_files_when_one_cannot_be_forced_to_the_disk(path, monkeypatch):
    batch = uuid.uuid4()
    forced = iter([None, OSError(28, "No space left on device")])

    def fsync(descriptor):
        if problem := next(forced, None):
            raise problem

    spool.written(spool.path_of(batch, uuid.uuid4()), [b"of another file"])
    monkeypatch.setattr(spool.os, "fsync", fsync)
    with pytest.raises(StorageFull):
        spool.stage(batch, [memoryview(CONTENT)] * 2)

    assert list(spool.lengths(batch).values()) == [len(b"of another file")]


def test_staged_file_takes_the_place_of_what_had_arrived(path):
    batch = uuid.UUID(path.parent.name)
    send(path, 0, 100)
    staged = spool.stage(batch, [memoryview(CONTENT)])[0]

    spool.become(batch, staged, uuid.UUID(path.stem))

    assert path.read_bytes() == CONTENT
    assert spool.lengths(batch) == {path.stem: SIZE}
