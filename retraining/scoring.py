"""What an artifact says of cases, in the worker's own process: for evaluations, never for serving.

Loads torch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.making import features_of_films, make_missing
from inference.ml.artifact import Artifact
from inference.ml.engine import Classifier
from retraining.pipeline.features import recall
from retraining.vault import Row

# Told so many of so many; what it raises ends the scoring.
OnDone = Callable[[int, int], None]
ROWS_AT_ONCE: Final = 512


@dataclass(frozen=True)
class Scored:
    """`probabilities` (N, C) of `rows`, columns in the order of the codes asked for."""

    rows: tuple[Row, ...]
    probabilities: NDArray[np.float64]

    def of(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """Those of `rows`, in their order. KeyError for one that was not scored."""
        places = {row.radiograph: place for place, row in enumerate(self.rows)}
        return self.probabilities[[places[row.radiograph] for row in rows]]


def score(artifact: Artifact, rows: Sequence[Row], codes: Sequence[str], on_done: OnDone) -> Scored:
    """Calibrated probabilities of all rows that have features or a readable film.

    `codes` are the classes of the answer, which must be those of the artifact. Raises ValueError
    for other classes, WeightsUnavailable, OSError, and what `on_done` raises.
    """
    if set(codes) != set(artifact.manifest.classes):
        raise ValueError("the artifact answers with other classes")
    classifier = Classifier(artifact)
    columns = [artifact.manifest.classes.index(code) for code in codes]
    kept: list[Row] = []
    parts = [np.empty((0, len(codes)))]
    for some, features in _features(artifact, rows, on_done):
        kept += some
        parts.append(classifier.probabilities(features)[:, columns])
    return Scored(tuple(kept), np.concatenate(parts))


def _features(
    artifact: Artifact, rows: Sequence[Row], on_done: OnDone
) -> Iterator[tuple[Sequence[Row], NDArray[np.float16]]]:
    if artifact.backbone is not None:
        by_key = {row.radiograph: row for row in rows}
        for keys, features in features_of_films(artifact, list(by_key), on_done=on_done):
            yield [by_key[key] for key in keys], features
        return
    extractor = artifact.manifest.extractor
    make_missing([row.radiograph for row in rows], extractor=extractor, on_done=on_done)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        matrix = recall(rows[start : start + ROWS_AT_ONCE], extractor)
        if matrix.rows:
            yield matrix.rows, matrix.features
