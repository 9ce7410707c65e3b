"""What more cases would bring: the learning curve, and advice for each institution and class.

All by a logistic regression on development patients, each judged by a fit that never met the
patient: the curve is of the features and of these patients, not of one head's luck. Test labels
are not looked at.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.proportion import Estimate
from retraining.ml.curves import sorted_scores
from retraining.ml.out_of_fold import FOLDS
from retraining.ml.report import logistic
from retraining.ml.report.cases import Mask
from retraining.ml.report.development import Development, folds_of
from retraining.ml.report.power_law import Floats, PowerLaw, fit_power_law, scale_of
from retraining.ml.report.resampling import PatientDraws, areas, estimate, tidy

FRACTIONS: Final = (0.125, 0.25, 0.5, 0.75, 1.0)
CELL_FRACTIONS: Final = (0.25, 0.5)
LEAST_PATIENTS: Final = 20
MOST_CELLS: Final = 12
# Nobody is told what more than twice of what is there would bring.
STEPS: Final = (10, 20, 50, 100, 200, 500, 1000)
TOO_FEW: Final = "too-few"
UNCERTAIN: Final = "uncertain"


def learning_curve(
    development: Development, classes: list[str], positive: int, *, seed: int = 0
) -> dict[str, Any] | None:
    """{"learner", "points", "fit", "advice"}, see docs/evaluation.md; None with too few patients.

    Intervals are over patients who are judged; which patients train is not drawn again.
    """
    truth = development.labels == positive
    if min(development.how_many(truth), development.how_many(~truth)) < LEAST_PATIENTS:
        return None
    study = _Study(development, len(classes), positive, seed)
    curves = [study.drawn(study.kept(fraction)) for fraction in FRACTIONS]
    cases = np.array([study.trained(study.kept(fraction)) for fraction in FRACTIONS])
    points = [_point(n, *curve) for n, curve in zip(cases, curves, strict=True)]
    drawn = np.stack([each for _value, each in curves], axis=1)
    law = fit_power_law(cases, drawn, 1 / (np.nanvar(drawn, axis=0) + 1e-8))
    values = np.array([[value for value, _each in curves]])
    middle = fit_power_law(cases, values, 1 / (np.nanvar(drawn, axis=0) + 1e-8))
    fitted = {
        "limit": tidy(middle.limit[0]), "scale": tidy(middle.scale[0]),
        "power": tidy(middle.power[0]),
    }  # fmt: skip
    advice = _advice(study, classes, middle, law)
    return {"learner": "logistic", "points": points, "fit": fitted, "advice": advice}


def _point(cases: float, value: float, drawn: Floats) -> dict[str, Any]:
    found = estimate(value, drawn)
    return {
        "cases": round(cases), "auc": tidy(found.value), "low": tidy(found.low),
        "high": tidy(found.high),
    }  # fmt: skip


class _Study:
    """Fits with some patients left away, all judged on the same folds and the same draws."""

    def __init__(self, development: Development, classes: int, positive: int, seed: int) -> None:
        self.development, self.classes, self.positive = development, classes, positive
        self.truth = development.labels == positive
        self.folds = folds_of(development.groups, development.labels, seed=seed)
        self.place = _places(development, seed)
        self.draws = PatientDraws(development.groups, seed=seed)
        self._whole: dict[int, logistic.Coefficients] = {}
        self._found: dict[bytes, tuple[float, Floats]] = {}

    def kept(self, fraction: float, among: Mask | None = None) -> Mask:
        """Rows of the first patients of each class; of ``among`` alone where it is given."""
        first = self.place < fraction
        return first if among is None else first | ~among

    def trained(self, kept: Mask) -> float:
        """Cases that a fold's fit learns from, on average."""
        return float(kept.sum()) * (FOLDS - 1) / FOLDS

    def drawn(self, kept: Mask) -> tuple[float, Floats]:
        """The area out of fold when only the ``kept`` rows train, and (B,) draws of it."""
        key = kept.tobytes()
        if key not in self._found:
            ranked = sorted_scores(self.truth, self._scores(kept))
            value = float(areas(ranked, np.ones((1, len(kept))))[0])
            self._found[key] = value, self.draws.of(lambda weights: areas(ranked, weights))[:, 0]
        return self._found[key]

    def _scores(self, kept: Mask) -> Floats:
        inputs, labels = self.development.inputs, self.development.labels
        scores = np.empty(len(labels))
        for fold in range(FOLDS):
            judged, trains = self.folds == fold, kept & (self.folds != fold)
            found = logistic.fit(
                inputs[trains], labels[trains], self.classes, start=self._whole.get(fold)
            )
            if kept.all():
                self._whole[fold] = found
            scores[judged] = logistic.probabilities(found, inputs[judged])[:, self.positive]
        return scores


def _places(development: Development, seed: int) -> Floats:
    """(N,) where each patient stands in 0..1 among those of the same institution and class.

    Taking all below a fraction gives nested sets of whole patients in unchanged proportions.
    """
    random = np.random.default_rng(seed)
    first = np.unique(development.patients, return_index=True)[1]
    cell = np.char.add(development.places, development.labels.astype(str))[first]
    place = np.empty(len(first))
    for name in np.unique(cell):
        members = np.flatnonzero(cell == name)
        place[members] = (random.permutation(len(members)) + 0.5) / len(members)
    return np.asarray(place[development.patients])


def _advice(
    study: _Study, classes: list[str], middle: PowerLaw, law: PowerLaw
) -> list[dict[str, Any]]:
    """What more cases of each institution and class would add, the largest cells first."""
    found = []
    cells = _cells(study.development, len(classes))
    for number, (site, place, among) in enumerate(cells):
        row: dict[str, Any] = {
            "site": site, "class": classes[place], "cases": int(among.sum()), "more": None,
            "gain": None, "low": None, "high": None, "why": TOO_FEW,
        }  # fmt: skip
        if study.development.how_many(among) >= LEAST_PATIENTS and number < MOST_CELLS:
            row |= _gain(study, among, middle, law)
        found.append(row)
    return found


def _cells(development: Development, classes: int) -> list[tuple[str, int, npt.NDArray[np.bool_]]]:
    cells = [
        (str(site), place, (development.places == site) & (development.labels == place))
        for site in np.unique(development.places)
        for place in range(classes)
    ]
    return sorted(cells, key=lambda cell: (-int(cell[2].sum()), cell[0], cell[1]))


def _gain(study: _Study, among: Mask, middle: PowerLaw, law: PowerLaw) -> dict[str, Any]:
    """The shape of the curve is that of all cases; how steep it is here, the cell itself says."""
    now = int(among.sum())
    more = max(step for step in STEPS if step <= max(now, STEPS[0]))
    curves = [study.drawn(study.kept(f, among)) for f in (*CELL_FRACTIONS, 1.0)]
    cases = np.array([study.trained(study.kept(f) & among) for f in (*CELL_FRACTIONS, 1.0)])
    values = np.array([[value for value, _each in curves]])
    drawn = np.stack([each for _value, each in curves], axis=1)
    gain = _added(cases, values, middle, now, more)[0]
    found: Estimate = estimate(float(gain), _added(cases, drawn, law, now, more))
    is_shown = found.low is not None and found.low > 0
    return {
        "more": more, "gain": tidy(found.value) if is_shown else None, "low": tidy(found.low),
        "high": tidy(found.high), "why": "" if is_shown else UNCERTAIN,
    }  # fmt: skip


def _added(cases: Floats, found: Floats, law: PowerLaw, now: int, more: int) -> Floats:
    terms = np.maximum(cases, 0.5)[None] ** -law.power[:, None]
    share = np.full(len(cases), 1 / len(cases))
    steep = scale_of(terms, found, share)
    return PowerLaw(law.limit, steep, law.power).gain(now, more)
