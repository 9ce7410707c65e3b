"""The preview of what labels would change: its time over 905 real cases, and whether what it
predicts comes true.

The preview sees the training and validation patients of a division alone. Then the full retrain is
made twice, with the labels as they are and as they would be, and both heads judge the held-out test
patients, whose labels are the true ones: that change of the AUC ought to lie within the preview's
interval. How the interval is made was chosen within the training and validation patients of the
model that ships; the test patients took no part in it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks import films
from benchmarks.runners import ours
from images.metadata import read_rows
from inference.ml.engine import Engine
from inference.ml.heads import head_logits
from retraining.labelled import Skipped, labelled
from retraining.ml.baseline import SALT, SPEC, Cohort
from retraining.ml.curves import auc
from retraining.ml.impact import preview
from retraining.ml.out_of_fold import UNKNOWN
from retraining.ml.split import TEST, split_of
from retraining.ml.trainer import train_head
from retraining.ml.training_spec import TrainingFailed, TrainingSpec

# The division of the model that ships, and others, each with test patients of its own.
SALTS: Final = (SALT, "label-impact-1", "label-impact-2", "label-impact-3")
FILMS_AT_ONCE: Final = 16
# A difference that rounding makes is none.
ROUNDING: Final = 1e-9

Labels = npt.NDArray[np.int64]
Random = np.random.Generator
Both = tuple[Labels, Labels]


@dataclass(frozen=True)
class Trial:
    """One batch of labels in one division: what was predicted and what came of it."""

    scenario: str
    salt: str
    predicted: float
    low: float
    high: float
    retrained: float
    before: float
    after: float
    test_positives: int
    seconds: float

    @property
    def is_inside(self) -> bool:
        return self.low - ROUNDING <= self.retrained <= self.high + ROUNDING

    def to_dict(self) -> dict[str, Any]:
        figures = {k: round(v, 5) if isinstance(v, float) else v for k, v in vars(self).items()}
        return figures | {"inside": self.is_inside}


def corrected(truth: Labels, random: Random) -> Both:
    """30 labels are wrong now and put right."""
    rows = random.choice(len(truth), 30, replace=False)
    now = truth.copy()
    now[rows] = 1 - now[rows]
    return now, truth


def found_positives(truth: Labels, random: Random) -> Both:
    """15 positives are called negative now."""
    now = truth.copy()
    now[random.choice(np.flatnonzero(truth == 1), 15, replace=False)] = 0
    return now, truth


def added(truth: Labels, random: Random) -> Both:
    """200 labels are not known yet."""
    now = truth.copy()
    now[random.choice(len(truth), 200, replace=False)] = UNKNOWN
    return now, truth


def spoilt(truth: Labels, random: Random) -> Both:
    """30 right labels would become wrong ones."""
    after, now = corrected(truth, random)
    return now, after


def unchanged(truth: Labels, random: Random) -> Both:
    return truth, truth


SCENARIOS: Final[Mapping[str, Callable[[Labels, Random], Both]]] = {
    "30 wrong labels corrected": corrected,
    "15 missed positives found": found_positives,
    "200 labels added": added,
    "30 labels spoilt": spoilt,
    "nothing changed": unchanged,
}


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Seconds of a preview over all cases, and each trial with its interval and what came true."""
    cohort = _made_up() if quick else _real()
    if cohort is None:
        return {"skipped": "the development radiographs are not beside the checkout"}
    spec = replace(SPEC, epochs=3, components=32) if quick else SPEC
    runs = [_cost_of_all(cohort, spec) for _ in range(1 if quick else 3)]
    trials = [
        trial
        for place, salt in enumerate(SALTS[:1] if quick else SALTS)
        for name in SCENARIOS
        if (trial := _trial(cohort, salt, name, spec, seed=place)) is not None
    ]
    changing = [trial for trial in trials if trial.scenario != "nothing changed"]
    return {
        "films": "made-up" if quick else "real",
        "cases": len(cohort.positive),
        "seconds": round(float(np.median([wall for wall, _cpu in runs])), 2),
        "cpu_seconds": round(float(np.median([cpu for _wall, cpu in runs])), 2),
        "runs": [round(wall, 2) for wall, _cpu in runs],
        "trials": [trial.to_dict() for trial in trials],
        "inside": sum(trial.is_inside for trial in trials),
        "inside_of": len(trials),
        "inside_percent": round(100 * np.mean([trial.is_inside for trial in changing]), 1),
        "median_width": round(float(np.median([t.high - t.low for t in changing])), 4),
        "median_miss": round(
            float(np.median([abs(t.predicted - t.retrained) for t in changing])), 4
        ),
    }


def _cost_of_all(cohort: Cohort, spec: TrainingSpec) -> tuple[float, float]:
    """Seconds by the clock and of the processor: on a busy machine the first says less."""
    truth = cohort.positive.astype(np.int64)
    now, after = corrected(truth, np.random.default_rng(0))
    began, worked = time.perf_counter(), time.process_time()
    preview(cohort.features, now, after, cohort.patients, spec)
    return time.perf_counter() - began, time.process_time() - worked


def _trial(
    cohort: Cohort, salt: str, scenario: str, spec: TrainingSpec, *, seed: int
) -> Trial | None:
    """None where a division left the validation patients without a class."""
    splits = np.array([split_of(patient, salt) for patient in cohort.patients])
    developed = np.flatnonzero(splits != TEST)
    truth = cohort.positive.astype(np.int64)
    random = np.random.default_rng([seed, list(SCENARIOS).index(scenario)])
    both = SCENARIOS[scenario](truth[developed], random)
    patients = [cohort.patients[row] for row in developed]
    found = preview(cohort.features[developed], *both, patients, replace(spec, seed=seed))
    # Nothing changes: then the same recipe with the same seed gives the same head.
    try:
        before, after = (
            _retrained(cohort, splits, developed, labels, replace(spec, seed=seed))
            for labels in both
        )
    except TrainingFailed:
        return None
    return Trial(
        scenario=scenario,
        salt=salt,
        predicted=found.difference or 0.0,
        low=found.low or 0.0,
        high=found.high or 0.0,
        retrained=after - before,
        before=before,
        after=after,
        test_positives=int(truth[splits == TEST].sum()),
        seconds=found.seconds,
    )


def _retrained(
    cohort: Cohort,
    splits: npt.NDArray[np.str_],
    developed: npt.NDArray[np.int64],
    labels: Labels,
    spec: TrainingSpec,
) -> float:
    """The AUC of the full recipe's head (`baseline.train_on_features`) on the test patients."""
    said = np.full(len(splits), UNKNOWN, np.int64)
    said[developed] = labels
    names = np.where(said == UNKNOWN, TEST, splits)
    head = train_head(cohort.features, said, names.tolist(), spec).head
    tested = splits == TEST
    logits = head_logits(head, cohort.features[tested])
    area = auc(cohort.positive[tested], logits[:, 1] - logits[:, 0])
    if area is None:
        raise TrainingFailed("the test patients lack a class")
    return area


def _real() -> Cohort | None:
    """All development radiographs; their features are kept below the temporary folder."""
    folder = films.shared() / "data" / "chestxray"
    table = folder / "metadata.csv"
    if not table.is_file():
        return None
    digest = hashlib.sha256(table.read_bytes()).hexdigest()[:16]
    kept = Path(gettempdir()) / f"covidxr-features-{digest}.npz"
    if not kept.exists():
        _extract(folder, table, kept)
    with np.load(kept) as arrays:
        patients = tuple(str(patient) for patient in arrays["patients"])
        return Cohort(arrays["features"], arrays["positive"], patients)


def _extract(folder: Path, table: Path, kept: Path) -> None:
    engine = Engine(ours())
    cases = [each for each in labelled(read_rows(table), folder) if not isinstance(each, Skipped)]
    parts = [
        engine.features([case.pixels for case in cases[top : top + FILMS_AT_ONCE]])
        for top in range(0, len(cases), FILMS_AT_ONCE)
    ]
    part = kept.with_suffix(".part.npz")
    np.savez(
        part,
        features=np.concatenate(parts),
        positive=np.array([case.is_positive for case in cases]),
        patients=np.array([case.patient for case in cases]),
    )
    part.replace(kept)


def _made_up() -> Cohort:
    random = np.random.default_rng(0)
    positive = random.random(600) < 0.3
    features = (random.normal(size=(600, 64)) + positive[:, None]).astype(np.float16)
    return Cohort(features, positive, tuple(f"patient-{row // 2}" for row in range(600)))
