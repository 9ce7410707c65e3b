"""Doorbells: they say "there is work", the rows say which. Torch stays out of this package."""

from inference.tasks.explain import explain_waiting
from inference.tasks.predict import (
    finish_forgetting,
    mend_standings,
    predict_waiting,
    reap,
)
from inference.tasks.repredict import repredict_waiting
from inference.tasks.similar import refresh_similar

__all__ = [
    "explain_waiting",
    "finish_forgetting",
    "mend_standings",
    "predict_waiting",
    "reap",
    "refresh_similar",
    "repredict_waiting",
]
