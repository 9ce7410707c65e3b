"""Every change of state of this app."""

from inference.services.activation import (
    activate,
    install_baseline,
    prepared,
    put_in_service,
)
from inference.services.explain import (
    explanations_wait,
    reap_explanations,
    request_explanation,
    ring_if_explanations_wait,
    work_next_explanation,
)
from inference.services.gate import NotStopped, override_gate
from inference.services.missing import queue_missing
from inference.services.pipeline import answer_waiting
from inference.services.queue import (
    bury_exhausted,
    request_predictions,
    retry,
    ring_if_waiting,
)
from inference.services.replaced import start_over
from inference.services.repredict import (
    NotInService,
    cancel_reprediction,
    request_reprediction,
    resume_repredictions,
    work_on_reprediction,
)
from inference.services.shadow import (
    let_score,
    prepared_candidate,
    record_scores,
    start_shadow,
    stop_shadow,
)
from inference.services.standings import mend_standings, note_standings
from inference.services.work import work_next

__all__ = [
    "NotInService",
    "NotStopped",
    "activate",
    "answer_waiting",
    "bury_exhausted",
    "cancel_reprediction",
    "explanations_wait",
    "install_baseline",
    "let_score",
    "mend_standings",
    "note_standings",
    "override_gate",
    "prepared",
    "prepared_candidate",
    "put_in_service",
    "queue_missing",
    "reap_explanations",
    "record_scores",
    "request_explanation",
    "request_predictions",
    "request_reprediction",
    "resume_repredictions",
    "retry",
    "ring_if_explanations_wait",
    "ring_if_waiting",
    "start_over",
    "start_shadow",
    "stop_shadow",
    "work_next",
    "work_next_explanation",
    "work_on_reprediction",
]
