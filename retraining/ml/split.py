"""Which split a patient belongs to, decided by a keyed hash and by nothing else.

A patient keeps the split for ever: data added later, or taken away, move nobody. All radiographs of
one patient share a split, so that no test figure is earned by recognising a patient.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Sequence
from typing import Final

TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"

Fractions = Sequence[tuple[str, float]]
FRACTIONS: Final = ((TRAIN, 0.7), (VALIDATION, 0.1), (TEST, 0.2))

_HASH_RANGE: Final = float(1 << 64)


def split_of(patient_group: str, salt: str, fractions: Fractions = FRACTIONS) -> str:
    """Name of the split of a patient group (patients joined by near-duplicates share one group).

    ``salt`` names the division: the same salt always gives the same division. Raises ValueError
    for an empty group and for fractions that are negative or do not add up to 1.
    """
    if not patient_group:
        raise ValueError("a radiograph without a patient group has no split")
    _refuse_bad(fractions)
    place = _position(patient_group, salt)
    reached = 0.0
    for name, fraction in fractions:
        reached += fraction
        if place < reached:
            return name
    # The sum of the fractions may end a rounding error below 1.
    return next(name for name, fraction in reversed(fractions) if fraction > 0)


def split_of_joined(keys: Sequence[str], salt: str, fractions: Fractions = FRACTIONS) -> str:
    """Split of patients that a merge or copies joined: ``keys`` are all that they ever had.

    One split for all of them. Where the keys disagree, some of them may have been trained on before
    they were joined: the group goes where it does no harm, to training before validation before
    test (the order of ``fractions``). Nothing that was trained on is ever tested with.
    """
    splits = {split_of(key, salt, fractions) for key in keys}
    if not splits:
        raise ValueError("a radiograph without a patient group has no split")
    return next(name for name, _ in fractions if name in splits)


def fold_of(patient_group: str, salt: str, folds: int) -> int:
    """Cross-validation fold of a patient group, 0 to ``folds`` - 1, independent of its split."""
    if folds < 2:
        raise ValueError(f"cross-validation needs two folds or more, not {folds}")
    return int(_position(patient_group, f"{salt}/folds") * folds)


def _position(patient_group: str, salt: str) -> float:
    digest = hmac.digest(salt.encode(), patient_group.encode(), hashlib.sha256)
    # 53 of the 64 bits survive in a float, so a position could round up to exactly 1.
    return min(int.from_bytes(digest[:8], "big") / _HASH_RANGE, math.nextafter(1.0, 0.0))


def _refuse_bad(fractions: Fractions) -> None:
    shares = [fraction for _, fraction in fractions]
    if min(shares, default=-1.0) < 0 or not math.isclose(sum(shares), 1.0, abs_tol=1e-9):
        raise ValueError(f"split fractions {shares} must be positive and add up to 1")
