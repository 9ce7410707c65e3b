"""Figures of reader studies: arrays in, frozen dataclasses out, no Django.

A figure that the data cannot give is None with a reason, never 0 and never NaN.
"""

from reading.statistics.accuracy import Accuracy, accuracy
from reading.statistics.agreement import (
    Agreement,
    Undefined,
    cohen_kappa,
    counts_of,
    fleiss_kappa,
    table_of,
)
from reading.statistics.resampling import bootstrap_interval

__all__ = [
    "Accuracy",
    "Agreement",
    "Undefined",
    "accuracy",
    "bootstrap_interval",
    "cohen_kappa",
    "counts_of",
    "fleiss_kappa",
    "table_of",
]
