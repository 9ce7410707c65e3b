"""Fitting the gate (``inference.ml.gate``) on frontal radiographs alone.

How its form was chosen, on the train and validation patients: of plain, rooted and normalised
features pooled over 1, 2x2 and 3x3 windows, with 16 to 128 components, the normalised 3x3 windows
with 32 components left most room between radiographs of patients left out and everything else.
A logistic regression against counter-examples knew those kinds well, and let laterals pass when it
had not met any: the distance needs none. Both limits come from mildly changed copies of patients
left out, so that another hospital's pictures have room.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.gate import COMPONENTS, Gate, save_gate
from inference.ml.gate_manifest import GateManifest
from inference.ml.proportion import wilson
from inference.ml.ssim import ssim
from retraining.ml.baseline import SALT
from retraining.ml.split import FRACTIONS, TEST, fold_of, split_of

VERSION: Final = "gate-1"
FOLDS: Final = 5
# Each look lets this share of changed copies of unmet patients pass.
PASSING: Final = 0.99
TYPICAL_SCORE: Final = 0.99
SOURCE: Final = (
    "Frontal radiographs of the DarkCovidNet data set (Ozturk et al. 2020), from the "
    "covid-chestxray-dataset (Cohen et al. 2020) and ChestX-ray8 (Wang et al. 2017)."
)

Array = npt.NDArray[np.float64]


class TooFewRadiographs(Exception):
    """The directions of the features cannot be told from so few patients."""


@dataclass(frozen=True)
class Films:
    """N radiographs as the gate sees them, and one mildly changed copy of each.

    ``small`` (N, 56, 56) as ``gate.shrunk``, ``vectors`` (N, 4608) as ``gate.described``, and the
    ``patients`` (N,).
    """

    small: Array
    vectors: Array
    copied_small: Array
    copied_vectors: Array
    patients: tuple[str, ...]

    def of(self, rows: npt.NDArray[np.bool_]) -> Films:
        patients = tuple(self.patients[row] for row in np.flatnonzero(rows))
        return Films(
            self.small[rows], self.vectors[rows],
            self.copied_small[rows], self.copied_vectors[rows], patients,
        )  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Squared distances and similarities (N,) of films, and of their copies."""

    distances: Array
    similarities: Array
    copied_distances: Array
    copied_similarities: Array

    def shares(self, limit: float, floor: float) -> dict[str, Any]:
        """How many films and how many copies pass both looks."""
        films = (self.distances <= limit) & (self.similarities >= floor)
        copies = (self.copied_distances <= limit) & (self.copied_similarities >= floor)
        return {"radiographs": share(films), "changed_copies": share(copies)}


@dataclass(frozen=True)
class Fit:
    """What is told of radiographs: see ``inference.ml.gate.SHAPES``."""

    mean_radiograph: Array
    centre: Array
    basis: Array
    variances: Array

    def measure(self, films: Films) -> Measured:
        return Measured(
            self._distances(films.vectors),
            self._similarities(films.small),
            self._distances(films.copied_vectors),
            self._similarities(films.copied_small),
        )

    def _distances(self, vectors: Array) -> Array:
        away = vectors - self.centre
        along = away @ self.basis.T
        outside = np.maximum((away**2).sum(axis=1) - (along**2).sum(axis=1), 0)
        inside = (along**2 / self.variances[:-1]).sum(axis=1)
        return np.asarray(inside + outside / self.variances[-1])

    def _similarities(self, small: Array) -> Array:
        return np.array([ssim(image, self.mean_radiograph) for image in small])


def train_gate(films: Films, *, out: Path, created: str, version: str = VERSION) -> Gate:
    """Fit on the train and validation patients, write the artifact ``out``, return it as loaded.

    The test patients are looked at once, after every choice. Raises TooFewRadiographs,
    FileExistsError when ``out`` is there already, OSError when the disk refuses.
    """
    if out.exists():
        raise FileExistsError(f"artifact {out.name} exists already")
    tested = np.array([split_of(patient, SALT) == TEST for patient in films.patients])
    developed = films.of(~tested)
    if len(set(developed.patients)) < 2 * COMPONENTS:
        raise TooFewRadiographs(f"the gate needs {2 * COMPONENTS} patients to be fitted on")
    fitted, judged = fit(developed), out_of_fold(developed)
    draft = _draft(judged, developed, version=version, created=created)
    unmet = fitted.measure(films.of(tested))
    figures = unmet.shares(draft.distance_limit, draft.similarity_floor)
    return save_gate(out, draft.with_metrics({"split": TEST, **figures}), vars(fitted))


def fit(films: Films) -> Fit:
    """Mean radiograph of the films; centre, directions and variances of films and copies."""
    vectors = np.concatenate([films.vectors, films.copied_vectors])
    centre = vectors.mean(axis=0)
    away = vectors - centre
    # The Gram matrix has a row for each film, not one for each of 4,608 dimensions.
    values, sides = np.linalg.eigh(away @ away.T)
    values, sides = values[-COMPONENTS:][::-1], sides[:, -COMPONENTS:][:, ::-1]
    basis = _signed((away.T @ sides / np.sqrt(values)).T)
    outside = (away**2).sum() - values.sum()
    spread = np.r_[values, outside / (vectors.shape[1] - COMPONENTS)] / len(vectors)
    return Fit(films.small.mean(axis=0), centre, basis, spread)


def out_of_fold(films: Films) -> Measured:
    """Each film measured by a fit without its patient."""
    folds = np.array([fold_of(patient, SALT, FOLDS) for patient in films.patients])
    found = np.empty((4, len(folds)))
    for fold in np.unique(folds):
        own = folds == fold
        left = fit(films.of(~own)).measure(films.of(own))
        found[:, own] = [getattr(left, field.name) for field in fields(Measured)]
    return Measured(*found)


def share(passed: npt.ArrayLike) -> dict[str, Any]:
    """A proportion with Wilson's 95 % interval, JSON-ready."""
    flags = np.asarray(passed, dtype=bool)
    estimate = wilson(int(flags.sum()), len(flags))
    return {
        "n": len(flags),
        "passed": int(flags.sum()),
        "share": estimate.value,
        "interval": [estimate.low, estimate.high],
    }


def _draft(judged: Measured, films: Films, *, version: str, created: str) -> GateManifest:
    limit = float(np.quantile(judged.copied_distances, PASSING))
    floor = float(np.quantile(judged.copied_similarities, 1 - PASSING))
    # So steep that the median radiograph scores TYPICAL_SCORE.
    odds = np.log(TYPICAL_SCORE / (1 - TYPICAL_SCORE))
    steepness = float(odds / max(np.log(limit / np.median(judged.distances)), 0.01))
    return GateManifest(
        version=version,
        extractor=VGG16_BLOCK5.code,
        extractor_weights_sha256=VGG16_BLOCK5.weights_sha256,
        preprocessing_version=VGG16_BLOCK5.preprocessing_version,
        similarity_floor=floor,
        score_floor=0.5,
        distance_limit=limit,
        steepness=steepness,
        training={
            "source": SOURCE,
            "split_salt": SALT,
            "split_fractions": [list(pair) for pair in FRACTIONS],
            "radiographs": len(films.patients),
            "patients": len(set(films.patients)),
            "limits": f"{PASSING:.0%} of mildly changed copies pass each look, out of fold",
            "out_of_fold": judged.shares(limit, floor),
        },
        metrics={},
        created=created,
    )


def _signed(basis: Array) -> Array:
    """A direction and its opposite say the same: the largest part is made positive."""
    largest = np.abs(basis).argmax(axis=1)
    return np.asarray(basis * np.sign(basis[np.arange(len(basis)), largest])[:, None])
