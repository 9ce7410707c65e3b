"""Now and then: bring worklists in line with what signals missed."""

from core.tasks import cpu_task
from reading.services import worklists


@cpu_task
def keep_worklists() -> None:
    worklists.keep_worklists()


@cpu_task
def rank_worklists() -> None:
    worklists.rank_worklists()
