"""The model that ships with the platform: COVID-19 or not, model C of the COVID-XR paper.

How the defaults were chosen: 5-fold cross-validation over the train and validation patients of
split salt ``covid-xr-baseline-1``, several seeds each. On principal components every optimiser,
rate and whitening tried reached a mean AUC of 0.989-0.994, within the noise of the seeds; keeping
the last of 30 epochs gave the best calibrated probabilities (temperature 1.0) and won. The test
patients took no part in any choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml import artifact
from inference.ml.engine import Classifier, Engine, Pixels
from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.heads import Head
from inference.ml.manifest import Manifest
from retraining.ml.cross_validation import OutOfFold, cross_validate
from retraining.ml.evaluation import Evaluation, evaluate
from retraining.ml.feature_matrix import Features
from retraining.ml.split import FRACTIONS, TEST, TRAIN, VALIDATION, split_of
from retraining.ml.trainer import TrainedHead, train_head
from retraining.ml.training_spec import TrainingSpec

SALT: Final = "covid-xr-baseline-1"
TARGET: Final = "covid-19"
CLASSES: Final = ("no-covid-19", "covid-19")
SPEC: Final = TrainingSpec(patience=None)
FOLDS: Final = 5
REPETITIONS: Final = 3

SOURCE: Final = (
    "Frontal radiographs of the DarkCovidNet data set (Ozturk et al. 2020): positives from the "
    "covid-chestxray-dataset (Cohen et al. 2020), negatives from ChestX-ray8 (Wang et al. 2017)."
)

LIMITS: Final = (
    {
        "en": "In its training set every radiograph with COVID-19 comes from one collection and "
        "every other radiograph from another. It may have learnt to tell the collections apart "
        "and not the disease, so its figures here say little about another hospital.",
        "es": "En su conjunto de entrenamiento, todas las radiografías con COVID-19 proceden de "
        "una colección y todas las demás de otra. Puede haber aprendido a distinguir las "
        "colecciones y no la enfermedad, así que sus cifras dicen poco de otro hospital.",
    },
    {
        "en": "Only {patients} patients with COVID-19 were in its training split: its figures are "
        "uncertain, as their intervals show.",
        "es": "Solo {patients} pacientes con COVID-19 estaban en su parte de entrenamiento: sus "
        "cifras son inciertas, como muestran sus intervalos.",
    },
    {
        "en": "For research only. It is not a diagnosis and replaces neither the RT-PCR test nor "
        "a doctor's judgement.",
        "es": "Solo para investigación. No es un diagnóstico ni sustituye la prueba RT-PCR ni el "
        "juicio médico.",
    },
)

Labels = npt.NDArray[np.bool_]
Report = Callable[[str], None]


@dataclass(frozen=True)
class Cohort:
    """N radiographs as features (N, dimensions) fp16, truth (N,) and patient codes (N,)."""

    features: Features
    positive: Labels
    patients: tuple[str, ...]

    def __post_init__(self) -> None:
        if not len(self.features) == len(self.positive) == len(self.patients):
            raise ValueError("features, labels and patients differ in number")

    def of(self, splits: npt.NDArray[np.str_], *names: str) -> Cohort:
        rows = np.flatnonzero(np.isin(splits, names))
        patients = tuple(self.patients[row] for row in rows)
        return Cohort(self.features[rows], self.positive[rows], patients)

    def counts(self) -> dict[str, int]:
        return {
            "radiographs": len(self.positive),
            "positives": int(self.positive.sum()),
            "patients": len(set(self.patients)),
        }


def train_baseline(
    radiographs: Iterable[Pixels],
    labels: Sequence[bool],
    patients: Sequence[str],
    *,
    engine: Engine,
    out: Path,
    created: str,
    version: str = "baseline-1",
    report: Report = lambda line: None,
) -> Manifest:
    """Train on radiographs (an iterator, read once) and write the artifact ``out``.

    ``labels`` are True for a positive RT-PCR, ``patients`` the codes that keep a patient in one
    split, ``created`` an ISO 8601 date. Raises FileExistsError when ``out`` is there already,
    TrainingFailed when a split lacks a class, ValueError for lengths that differ.
    """
    features = engine.features(radiographs)
    cohort = Cohort(features, np.asarray(labels, dtype=bool), tuple(patients))
    return train_on_features(cohort, out=out, created=created, version=version, report=report)


def train_on_features(
    cohort: Cohort,
    *,
    out: Path,
    created: str,
    version: str = "baseline-1",
    spec: TrainingSpec = SPEC,
    report: Report = lambda line: None,
) -> Manifest:
    """The same from cached features. The test patients are looked at once, after every choice."""
    splits = np.array([split_of(patient, SALT) for patient in cohort.patients])
    developed = cohort.of(splits, TRAIN, VALIDATION)
    report(f"cross-validating {FOLDS} folds, {REPETITIONS} times")
    judged = cross_validate(
        developed.features,
        developed.positive,
        developed.patients,
        spec,
        salt=SALT,
        folds=FOLDS,
        repetitions=REPETITIONS,
    )
    report("training the head")
    trained = train_head(cohort.features, cohort.positive, splits.tolist(), spec)
    draft = _draft(cohort, splits, trained, judged, version=version, created=created)
    measured = _measured(draft, trained.head, cohort.of(splits, TEST))
    report(f"held-out patients: {measured.to_dict()['metrics']}")
    complete = draft.with_metrics({"split": TEST, **measured.to_dict()})
    return artifact.save(out, complete, trained.head)


def _measured(draft: Manifest, head: Head, test: Cohort) -> Evaluation:
    """The figures of the head as it will be served, on patients it never met."""
    served = Classifier(artifact.Artifact(draft, head))
    place = draft.classes.index(draft.positive)
    scores = served.probabilities(test.features)[:, place]
    return evaluate(test.positive, scores, draft.threshold, test.patients)


def _draft(
    cohort: Cohort,
    splits: npt.NDArray[np.str_],
    trained: TrainedHead,
    judged: OutOfFold,
    *,
    version: str,
    created: str,
) -> Manifest:
    # Calibration and operating point come out of fold: the validation split alone has too few
    # positives to place a threshold.
    return Manifest(
        target=TARGET,
        name="COVID-XR C, VGG16",
        version=version,
        architecture=trained.spec.architecture,
        extractor=VGG16_BLOCK5.code,
        extractor_weights_sha256=VGG16_BLOCK5.weights_sha256,
        preprocessing_version=VGG16_BLOCK5.preprocessing_version,
        classes=CLASSES,
        positive=CLASSES[trained.spec.positive],
        threshold=judged.threshold,
        temperature=judged.temperature,
        metrics={},
        training=_training(cohort, splits, trained, judged),
        limits=_limits(cohort.of(splits, TRAIN)),
        created=created,
    )


def _limits(train: Cohort) -> tuple[dict[str, str], ...]:
    sick = {p for p, positive in zip(train.patients, train.positive, strict=True) if positive}
    return tuple(
        {language: sentence.format(patients=len(sick)) for language, sentence in limit.items()}
        for limit in LIMITS
    )


def _training(
    cohort: Cohort, splits: npt.NDArray[np.str_], trained: TrainedHead, judged: OutOfFold
) -> dict[str, Any]:
    developed = cohort.of(splits, TRAIN, VALIDATION)
    truth = developed.positive[judged.rows]
    patients = [developed.patients[row] for row in judged.rows]
    out_of_fold = evaluate(truth, judged.scores(), judged.threshold, patients)
    return {
        "source": SOURCE,
        "split_salt": SALT,
        "split_fractions": [list(pair) for pair in FRACTIONS],
        "counts": {n: cohort.of(splits, n).counts() for n in (TRAIN, VALIDATION, TEST)},
        "seed": trained.spec.seed,
        "epochs": trained.kept_epoch,
        "spec": asdict(trained.spec),
        "operating_point": "Youden's index and temperature, out of fold over train and validation",
        "cross_validation": {
            "folds": FOLDS,
            "repetitions": REPETITIONS,
            "metrics": out_of_fold.to_dict()["metrics"],
        },
    }
