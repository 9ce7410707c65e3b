"""What the platform's processes use, from /proc: resident memory and processor time by role."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.machine import resident_bytes

# Looking through all processes takes 7 ms.
EVERY_SECONDS = 1.0
# By a word of the command line, in the order of asking.
ROLES = {"worker": "worker", "beat": "beat", "gunicorn": "web", "broker": "broker", "up": "up"}


@dataclass
class Watch:
    """While the `with` block runs: the worker's memory over time. After it: processor seconds.

    `memory` holds (moment, resident bytes of all processes of the worker); moments are those of
    `time.time`. Pages that parent and child share count for both.
    """

    folder: Path
    memory: list[tuple[float, int]] = field(default_factory=list)
    processor_seconds: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._before = processor_seconds(self.folder)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        after = processor_seconds(self.folder)
        self.processor_seconds = {
            role: round(seconds - self._before.get(role, 0.0), 2) for role, seconds in after.items()
        }

    def _sample(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            pids = [pid for pid, role in members(self.folder) if role == "worker"]
            self.memory.append((time.time(), sum(map(resident_bytes, pids))))


def members(folder: Path) -> list[tuple[int, str]]:
    """Processes of the installation in `folder`, each with its role.

    A broker writes its title over its environment, so that only the title is left to read.
    """
    wanted = f"DATA_DIR={folder}".encode()
    found = []
    for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        command = _read(pid, "cmdline")
        if wanted in _read(pid, "environ").split(b"\0"):
            found.append((pid, role_of(command.split(b"\0"))))
        elif f"{folder}/run".encode() in command:
            found.append((pid, "broker"))
    return found


def role_of(words: list[bytes]) -> str:
    text = {word.decode(errors="replace").rpartition("/")[2] for word in words}
    return next((role for word, role in ROLES.items() if word in text), "other")


def processor_seconds(folder: Path) -> dict[str, float]:
    """User and system seconds so far by role, with those of children that have ended."""
    seconds: dict[str, float] = defaultdict(float)
    for pid, role in members(folder):
        # The name in brackets may hold blanks; the fields are counted from behind it (proc(5)).
        fields = _read(pid, "stat").rpartition(b")")[2].split()
        seconds[role] += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return dict(seconds)


def _read(pid: int, name: str) -> bytes:
    """Empty for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
