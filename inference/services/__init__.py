"""Every change of state of this app."""

from inference.services.activation import activate, install_baseline
from inference.services.queue import queue_missing, request_predictions, retry, ring_if_waiting
from inference.services.work import work_next

__all__ = [
    "activate",
    "install_baseline",
    "queue_missing",
    "request_predictions",
    "retry",
    "ring_if_waiting",
    "work_next",
]
