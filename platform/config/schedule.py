"""What beat rings for, and how often. A message that nobody took by then is worth nothing."""

from typing import Any, Final


def _every(seconds: int, task: str) -> dict[str, Any]:
    return {"task": task, "schedule": float(seconds), "options": {"expires": seconds}}


SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "reap-predictions": _every(10, "inference.tasks.predict.reap"),
    "finish-forgetting": _every(3600, "inference.tasks.predict.finish_forgetting"),
    "mend-standings": _every(3600, "inference.tasks.predict.mend_standings"),
    "reap-intake": _every(10, "images.tasks.intake.reap"),
    "reap-bulk": _every(10, "images.tasks.bulk.reap"),
    "sweep": _every(3600, "images.tasks.upkeep.sweep"),
    "join-copies": _every(30, "images.tasks.copies.join_waiting"),
    "refresh-similar": _every(60, "inference.tasks.similar.refresh_similar"),
    "reap-labels": _every(10, "retraining.tasks.reap"),
    "look-after-models": _every(3600, "retraining.tasks.look_after_models"),
    "look-after-labels": _every(3600, "retraining.tasks.look_after_labels"),
    "follow-changes": _every(60, "reading.tasks.upkeep.follow_changes"),
    "keep-worklists": _every(600, "reading.tasks.upkeep.keep_worklists"),
    "rank-worklists": _every(3600, "reading.tasks.upkeep.rank_worklists"),
    # The workers of one queue say nothing about those of another.
    "worker-pulse": _every(10, "core.tasks.pulse"),
    "worker-pulse-inference": _every(10, "core.tasks.pulse_inference"),
}
