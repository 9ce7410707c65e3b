"""Bulk actions: the doorbell, and what brings back those that were left behind."""

from core.tasks import cpu_task, ring
from images.services import bulk, exporting


@cpu_task
def work_bulk() -> None:
    """Work for one slice, then ring for the rest: files on their way in have their turn between."""
    if bulk.work_on_bulk():
        ring(work_bulk)


@cpu_task
def reap() -> None:
    """Ring for actions that lost their worker; archives whose day is over go."""
    bulk.reap()
    exporting.forget_expired()
