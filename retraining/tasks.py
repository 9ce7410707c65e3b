"""Doorbells of the training queue, and the upkeep. Torch stays out of this module."""

from core.tasks import cpu_task, ring, train_task
from retraining import services


@train_task
def check_labels_waiting() -> None:
    """Search the labels of one target, then ring for the next."""
    if services.work_on_label_check():
        ring(check_labels_waiting)


@train_task
def preview_impact_waiting() -> None:
    """Answer one preview, then ring for the next: previews of others have their turns."""
    if services.work_on_impact():
        ring(preview_impact_waiting)


@cpu_task
def reap() -> None:
    """Bring back what killed workers and lost messages left behind."""
    services.resume_impacts()
    services.resume_label_checks()


@cpu_task
def look_after_labels() -> None:
    """Ask for the checks that are due, and throw away what nobody needs any more."""
    services.throw_away_old_impacts()
    services.close_corrected()
    services.request_due_checks()
