"""What this process may use of the processor."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")
_CPU_INFO: Final = Path("/proc/cpuinfo")

# As the kernel calls them, best first, with the names that people use.
_INSTRUCTION_SETS: Final = {
    "avx512vl": "avx512",
    "avx2": "avx2",
    "avx": "avx",
    "asimdhp": "neon fp16",
    "asimd": "neon",
}


def usable_cores() -> int:
    """Cores that this process may use: its affinity, and a container's quota (cgroup v2)."""
    pinned = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(pinned or 1, _quota()))


def instruction_set() -> str:
    """The widest vector instructions here, such as ``avx512``; else the machine's family."""
    known = set(_read(_CPU_INFO).split())
    return next((name for flag, name in _INSTRUCTION_SETS.items() if flag in known), "") or (
        platform.machine()
    )


def _quota() -> int:
    """Cores, rounded up, of "QUOTA PERIOD" (microseconds); very many where there is no limit."""
    stated = _read(_QUOTA).split()
    if len(stated) != 2 or not stated[0].isdigit():
        return 1 << 20
    return math.ceil(int(stated[0]) / int(stated[1]))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Let torch compute with so many threads (None: all cores) while the block runs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads or usable_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def take_a_share_of_the_card(percent: int) -> None:
    """Leave the rest of a card's memory to the process that predicts; nothing without a card."""
    import torch

    if torch.cuda.is_available() and 0 < percent < 100:
        torch.cuda.set_per_process_memory_fraction(percent / 100)


def keep_small_sums_on_one_thread() -> None:
    """Let torch and BLAS compute on one thread, for the whole process.

    Gate and head are small; a second thread gains nothing there, and goes on spinning for some 20
    milliseconds afterwards (OpenBLAS, libgomp), on the core that the next radiograph is waiting
    for. Not for a process whose engine is torch itself.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(limits=1, user_api="blas")
