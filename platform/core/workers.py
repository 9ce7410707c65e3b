"""What the processes that a worker forks off know of it: whom it serves, and whether it is to end.

Both are noted by the worker's own process (`config.celery`): the queues before it forks, its end in
a byte that it shares with all whom it forked.
"""

import mmap
from collections.abc import Iterable
from typing import Final

# Names of the queues of this worker; empty in other processes.
served: Final[set[str]] = set()

_ending: Final = mmap.mmap(-1, 1)


def note_served(queues: Iterable[str]) -> None:
    served.update(queues)


def serves_only(queue: str) -> bool:
    """Whether no other queue's messages wait for this process."""
    return served == {queue}


def note_ending() -> None:
    _ending[0] = 1


def is_ending() -> bool:
    """Whether the worker was told to end, and waits for this process to have done its task."""
    return bool(_ending[0])
