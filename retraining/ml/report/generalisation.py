"""What development patients say of other patients: three parts of the evaluation at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from threadpoolctl import threadpool_limits

from retraining.ml.report.development import Development
from retraining.ml.report.learning import learning_curve
from retraining.ml.report.site_shift import leave_one_site_out, site_prediction
from retraining.ml.training_spec import TrainingSpec


def generalisation(
    development: Development, spec: TrainingSpec, *, classes: Sequence[str]
) -> dict[str, Any]:
    """{"learning_curve", "left_out_sites", "site_prediction"} of docs/evaluation.md.

    ``classes`` are codes in the order of the labels; of ``spec`` the positive class and the seed
    count, the learner is another one (``retraining.ml.report.logistic``).
    """
    place, seed = spec.positive, spec.seed
    # Hundreds of small fits: on several threads they would be waiting for one another.
    with threadpool_limits(limits=1, user_api="blas"):
        return {
            "learning_curve": learning_curve(development, list(classes), place, seed=seed),
            "left_out_sites": leave_one_site_out(development, len(classes), place, seed=seed),
            "site_prediction": site_prediction(development, list(classes), seed=seed),
        }
