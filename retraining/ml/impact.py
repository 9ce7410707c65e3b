"""What a batch of labels would change, before anybody saves it.

Two heads are trained on each part of the patients, one with the labels as they are, one as they
would be: same folds, same seeds, the recipe of the full retrain (``trainer.train_head``). Both are
judged by cases that neither met and *whose label the batch leaves alone*, so that a batch of wrong
labels cannot praise itself.

The interval is one for what a full retrain will say of its own test patients, not for a long-run
mean: a fold holds a fifth of the patients, as a test split does, and is judged by one pair of
heads, as a test split is. So a retrain's figure is one more draw like those of the folds. Each
bootstrap draw takes one fold at random (which heads, which patients) and draws its patient groups
with replacement, the same for both heads (Efron and Tibshirani 1993, chapters 6 and 8: the paired
bootstrap over independent units; Field and Welsh 2007 for clusters). Sampling inside the fold comes
on top of the sampling that made it, which leaves room for the error of the estimate itself: the
interval is rather too wide than too narrow. It says nothing of patients of another kind.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from retraining.ml.curves import Ranked, area_under_curve, sorted_scores, youden_threshold
from retraining.ml.feature_matrix import Features
from retraining.ml.out_of_fold import FOLDS, UNKNOWN, Judged, OnHead, TooFew, judge
from retraining.ml.suspects import scarce
from retraining.ml.training_spec import TrainingSpec

BOOTSTRAPS: Final = 2000
REPETITIONS: Final = 2
# Above so many cases one repetition must do: the time grows with the cases.
MANY_CASES: Final = 2000
FLIPS_LISTED: Final = 50
# With fewer positives that the labels leave alone, the interval deserves a warning.
FEW_POSITIVES: Final = 50

NOTHING_CHANGES: Final = "nothing-changes"
CANNOT_SAY: Final = "cannot-say"
ESTIMATED: Final = "estimated"

TOO_FEW_NOW: Final = "too-few-now"
TOO_FEW_AFTER: Final = "too-few-after"
TOO_FEW_UNTOUCHED: Final = "too-few-untouched"
FEW_POSITIVES_LEFT: Final = "few-positives"
NO_SPREAD: Final = "no-spread"

Labels = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Flip:
    """A case (``row`` of the input) whose answer becomes another class in every repetition."""

    row: int
    before: int
    after: int


@dataclass(frozen=True)
class Impact:
    """``verdict``: nothing-changes, cannot-say or estimated; ``flags`` say why, or warn.

    ``changed``, ``added``, ``removed``: labels that become others, that come, that go. ``n`` and
    ``positives`` are the cases that judged, of ``groups`` patient groups. ``difference`` is the
    mean change of the AUC over the folds, ``low`` to ``high`` the 95 % prediction interval for the
    change that a full retrain shows on a fifth of the patients. All three are None, as both AUC,
    where nothing can be said. ``flipped`` are the first of ``flips`` cases.
    """

    verdict: str
    flags: tuple[str, ...]
    changed: int
    added: int
    removed: int
    n: int = 0
    positives: int = 0
    groups: int = 0
    auc_before: float | None = None
    auc_after: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    flips: int = 0
    flipped: tuple[Flip, ...] = ()
    folds: int = FOLDS
    repetitions: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `flipped` are dictionaries of row, before and after."""
        return asdict(self) | {
            "flags": list(self.flags),
            "flipped": [vars(f) for f in self.flipped],
        }


@dataclass(frozen=True)
class _Asked:
    now: Labels
    after: Labels
    groups: Sequence[str]
    spec: TrainingSpec
    began: float = field(default_factory=time.perf_counter)

    @property
    def untouched(self) -> npt.NDArray[np.bool_]:
        """Cases that judge: known now, and the same afterwards."""
        stays: npt.NDArray[np.bool_] = (self.now == self.after) & (self.now != UNKNOWN)
        return stays

    def answer(self, verdict: str, *flags: str, **figures: Any) -> Impact:
        """With what the labels alone say."""
        known_now, known_after = self.now != UNKNOWN, self.after != UNKNOWN
        judging = self.untouched
        return Impact(
            verdict,
            flags,
            changed=int((known_now & known_after & (self.now != self.after)).sum()),
            added=int((~known_now & known_after).sum()),
            removed=int((known_now & ~known_after).sum()),
            n=int(judging.sum()),
            positives=int((self.now[judging] == self.spec.positive).sum()),
            groups=len(set(np.asarray(self.groups)[judging].tolist())),
            seconds=round(time.perf_counter() - self.began, 3),
            **figures,
        )


def preview(
    features: Features,
    now: npt.ArrayLike,
    after: npt.ArrayLike,
    groups: Sequence[str],
    spec: TrainingSpec,
    *,
    repetitions: int | None = None,
    on_head: OnHead | None = None,
) -> Impact:
    """What becomes of the head when labels ``now`` (N,) become ``after`` (N,).

    ``features`` (N, dimensions); labels are class indices, -1 where nobody said; ``groups`` (N,)
    patient groups. The same input gives the same answer. Where a class has fewer than 20 cases or
    10 groups, now, afterwards or among the untouched, the verdict is "cannot-say". Raises
    TrainingFailed for features that are not finite, ValueError for lengths that differ.
    """
    asked = _Asked(np.asarray(now, np.int64), np.asarray(after, np.int64), groups, spec)
    if (asked.now == asked.after).all():
        return asked.answer(NOTHING_CHANGES)
    if flags := _too_few(asked):
        return asked.answer(CANNOT_SAY, *flags)
    rounds = repetitions or (REPETITIONS if len(asked.now) <= MANY_CASES else 1)
    labellings = (asked.now, asked.after)
    try:
        judged = judge(features, labellings, groups, spec, repetitions=rounds, on_head=on_head)
    except TooFew:
        return asked.answer(CANNOT_SAY, TOO_FEW_NOW)
    return _estimated(asked, judged, rounds)


def _too_few(asked: _Asked) -> tuple[str, ...]:
    untouched = np.where(asked.untouched, asked.now, UNKNOWN)
    named = {TOO_FEW_NOW: asked.now, TOO_FEW_AFTER: asked.after, TOO_FEW_UNTOUCHED: untouched}
    return tuple(
        flag for flag, said in named.items() if scarce(said, asked.groups, asked.spec.classes)
    )


def _estimated(asked: _Asked, judged: Judged, rounds: int) -> Impact:
    chances = softmax(judged.logits, axis=3)
    pairs = _pairs(asked, chances[..., asked.spec.positive], judged.folds)
    if not pairs:
        return asked.answer(CANNOT_SAY, TOO_FEW_UNTOUCHED)
    areas = np.array([pair.areas(np.ones(len(pair.groups))) for pair in pairs])
    before, after = areas.mean(axis=0)
    low, high = _interval(pairs, after - before, asked.spec.seed)
    flips = _flips(asked, chances)
    return asked.answer(
        ESTIMATED,
        *_warnings(asked, low == high),
        auc_before=float(before),
        auc_after=float(after),
        difference=float(after - before),
        low=low,
        high=high,
        flips=len(flips),
        flipped=tuple(flips[:FLIPS_LISTED]),
        repetitions=rounds,
    )


def _warnings(asked: _Asked, all_alike: bool) -> list[str]:
    positives = (asked.now[asked.untouched] == asked.spec.positive).sum()
    warned = {FEW_POSITIVES_LEFT: positives < FEW_POSITIVES, NO_SPREAD: all_alike}
    return [flag for flag, is_so in warned.items() if is_so]


@dataclass(frozen=True)
class _Pair:
    """The untouched cases of one fold, as both heads rank them; ``groups`` (n,) from 0."""

    ranked: tuple[Ranked, Ranked]
    groups: npt.NDArray[np.int64]

    def areas(self, weights: npt.NDArray[np.number]) -> tuple[float, float] | None:
        """AUC before and after; None where the weights leave a single class."""
        before, after = (area_under_curve(each, weights) for each in self.ranked)
        return None if before is None or after is None else (before, after)


def _pairs(asked: _Asked, scores: Scores, folds: npt.NDArray[np.int64]) -> list[_Pair]:
    """``scores`` (repetitions, 2, N). Folds in which a class is missing are left out."""
    found = []
    for (before, after), fold in zip(scores, folds, strict=True):
        for number in range(FOLDS):
            rows = np.flatnonzero(asked.untouched & (fold == number))
            truth = asked.now[rows] == asked.spec.positive
            if not truth.any() or truth.all():
                continue
            ranked = sorted_scores(truth, before[rows]), sorted_scores(truth, after[rows])
            groups = np.unique(np.asarray(asked.groups)[rows], return_inverse=True)[1]
            found.append(_Pair(ranked, groups))
    return found


def _interval(pairs: Sequence[_Pair], difference: float, seed: int) -> tuple[float, float]:
    """The middle 95 % of the bootstrap's differences, widened to hold the estimate."""
    random = np.random.default_rng(seed)
    drawn = [difference]
    for _ in range(BOOTSTRAPS):
        pair = pairs[int(random.integers(len(pairs)))]
        count = int(pair.groups.max()) + 1
        weights = random.multinomial(count, np.full(count, 1 / count))[pair.groups]
        if (areas := pair.areas(weights)) is not None:
            drawn.append(areas[1] - areas[0])
    low, high = np.quantile(drawn, (0.025, 0.975))
    return min(float(low), difference), max(float(high), difference)


def _flips(asked: _Asked, chances: Scores) -> list[Flip]:
    """Cases that every repetition answers alike, but another way afterwards; surest first."""
    answers = np.stack([_answers(asked, chances[:, place]) for place in (0, 1)])
    steady = (answers == answers[:, :1]).all(axis=(0, 1))
    before, after = answers[:, 0]
    rows = np.flatnonzero(steady & (before != after))
    moved = np.abs(chances[:, 1] - chances[:, 0]).sum(axis=2).mean(axis=0)
    ordered = rows[np.argsort(-moved[rows], kind="stable")]
    return [Flip(int(row), int(before[row]), int(after[row])) for row in ordered]


def _answers(asked: _Asked, chances: Scores) -> Labels:
    """(repetitions, N, classes) probabilities to classes. Two classes are told apart at Youden's
    index over the untouched cases, as a retrain chooses its threshold."""
    if asked.spec.classes > 2:
        return np.asarray(chances.argmax(axis=2), np.int64)
    judging = asked.untouched
    truth = asked.now[judging] == asked.spec.positive
    positive = chances[..., asked.spec.positive]
    called = [each >= youden_threshold(truth, each[judging]) for each in positive]
    other = 1 - asked.spec.positive
    return np.where(np.stack(called), asked.spec.positive, other).astype(np.int64)
