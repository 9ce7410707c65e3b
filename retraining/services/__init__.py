"""Every change of state of this room."""

from retraining.services.label_check import (
    request_due_checks,
    request_label_check,
    resume_label_checks,
    work_on_label_check,
)
from retraining.services.label_impact import (
    MOST_LABELS,
    TooManyLabels,
    request_impact,
    resume_impacts,
    throw_away_old_impacts,
    work_on_impact,
)
from retraining.services.suspecting import close_corrected, judge_suspect

__all__ = [
    "MOST_LABELS",
    "TooManyLabels",
    "close_corrected",
    "judge_suspect",
    "request_due_checks",
    "request_impact",
    "request_label_check",
    "resume_impacts",
    "resume_label_checks",
    "throw_away_old_impacts",
    "work_on_impact",
    "work_on_label_check",
]
