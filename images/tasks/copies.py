"""Near-duplicates, while nobody brings radiographs or waits for an answer. What is to be compared
has no sketch yet."""

import time

from core.tasks import cpu_task, ring
from images.models import Radiograph
from images.services import copies, quiet

# Other work of the queue gets its turn in between.
SLICE_SECONDS = 5.0


@cpu_task
def join_waiting() -> None:
    """Compare what is new until nothing is left, somebody brings more or waits for an answer, or
    the slice is over.

    Where it is never quiet: one slice for each beat, once some have waited too long.
    """
    slice_ends = time.monotonic() + SLICE_SECONDS
    while waiting := _to_compare():
        copies.join_some(waiting)
        if time.monotonic() >= slice_ends:
            if quiet.is_quiet():
                ring(join_waiting)
            return


def _to_compare() -> list[Radiograph]:
    is_quiet, waiting = quiet.is_quiet(), quiet.some_waiting()
    return waiting if is_quiet or quiet.waited_too_long(waiting) else []
