"""The file of unit vectors: what it finds, and what becomes of a damaged one."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.similar.case_index import (
    HEADER_BYTES,
    CaseIndex,
    IndexDamaged,
    half,
    label,
    opened,
    read,
    write,
)

NOBODY = UUID(int=2**127)
EVERYTHING = 2.0


def key(number: int) -> UUID:
    """Different in both halves for different numbers."""
    return UUID(int=(number << 64) | (1000 + number))


def index_of(rows: np.ndarray, patients=None, sites=None) -> CaseIndex:
    count = len(rows)
    patients = patients or range(count)
    sites = sites or [0] * count
    labels = [
        label(key(row), key(patient), key(site))
        for row, (patient, site) in enumerate(zip(patients, sites, strict=True))
    ]
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return CaseIndex("x", unit, np.array(labels, np.uint64).reshape(-1, 4))


def nearest(index: CaseIndex, query: np.ndarray, **rules) -> list[tuple[int, float]]:
    unit = (query / np.linalg.norm(query)).astype(np.float32)
    rules = {"below": EVERYTHING, "but_patient": NOBODY, "sites": None} | rules
    return [(half(found), cosine) for found, cosine in index.nearest(unit, **rules)]


@st.composite
def cohorts(draw):
    """Features of a few radiographs (ReLU means: never negative), their patients and sites."""
    count = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    few = st.lists(st.integers(0, 4), min_size=count, max_size=count)
    return rng.random((count, 512)) + 1e-3, draw(few), draw(few)


@given(cohorts(), st.integers(0, 4), st.sets(st.integers(0, 4)))
def test_the_order_is_that_of_brute_force(cohort, patient, sites):
    rows, patients, at = cohort
    query = rows[0] + 0.5 * rows[-1]
    exact = rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
    wanted = {row for row in range(len(rows)) if patients[row] != patient and at[row] in sites}

    found = nearest(
        index_of(rows, patients, at),
        query,
        but_patient=key(patient),
        sites=[key(site) for site in sites],
    )

    assert {row for row, _ in found} == wanted
    assert [cosine for _, cosine in found] == sorted((c for _, c in found), reverse=True)
    np.testing.assert_allclose([c for _, c in found], [exact[row] for row, _ in found], atol=1e-5)


@given(cohorts(), st.integers(0, 4))
def test_the_patient_asked_about_is_never_found(cohort, patient):
    rows, patients, _ = cohort
    found = nearest(index_of(rows, patients), rows[0], but_patient=key(patient))
    assert patient not in {patients[row] for row, _ in found}


def test_without_sites_all_count():
    rows = np.eye(3) + 0.1
    assert len(nearest(index_of(rows, sites=[0, 1, 2]), rows[0])) == 3


def test_no_site_at_all_finds_nothing():
    assert nearest(index_of(np.eye(3) + 0.1), np.ones(3), sites=[]) == []


def test_copies_are_passed_over():
    rows = np.array([[1.0, 0.0], [1.0, 0.01], [1.0, 1.0]])
    assert [row for row, _ in nearest(index_of(rows), rows[0], below=0.99)] == [2]


@pytest.fixture
def path(tmp_path):
    """An index of seven rows in two chunks."""
    index = index_of(np.random.default_rng(1).random((7, 5)))
    chunks = [(index.vectors[:4], index.labels[:4]), (index.vectors[4:], index.labels[4:])]
    write(tmp_path / "a.index", fingerprint="f", channels=5, chunks=chunks)
    return tmp_path / "a.index"


def test_what_is_read_is_what_was_written(path):
    written = index_of(np.random.default_rng(1).random((7, 5)))
    kept = read(path)
    assert kept.fingerprint == "f"
    np.testing.assert_array_equal(kept.vectors, written.vectors)
    np.testing.assert_array_equal(kept.labels, written.labels)


def test_an_empty_index_finds_nothing(tmp_path):
    write(tmp_path / "a.index", fingerprint="f", channels=5, chunks=[])
    assert nearest(read(tmp_path / "a.index"), np.ones(5)) == []


def test_vectors_are_private_and_leave_no_part_behind(path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_breaks_off_leaves_the_old_index(path):
    def chunks():
        yield np.ones((1, 5), np.float32), np.zeros((1, 4), np.uint64)
        raise OSError

    with pytest.raises(OSError):
        write(path, fingerprint="new", channels=5, chunks=chunks())
    assert read(path).fingerprint == "f"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("place", [0, 3, HEADER_BYTES, HEADER_BYTES + 70, -1])
def test_a_turned_bit_is_noticed(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexDamaged):
        read(path)


@given(content=st.binary(max_size=300), keeps=st.integers(0, 5000))
def test_what_is_no_index_is_refused(tmp_path_factory, content, keeps):
    path = tmp_path_factory.mktemp("index") / "a.index"
    write(path, fingerprint="f", channels=5, chunks=[])
    path.write_bytes(path.read_bytes()[: min(keeps, HEADER_BYTES - 1)].rstrip()[:-1] + content)
    with pytest.raises(IndexDamaged):
        read(path)


def test_an_index_of_another_format_is_refused(path):
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 9'))
    with pytest.raises(IndexDamaged):
        read(path)


def test_a_damaged_index_counts_as_none_and_is_read_once(path, caplog):
    path.write_bytes(b"{}")
    assert opened(path) is None
    assert opened(path) is None
    assert len(caplog.records) == 1


def test_a_missing_index_counts_as_none(tmp_path):
    assert opened(tmp_path / "missing.index") is None


def test_the_open_index_stays_open(path):
    assert opened(path) is opened(path)


def test_a_new_index_is_opened_when_it_is_wanted(path):
    old = opened(path)
    write(path, fingerprint="new", channels=5, chunks=[])
    assert opened(path).fingerprint == "new"
    assert len(old.vectors) == 7
    assert np.isfinite(old.vectors).all()
