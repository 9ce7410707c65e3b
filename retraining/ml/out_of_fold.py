"""Each case judged by heads that never met its patient, under one labelling or under several.

Folds hold whole patient groups and are dealt so that each has its share of every class. A head
trains on seven tenths of the groups, as one of a retrain does (``split.FRACTIONS``); one tenth is
its validation split and two are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inference.ml.heads import head_logits
from retraining.ml.feature_matrix import Features, Rows
from retraining.ml.fitting import fit_head
from retraining.ml.projection import fit_projection
from retraining.ml.split import TEST, TRAIN, VALIDATION
from retraining.ml.training_spec import TrainingSpec

FOLDS: Final = 5
TENTHS: Final = 10
# So many directions hold all that a thousand cases differ in; of more cases, nearly all.
DIRECTIONS: Final = 1024
UNKNOWN: Final = -1

Labels = npt.NDArray[np.int64]
Tenths = npt.NDArray[np.int64]
Logits = npt.NDArray[np.float64]
# Told after each head: how many are trained, of how many.
OnHead = Callable[[int, int], None]


class TooFew(Exception):
    """Some tenth of the patient groups lacks a class: there is nothing to judge by."""


@dataclass(frozen=True)
class Judged:
    """``logits`` (repetitions, labellings, N, classes); ``folds`` (repetitions, N), 0 to 4.

    Every case has logits, of known label or not.
    """

    logits: Logits
    folds: npt.NDArray[np.int64]


def judge(
    features: Features,
    labellings: Sequence[Labels],
    groups: Sequence[str],
    spec: TrainingSpec,
    *,
    repetitions: int = 2,
    on_head: OnHead | None = None,
) -> Judged:
    """Judge (N, dimensions) features out of fold, by heads of each labelling.

    ``labellings`` are (N,) class indices, UNKNOWN where nobody said: such a case is judged and
    trains nothing. The last one decides how cases are dealt. ``groups`` (N,) name the patient
    groups. Labellings share folds and seeds, so that only the labels tell their heads apart; each
    repetition deals anew, with another seed. Raises TooFew, ValueError for lengths that differ,
    TrainingFailed for features that are not finite.
    """
    if any(len(each) != len(features) for each in (*labellings, groups)):
        raise ValueError(f"{len(features)} features and labels or groups of another number")
    reduced = reduce(features)
    logits = np.full((repetitions, len(labellings), len(features), spec.classes), np.nan)
    folds = np.empty((repetitions, len(features)), np.int64)
    progress = _Progress(repetitions * FOLDS * len(labellings), on_head)
    for repetition in range(repetitions):
        seeded = replace(spec, seed=spec.seed + repetition)
        tenths = dealt(groups, _known(labellings), seed=seeded.seed)
        folds[repetition] = tenths // 2
        for fold in range(FOLDS):
            names = sides(tenths, fold, labellings, spec.classes)
            judged = tenths // 2 == fold
            inputs = _projected(reduced, names == TRAIN, labellings, seeded)
            for place, labels in enumerate(labellings):
                head = fit_head(inputs, labels, _said(names, labels), _projecting_none(seeded)).head
                logits[repetition, place, judged] = head_logits(head, inputs[judged])
                progress.step()
    return Judged(logits, folds)


def reduce(features: Features, rows: Rows | None = None) -> npt.NDArray[np.float32]:
    """(N, dimensions), or (n,) rows of them, to (N or n, k) components with k <= 1024.

    Once for all heads. Nothing is lost of up to 1024 cases: their principal directions are the
    same in both. No label is looked at, nor any other row.
    """
    count = len(features) if rows is None else len(rows)
    if features.shape[1] <= DIRECTIONS:
        return (features if rows is None else features[rows]).astype(np.float32)
    if count <= DIRECTIONS:
        return components_of(features if rows is None else features[rows])
    projection = fit_projection(features, DIRECTIONS, whiten=0.0, seed=0, among=rows)
    return np.asarray(projection.apply(features, rows).numpy())


def components_of(features: Features) -> npt.NDArray[np.float32]:
    """All principal components of (N, dimensions) features, (N, k) with k < N.

    By the Gram matrix alone: what a projection that must also serve other rows costs is saved.
    """
    rows = torch.from_numpy(features).float()
    rows -= rows.mean(dim=0)
    values, vectors = torch.linalg.eigh((rows @ rows.T).double())
    # Below rounding there is nothing (``fit_projection``).
    usable = values > values[-1].clamp(min=1e-30) * 1e-6
    components = vectors[:, usable] * values[usable].sqrt()
    scale = components.square().mean().sqrt().clamp(min=1e-30)
    return np.asarray((components / scale).flip(1).float().numpy())


def _projected(
    reduced: npt.NDArray[np.float32],
    trains: npt.NDArray[np.bool_],
    labellings: Sequence[Labels],
    spec: TrainingSpec,
) -> npt.NDArray[np.float32]:
    """What the recipe's heads train on, once for all labellings: no label enters, only which cases
    have one."""
    if spec.components is None:
        return reduced
    known = _known(labellings) != UNKNOWN
    chosen = reduced[trains & known]
    projection = fit_projection(chosen, spec.components, whiten=spec.whiten, seed=spec.seed)
    return np.asarray(projection.apply(reduced).numpy())


def _projecting_none(spec: TrainingSpec) -> TrainingSpec:
    return replace(spec, components=None)


def dealt(groups: Sequence[str], labels: Labels, *, seed: int) -> Tenths:
    """The tenth of each case, 0 to 9: whole groups, dealt in turn, those of rare classes first."""
    random = np.random.default_rng(seed)
    names, of_case = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.bincount(labels[labels != UNKNOWN], minlength=1)
    rarity = np.where(labels == UNKNOWN, len(labels), counts[labels])
    rarest = np.full(len(names), len(labels) + 1)
    np.minimum.at(rarest, of_case, rarity)
    order = random.permutation(len(names))
    order = order[np.argsort(rarest[order], kind="stable")]
    tenths = np.empty(len(names), np.int64)
    tenths[order] = np.arange(len(names)) % TENTHS
    return random.permutation(TENTHS)[tenths][of_case]


def sides(
    tenths: Tenths, fold: int, labellings: Sequence[Labels], classes: int
) -> npt.NDArray[np.str_]:
    """The split of each case when ``fold`` is judged. Raises TooFew."""
    names = np.full(len(tenths), TRAIN, dtype="U10")
    names[tenths // 2 == fold] = TEST
    after = [(2 * fold + step) % TENTHS for step in range(2, TENTHS)]
    whole = [tenth for tenth in after if _has_all(tenths == tenth, labellings, classes)]
    if not whole:
        raise TooFew("no tenth of the patient groups has all classes")
    names[tenths == whole[0]] = VALIDATION
    if not _has_all(names == TRAIN, labellings, classes):
        raise TooFew("the patient groups left to train with lack a class")
    return names


def _known(labellings: Sequence[Labels]) -> Labels:
    """What the last labelling says, or else an earlier one."""
    known = labellings[0]
    for labels in labellings[1:]:
        known = np.where(labels == UNKNOWN, known, labels)
    return known


def _has_all(chosen: npt.NDArray[np.bool_], labellings: Sequence[Labels], classes: int) -> bool:
    wanted = set(range(classes))
    return all(wanted <= set(labels[chosen].tolist()) for labels in labellings)


def _said(names: npt.NDArray[np.str_], labels: Labels) -> list[str]:
    said: list[str] = np.where(labels == UNKNOWN, TEST, names).tolist()
    return said


class _Progress:
    def __init__(self, total: int, tell: OnHead | None) -> None:
        self.total, self.tell, self.done = total, tell, 0

    def step(self) -> None:
        self.done += 1
        if self.tell:
            self.tell(self.done, self.total)
