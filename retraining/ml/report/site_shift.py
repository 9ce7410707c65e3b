"""How far a model of these features carries to another institution, and whether the institution
itself can be read from them.

Source of the concern: Zech et al. 2018 (PLoS Med 15:e1002683), DeGrave, Janizek and Lee 2021 (Nat
Mach Intell 3:610).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.proportion import Estimate
from retraining.ml.curves import Ranked, sorted_scores
from retraining.ml.out_of_fold import FOLDS
from retraining.ml.report import logistic
from retraining.ml.report.cases import Mask
from retraining.ml.report.development import Development, folds_of
from retraining.ml.report.resampling import Floats, PatientDraws, areas, estimate, told

LEAST_PATIENTS: Final = 5
LEAST_OF_SITE: Final = 10


def leave_one_site_out(
    development: Development, classes: int, positive: int, *, seed: int = 0
) -> list[dict[str, Any]]:
    """[{"site", "n", "patients", "positives", "auc"}]: each institution judged by a fit on all the
    others, patients of both left out of the fit; empty with a single institution.

    The area is None where an institution, or what is left without it, has fewer than 5 patients
    with or without the positive class.
    """
    sites = np.unique(development.places)
    if len(sites) < 2:
        return []
    return [_left_out(development, str(site), classes, positive, seed) for site in sites]


def _left_out(
    development: Development, site: str, classes: int, positive: int, seed: int
) -> dict[str, Any]:
    here, truth = development.places == site, development.labels == positive
    trains = ~np.isin(development.patients, development.patients[here])
    row = {
        "site": site,
        "n": int(here.sum()),
        "patients": development.how_many(here),
        "positives": int((here & truth).sum()),
        "auc": told(Estimate(None)),
    }
    sides = [part & side for part in (here, trains) for side in (truth, ~truth)]
    if min(development.how_many(side) for side in sides) < LEAST_PATIENTS:
        return row
    found = logistic.fit(development.inputs[trains], development.labels[trains], classes)
    scores = logistic.probabilities(found, development.inputs[here])[:, positive]
    ranked = sorted_scores(truth[here], scores)
    draws = PatientDraws(development.patients[here].astype(str).tolist(), seed=seed)
    value = float(areas(ranked, np.ones((1, len(scores))))[0])
    drawn = draws.of(lambda weights: areas(ranked, weights))[:, 0]
    rarer = min(development.how_many(here & side) for side in (truth, ~truth))
    return row | {"auc": told(estimate(value, drawn, rarer))}


def site_prediction(
    development: Development, classes: list[str], *, seed: int = 0
) -> dict[str, Any] | None:
    """Whether a logistic regression tells institutions apart, patients out of fold.

    {"sites", "n", "auc", "accuracy", "majority", "within"}: ``auc`` is the mean over institutions
    of each against the others (0.5: nothing can be told), ``majority`` the accuracy of always
    naming the largest one, ``within`` the same area among cases of one class, which no difference
    in classes explains. Institutions under 10 patients are left out; None with fewer than two.
    """
    sites = _large_enough(development)
    if len(sites) < 2:
        return None
    chosen = np.isin(development.places, sites)
    place = np.searchsorted(sites, development.places[chosen])
    scores = _predicted(development, chosen, place, len(sites), seed)
    labels = development.labels[chosen]
    names = development.patients[chosen].astype(str)
    return {
        "sites": [str(site) for site in sites],
        "n": int(chosen.sum()),
        "auc": _mean_area(place, scores, names, seed),
        "accuracy": float(np.round((scores.argmax(axis=1) == place).mean(), 6)),
        "majority": float(np.round(np.bincount(place).max() / len(place), 6)),
        "within": [
            {
                "class": code,
                "n": int((labels == number).sum()),
                "auc": _mean_area(
                    place[labels == number], scores[labels == number], names[labels == number], seed
                ),
            }
            for number, code in enumerate(classes)
        ],
    }


def _large_enough(development: Development) -> npt.NDArray[np.str_]:
    sites = np.unique(development.places)
    enough = [development.how_many(development.places == site) >= LEAST_OF_SITE for site in sites]
    return np.asarray(sites[np.array(enough, dtype=bool)])


def _predicted(
    development: Development,
    chosen: Mask,
    place: npt.NDArray[np.int64],
    sites: int,
    seed: int,
) -> Floats:
    """(n, sites) probabilities of the institution, each by a fit without the patient."""
    inputs = development.inputs[chosen]
    names = development.patients[chosen].astype(str).tolist()
    folds, scores = folds_of(names, place, seed=seed), np.zeros((len(place), sites))
    for fold in range(FOLDS):
        trains = folds != fold
        found = logistic.fit(inputs[trains], place[trains], sites)
        scores[~trains] = logistic.probabilities(found, inputs[~trains])
    return scores


def _mean_area(
    place: npt.NDArray[np.int64], scores: Floats, names: npt.NDArray[np.str_], seed: int
) -> dict[str, float | None]:
    """Mean over the institutions that have 5 patients here, each against the others."""
    ranked = [
        sorted_scores(place == number, scores[:, number])
        for number in np.unique(place)
        if len(np.unique(names[place == number])) >= LEAST_PATIENTS
    ]
    if len(ranked) < 2:
        return told(Estimate(None))
    value = _mean(ranked, np.ones((1, len(place))))
    drawn = PatientDraws(names.tolist(), seed=seed).of(lambda weights: _mean(ranked, weights))
    return told(estimate(float(value[0]), drawn[:, 0]))


def _mean(ranked: list[Ranked], weights: Floats) -> Floats:
    return np.asarray(np.mean([areas(each, weights) for each in ranked], axis=0))
