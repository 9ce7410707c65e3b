"""The same figures by site, sex, age and view, and what the conformal answers cover."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from inference.ml.conformal import Conformal
from inference.ml.proportion import Estimate
from retraining.ml.report.cases import KINDS, Mask, TestCases
from retraining.ml.report.figures import Judged, auc_of, judged, share_of
from retraining.ml.report.resampling import PatientDraws, told

LEAST_PATIENTS: Final = 5
_UNDEFINED: Final = told(Estimate(None))


def groups_of(
    cases: TestCases, positive: int, threshold: float, *, seed: int
) -> dict[str, list[dict[str, Any]]]:
    """{"site", "sex", "age", "view"}: a row for each key; below 5 patients it is only counted."""
    at, names = judged(cases, positive, threshold), np.asarray(cases.groups, dtype=str)
    found: dict[str, list[dict[str, Any]]] = {}
    for kind in KINDS:
        keys = cases.keys_of(kind)
        found[kind] = [
            _row(str(key), at, keys == key, names[keys == key], seed) for key in np.unique(keys)
        ]
    return found


def _row(key: str, at: Judged, chosen: Mask, names: Any, seed: int) -> dict[str, Any]:
    here = Judged(at.truth[chosen], at.score[chosen], at.called[chosen])
    patients = len(np.unique(names))
    row = {
        "key": key,
        "n": int(chosen.sum()),
        "patients": patients,
        "positives": int(here.truth.sum()),
        "auc": _UNDEFINED,
        "sensitivity": _UNDEFINED,
        "specificity": _UNDEFINED,
    }
    if patients < LEAST_PATIENTS:
        return row
    positive, negative = here.truth, ~here.truth
    return row | {
        "auc": auc_of(here, PatientDraws(names, seed=seed)),
        "sensitivity": _share(here.called[positive], names[positive], seed),
        "specificity": _share(~here.called[negative], names[negative], seed),
    }


def _share(flags: Mask, names: Any, seed: int) -> dict[str, float | None]:
    return share_of(flags.astype(np.float64), PatientDraws(names, seed=seed))


def conformal_of(
    cases: TestCases,
    rule: Conformal,
    classes: Sequence[str],
    draws: PatientDraws,
) -> dict[str, Any]:
    """How often the sets of answers hold the truth, hold one answer, or say "ask a doctor".

    ``by_class`` counts the cases of each class, those covered and those unsure.
    """
    answers = rule.answers(cases.probabilities)
    pairs = zip(answers, cases.labels.tolist(), strict=True)
    covered = np.array([truth in found for found, truth in pairs], dtype=bool)
    single = np.array([len(found) == 1 for found in answers], dtype=bool)
    return {
        "error_rate": rule.error_rate,
        "covered": share_of(covered.astype(np.float64), draws),
        "single": share_of(single.astype(np.float64), draws),
        "unsure": share_of((~single).astype(np.float64), draws),
        "by_class": [
            _of_class(code, cases.labels == place, covered, single)
            for place, code in enumerate(classes)
        ],
    }


def _of_class(code: str, chosen: Mask, covered: Mask, single: Mask) -> dict[str, Any]:
    return {
        "class": code,
        "n": int(chosen.sum()),
        "covered": int((covered & chosen).sum()),
        "unsure": int((~single & chosen).sum()),
    }
