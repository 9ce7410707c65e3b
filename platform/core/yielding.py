"""Processes that work when nobody else wants the processor: those of the training queue.

Linux has a scheduling class for it, SCHED_IDLE (sched(7)): its threads run when a core would stand
still, and give it back within microseconds as soon as anything else wakes. Other systems have the
lowest niceness. Where the kernel shares the processor between sessions first (autogroup, sched(7)),
a process gives way within its own session alone, so that its session gets the lowest niceness too;
between containers only their shares count (docker-compose.yml). Cores are one thing, caches and
memory another: a background process therefore computes with fewer threads than there are cores.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.conf import settings

BACKGROUND_QUEUES: Final = frozenset({"training"})
LOWEST: Final = 19
# Read by libraries once, when they are loaded.
THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

_AUTOGROUP: Final = Path("/proc/self/autogroup")

_yielding: Final[set[int]] = set()


def is_for_background(queues: frozenset[str]) -> bool:
    """Whether a worker of `queues` may give way to all: one that also predicts must not."""
    return bool(queues) and queues <= BACKGROUND_QUEUES


def yield_to_all() -> None:
    """Let this process, and what it starts, run after everybody else; it cannot be taken back.

    For the beginning of a process, before libraries with threads of their own are loaded.
    """
    _yielding.add(os.getpid())
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, LOWEST)
    if _leads_no_others():
        with suppress(OSError):
            _AUTOGROUP.write_text(str(LOWEST))
    for name in THREAD_VARIABLES:
        os.environ[name] = str(background_threads())


def _leads_no_others() -> bool:
    """Whether the session is that of the worker which started this process, as a supervisor makes
    it: a terminal's session has other programs in it."""
    return os.getsid(0) == os.getppid()


def is_yielding() -> bool:
    """Whether this process gave way."""
    return os.getpid() in _yielding


def background_threads() -> int:
    """Threads that a background process computes with: TRAINING_THREADS, else one core is left.

    At least one.
    """
    if settings.TRAINING_THREADS > 0:
        return int(settings.TRAINING_THREADS)
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return max(1, cores - 1)
