"""How unequal the classes of a data set are.

Buda, Maki and Mazurowski 2018 ("A systematic study of the class imbalance problem in convolutional
neural networks"), as the AlexNet paper takes it over in its equations 1 and 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Imbalance:
    """``mu``: share of the classes that are minorities, in [0, 1). ``rho``: how many times the
    largest class is the smallest one, 1 or more; None where a class is empty."""

    mu: float
    rho: float | None


def imbalance_of(sizes: Sequence[int]) -> Imbalance:
    """``sizes``: cases of each class, empty ones too. A minority is smaller than the mean size.

    With two classes ``mu`` is therefore 0.5 unless they are equal, as in the paper's figure 1.
    Raises ValueError without classes and for negative sizes.
    """
    if not sizes or min(sizes) < 0:
        raise ValueError(f"class sizes {list(sizes)} must be one or more counts")
    minorities = sum(size * len(sizes) < sum(sizes) for size in sizes)
    rho = max(sizes) / min(sizes) if min(sizes) else None
    return Imbalance(minorities / len(sizes), rho)
