"""Near-duplicates: the doorbell. What is to be compared has no sketch yet."""

import time

from core.tasks import cpu_task, ring
from images.services import copies

# Other work of the queue gets its turn in between.
SLICE_SECONDS = 5.0
AT_ONCE = 20


@cpu_task
def join_waiting() -> None:
    """Compare what is new until nothing is left, or the slice is over: then ring for the rest."""
    slice_ends = time.monotonic() + SLICE_SECONDS
    while waiting := list(copies.waiting()[:AT_ONCE]):
        for radiograph in waiting:
            copies.join_copies(radiograph=radiograph)
        if time.monotonic() >= slice_ends:
            ring(join_waiting)
            return
