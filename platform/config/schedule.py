"""What beat rings for, and how often. A message that nobody took by then is worth nothing."""

from typing import Any, Final

SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "reap-predictions": {
        "task": "inference.tasks.predict.reap",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "finish-forgetting": {
        "task": "inference.tasks.predict.finish_forgetting",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "reap-intake": {
        "task": "images.tasks.intake.reap",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "tidy-intake": {
        "task": "images.tasks.intake.tidy",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "reap-bulk": {
        "task": "images.tasks.bulk.reap",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "sweep": {
        "task": "images.tasks.upkeep.sweep",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "join-copies": {
        "task": "images.tasks.copies.join_waiting",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "refresh-similar": {
        "task": "inference.tasks.similar.refresh_similar",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # The workers of one queue say nothing about those of another.
    "worker-pulse": {"task": "core.tasks.pulse", "schedule": 10.0, "options": {"expires": 10}},
    "worker-pulse-inference": {
        "task": "core.tasks.pulse_inference",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
}
