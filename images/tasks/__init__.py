"""What workers of the queue `default` do for the images room."""

from images.tasks import bulk, copies, intake, upkeep

__all__ = ["bulk", "copies", "intake", "upkeep"]
