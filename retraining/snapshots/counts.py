"""What a list of cases is made of: counted by split, how unequal its classes are, and what its
labels go together with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from retraining.ml.association import association_of
from retraining.ml.imbalance import imbalance_of
from retraining.models import Split

if TYPE_CHECKING:
    from retraining.snapshots.planning import PlannedCase

# The last year of each band; who is older has the band above, who has no age has none.
BANDS: Final = ((17, "0-17"), (39, "18-39"), (59, "40-59"), (79, "60-79"))
OLDEST: Final = "80+"


def age_band(age_years: int | None) -> str:
    """`0-17`, `18-39`, `40-59`, `60-79`, `80+`, or empty for an unknown age."""
    if age_years is None:
        return ""
    return next((name for last, name in BANDS if age_years <= last), OLDEST)


def counts_of(cases: Sequence[PlannedCase], classes: Sequence[str]) -> dict[str, Any]:
    """Cases of each split ("splits"), and inside each split by class, site, view, age band, sex and
    source; "patients" are patient groups by split, "class_patients" by split and class.

    Classes without a case are counted as 0; what is unknown stands under "".
    """
    return {
        "splits": {split: sum(case.split == split for case in cases) for split in Split.values},
        "patients": {
            split: len({case.group for case in cases if case.split == split})
            for split in Split.values
        },
        "classes": _by_split(cases, lambda case: case.class_code, classes),
        "class_patients": class_patients(cases, classes),
        "sites": _by_split(cases, lambda case: case.site_code),
        "views": _by_split(cases, lambda case: case.view),
        "ages": _by_split(cases, lambda case: age_band(case.age_years)),
        "sexes": _by_split(cases, lambda case: case.sex),
        "sources": _by_split(cases, lambda case: case.source),
    }


def class_patients(
    cases: Iterable[PlannedCase], classes: Iterable[str]
) -> dict[str, dict[str, int]]:
    """Patient groups by split and class; a group with two classes counts in both."""
    pairs = {(case.split, case.class_code, case.group) for case in cases}
    counted = Counter((split, code) for split, code, _group in pairs)
    codes = list(classes)
    return {split: {code: counted[split, code] for code in codes} for split in Split.values}


def _by_split(
    cases: Sequence[PlannedCase],
    key: Callable[[PlannedCase], str],
    always: Iterable[str] = (),
) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {
        split: Counter(dict.fromkeys(always, 0)) for split in Split.values
    }
    for case in cases:
        counted[case.split][key(case)] += 1
    return {split: dict(sorted(numbers.items())) for split, numbers in counted.items()}


def imbalance_facts(cases: Iterable[PlannedCase], classes: Iterable[str]) -> dict[str, Any]:
    """{"mu", "rho"} over all splits; None for both without classes."""
    sizes = Counter(case.class_code for case in cases)
    codes = list(classes)
    if not codes:
        return {"mu": None, "rho": None}
    return asdict(imbalance_of([sizes[code] for code in codes]))


def associations_of(cases: Sequence[PlannedCase]) -> dict[str, dict[str, Any]]:
    """Between the label and the site, the source and the view, each as `Association`.

    Each patient group counts once for each pair of label and category: a patient with forty
    radiographs is no more evidence than another.
    """
    keys: dict[str, Callable[[PlannedCase], str]] = {
        "site": lambda case: case.site_code,
        "source": lambda case: case.source,
        "view": lambda case: case.view,
    }
    return {name: asdict(association_of(_pairs(cases, key))) for name, key in keys.items()}


def _pairs(
    cases: Iterable[PlannedCase], key: Callable[[PlannedCase], str]
) -> list[tuple[str, str]]:
    seen = {(case.group, case.class_code, key(case)) for case in cases}
    return sorted((code, category) for _group, code, category in seen)
