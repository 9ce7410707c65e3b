"""What workers of the queue `default` do for the reading room."""

from reading.tasks import upkeep

__all__ = ["upkeep"]
