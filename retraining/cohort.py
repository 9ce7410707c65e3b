"""The labelled cases of one target as the heads need them: labels, patient groups and features.

Features of ten thousand cases are half a gigabyte. They are read in blocks, as they lie on the
disk, and what stays of each is its share of a thousand principal directions (4 kB a case).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from images.models import Radiograph, Target
from images.services.splits import split_groups
from images.services.training_cases import training_cases
from inference.features import FeatureKey, Vector, stream
from inference.ml.extractor import VGG16_BLOCK5
from retraining.snapshots.division import tested_patients

if TYPE_CHECKING:
    from retraining.ml.projection import Projection
    from retraining.ml.training_spec import TrainingSpec

KEYS_PER_QUERY: Final = 500
# Vectors in memory at once: 26 MB of VGG16's, twice that in single precision.
ROWS_AT_ONCE: Final = 512
# Their Gram matrix is solved in about a second (retraining.ml.out_of_fold.DIRECTIONS).
SAMPLE: Final = 1024
UNKNOWN: Final = -1
# Cached for every answered film, whichever network serves. One that was itself trained on these
# labels would find no error in them.
KIND: Final = (VGG16_BLOCK5.code, VGG16_BLOCK5.preprocessing_version)
SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Labelled:
    """One case. `now` and `after`: places of its classes in `Cohort.classes`, UNKNOWN without.

    `truth` is the statement that stands now, None where there is none that trains.
    """

    radiograph: UUID
    truth: UUID | None
    now: int
    after: int
    group: str
    feature: FeatureKey


@dataclass(frozen=True)
class Cohort:
    """`cases` have cached features, which `reduced()` reads; the others are only counted."""

    classes: tuple[str, ...]
    positive: int
    cases: tuple[Labelled, ...]
    without_features: int = 0
    # Labels that were offered for cases that may not train (trash, consent, writing).
    refused: int = 0
    # Cases whose labels nobody but the evaluation reads (retraining.vault).
    sealed: int = 0
    vectors: NDArray[np.float32] = field(
        default_factory=lambda: np.empty((0, 0), np.float32), repr=False
    )

    @property
    def now(self) -> NDArray[np.int64]:
        return np.array([case.now for case in self.cases], np.int64)

    @property
    def after(self) -> NDArray[np.int64]:
        return np.array([case.after for case in self.cases], np.int64)

    @property
    def groups(self) -> list[str]:
        return [case.group for case in self.cases]

    @property
    def spec(self) -> "TrainingSpec":
        """The recipe of the fast head, for the classes of this target. Loads torch."""
        from retraining.ml.baseline import SPEC

        return replace(SPEC, classes=len(self.classes), positive=self.positive)


def cohort_of(target: Target, labels: Mapping[UUID, str] | None = None) -> Cohort:
    """All cases that may train `target`, with `labels` (class codes, or "" for none) laid over.

    A label for a case that has none yet makes it one of the cohort where nothing but the label was
    missing. Patients of the test split are left out. Loads torch: for workers.
    """
    classes = _classes(target)
    labels = labels or {}
    current = {
        case.radiograph: (case.truth, classes.index(case.class_code))
        for case in training_cases(target=target)
    }
    wanted = sorted(current.keys() | labels.keys())
    facts = _facts(wanted)
    groups = split_groups()
    tested = tested_patients()
    sealed = {key for key, (patient, *_rest) in facts.items() if patient in tested}
    cases = []
    for key in facts.keys() - sealed:
        patient, split_key, pixels = facts[key]
        truth, now = current.get(key, (None, UNKNOWN))
        said = labels.get(key)
        after = now if said is None else _place(classes, said)
        group = groups[patient].key if patient in groups else split_key
        cases.append(Labelled(key, truth, now, after, group, FeatureKey(pixels, *KIND)))
    cases.sort(key=lambda case: case.radiograph)
    kept, vectors = _reduced(cases)
    return Cohort(
        classes=classes,
        positive=classes.index(target.positive_class.code),
        cases=kept,
        without_features=len(cases) - len(kept),
        refused=len(labels.keys() - facts.keys()),
        sealed=len(sealed),
        vectors=vectors,
    )


def _classes(target: Target) -> tuple[str, ...]:
    return tuple(target.classes.order_by("position", "code").values_list("code", flat=True))


def _place(classes: Sequence[str], code: str) -> int:
    return classes.index(code) if code in classes else UNKNOWN


def _facts(keys: Sequence[UUID]) -> dict[UUID, tuple[UUID, str, str]]:
    """Patient, split key and pixels of those that may train as far as pictures and consent go."""
    found: dict[UUID, tuple[UUID, str, str]] = {}
    for start in range(0, len(keys), KEYS_PER_QUERY):
        rows = Radiograph.objects.kept().consented().without_suspicion()
        rows = rows.filter(pk__in=keys[start : start + KEYS_PER_QUERY]).order_by()
        facts = rows.values_list("pk", "patient", "patient__split_key", "pixel_sha256")
        found |= {key: (patient, split.hex, pixels) for key, patient, split, pixels in facts}
    return found


def _reduced(cases: Sequence[Labelled]) -> tuple[tuple[Labelled, ...], NDArray[np.float32]]:
    """The cases whose features are cached, and what is kept of these, in the order of the cases."""
    from retraining.ml.out_of_fold import components_of

    features = sorted({case.feature for case in cases}, key=lambda key: key.pixel_sha256)
    found: dict[FeatureKey, NDArray[np.float32]] = {}
    if len(features) <= SAMPLE:
        keys, rows = _all(features)
        if keys:
            found.update(zip(keys, components_of(rows), strict=True))
    elif (projection := _directions(features)) is not None:
        for keys, rows in _blocks(features):
            found.update(zip(keys, projection.apply(rows).numpy(), strict=True))
    if not found:
        return (), np.empty((0, 0), np.float32)
    kept = tuple(case for case in cases if case.feature in found)
    return kept, np.stack([found[case.feature] for case in kept])


def _directions(features: Sequence[FeatureKey]) -> "Projection | None":
    """Of so many cases drawn from all; None where nothing of them is cached."""
    from retraining.ml.projection import fit_projection

    random = np.random.default_rng(SEED)
    chosen = sorted(random.choice(len(features), SAMPLE, replace=False))
    keys, rows = _all([features[place] for place in chosen])
    return fit_projection(rows, SAMPLE, whiten=0.0, seed=SEED) if len(keys) > 1 else None


def _all(features: Sequence[FeatureKey]) -> tuple[list[FeatureKey], Vector]:
    """Keys and vectors (n, dimensions) of those that are cached."""
    blocks = list(_blocks(features))
    keys = [key for some, _rows in blocks for key in some]
    empty: Vector = np.empty((0, 0), np.float16)
    return keys, np.concatenate([rows for _keys, rows in blocks]) if blocks else empty


def _blocks(features: Sequence[FeatureKey]) -> Iterator[tuple[list[FeatureKey], Vector]]:
    """Vectors of one length, without those that no head accepts."""
    width = 0
    for keys, rows in stream(features, rows_at_once=ROWS_AT_ONCE):
        width = width or rows.shape[1]
        if rows.shape[1] != width:
            continue
        usable = np.flatnonzero(np.isfinite(rows).all(axis=1))
        if len(usable):
            yield [keys[place] for place in usable], rows[usable]
