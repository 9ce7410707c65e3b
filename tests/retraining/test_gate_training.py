"""Fitting the gate on made-up views: a cloud of films, and others that lie elsewhere."""

import numpy as np
import pytest

from inference.ml.gate import COMPONENTS, DESCRIBED, SMALL, Gate
from retraining.ml.baseline import SALT
from retraining.ml.gate_training import Films, TooFewRadiographs, fit, out_of_fold, train_gate
from retraining.ml.split import TEST, split_of

FILMS = 150


def cloud(count: int, seed: int, away: float = 0.0) -> np.ndarray:
    """Vectors near one direction; `away` moves all of them along another."""
    random = np.random.default_rng(seed)
    vectors = 1.0 + 0.1 * random.normal(size=(count, DESCRIBED))
    vectors[:, : DESCRIBED // 2] += away
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def small(count: int, seed: int) -> np.ndarray:
    ramp = np.tile(np.linspace(0, 1, SMALL), (SMALL, 1))
    return ramp + 0.05 * np.random.default_rng(seed).normal(size=(count, SMALL, SMALL))


def films(count: int = FILMS, away: float = 0.0) -> Films:
    patients = tuple(f"patient-{number}" for number in range(count))
    return Films(small(count, 1), cloud(count, 1, away), small(count, 2), cloud(count, 2), patients)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("gates") / "gate"
    train_gate(films(), out=out, created="2026-01-01")
    return out


def test_the_artifact_loads_as_it_was_made(folder):
    assert Gate.load(folder).manifest.version == "gate-1"


def test_most_copies_of_unmet_patients_pass(folder):
    counted = Gate.load(folder).manifest.training["out_of_fold"]["changed_copies"]
    assert counted["share"] >= 0.95


def test_test_patients_are_counted_and_not_fitted_on(folder):
    manifest = Gate.load(folder).manifest
    tested = sum(split_of(patient, SALT) == TEST for patient in films().patients)
    assert manifest.metrics["radiographs"]["n"] == tested
    assert manifest.training["radiographs"] == FILMS - tested


def test_the_same_films_make_the_same_gate(folder, tmp_path):
    again = train_gate(films(), out=tmp_path / "again", created="2026-01-01")
    assert again.manifest.weights_sha256 == Gate.load(folder).manifest.weights_sha256


def test_what_lies_elsewhere_is_further_than_every_film():
    fitted = fit(films())
    inside, elsewhere = fitted.measure(films()), fitted.measure(films(away=1.0))
    assert elsewhere.distances.min() > 2 * inside.distances.max()


def test_directions_are_of_unit_length_and_upright():
    basis = fit(films()).basis
    np.testing.assert_allclose(basis @ basis.T, np.eye(COMPONENTS), atol=1e-8)


def test_out_of_fold_distances_are_larger_than_fitted_ones():
    cohort = films()
    fitted, unmet = fit(cohort).measure(cohort), out_of_fold(cohort)
    assert np.median(unmet.distances) > np.median(fitted.distances)


def test_all_films_of_a_patient_share_a_fold():
    """With every film twice, a film's twin would give it away: out of fold it must not."""
    cohort = films(75)
    twice = Films(
        *(np.concatenate([part, part]) for part in (
            cohort.small, cohort.vectors, cohort.copied_small, cohort.copied_vectors,
        )), cohort.patients * 2,
    )  # fmt: skip
    np.testing.assert_allclose(*np.split(out_of_fold(twice).distances, 2))


def test_a_folder_that_is_there_is_never_overwritten(tmp_path):
    with pytest.raises(FileExistsError):
        train_gate(films(), out=tmp_path, created="2026-01-01")


def test_too_few_patients_are_refused(tmp_path):
    with pytest.raises(TooFewRadiographs):
        train_gate(films(20), out=tmp_path / "gate", created="2026-01-01")
    assert not (tmp_path / "gate").exists()
