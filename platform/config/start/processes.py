"""A small supervisor: starts the services, restarts what dies, ends all of them together.

Why our own and not supervisord or honcho: honcho ends everything when one process ends, and
supervisord orphans its children when it is killed. Here each child asks the kernel for a SIGTERM
at its parent's death (Linux, prctl(2) PR_SET_PDEATHSIG), so that not even `kill -9` of the
supervisor leaves a worker behind; other systems lack only that last promise. One thread and one
loop: code may run between fork and exec only while there is no second thread.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.start.trouble import StartFailed

PR_SET_PDEATHSIG = 1
TICK_SECONDS = 0.1
SECONDS_TO_STOP = 15.0
SECONDS_TO_BE_READY = 90.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
DEATHS_BEFORE_READY = 3
LINES_TO_REMEMBER = 3

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Service:
    """One program to keep alive. `log` takes its output instead of the terminal.

    A foundation is stopped after all the others, which may still need it while they end.
    """

    name: str
    argv: Sequence[str]
    log: Path | None = None
    is_foundation: bool = False


@dataclass
class Child:
    """A service's present process, and how well it has lived."""

    service: Service
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_TO_REMEMBER))
    rest: bytes = b""

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def die_with_parent(parent: int) -> Callable[[], None]:
    """What a child does between fork and exec; a parent that died before that ends it too."""

    def ask_the_kernel() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel


class Supervisor:
    """Runs `services` in order until a signal, and stops them in the reverse order."""

    def __init__(self, services: Sequence[Service], write: Callable[[str], None]) -> None:
        self.children = [Child(service) for service in services]
        self.write = write
        self.signals = 0
        self.is_ready = False
        self._selector = selectors.DefaultSelector()

    def run(self, ready: Callable[[], bool], on_ready: Callable[[], None]) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP; calls `on_ready` once `ready()` said yes.

        Raises StartFailed when a service dies again and again, or nothing is ready in time.
        """
        before = {number: signal.signal(number, self._stop) for number in STOP_SIGNALS}
        try:
            deadline = time.monotonic() + SECONDS_TO_BE_READY
            while not self.signals:
                self._start_due()
                self._pump(TICK_SECONDS)
                self._bury()
                if not self.is_ready:
                    self._become_ready(ready, on_ready, deadline)
        finally:
            self.stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    def _become_ready(
        self, ready: Callable[[], bool], on_ready: Callable[[], None], deadline: float
    ) -> None:
        if ready():
            self.is_ready = True
            on_ready()
        elif time.monotonic() > deadline:
            raise StartFailed(f"Nothing answered within {SECONDS_TO_BE_READY:.0f} seconds.")

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is None and now >= child.start_at:
                self._start(child)

    def _start(self, child: Child) -> None:
        log = child.service.log
        output = log.open("ab") if log else subprocess.PIPE
        try:
            # A session of its own: Ctrl-C of the terminal reaches the supervisor alone, which then
            # stops the services in order.
            child.process = subprocess.Popen(
                list(child.service.argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(os.getpid()),
            )
        finally:
            if not isinstance(output, int):
                output.close()
        child.started = time.monotonic()
        if child.process.stdout is not None:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _pump(self, seconds: float) -> None:
        """Pass on what the services print, each line with its service's name."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, 65536)
            if data:
                self._print(key.data, data)
            else:
                self._selector.unregister(key.fileobj)

    def _print(self, child: Child, data: bytes) -> None:
        *lines, child.rest = (child.rest + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            child.tail.append(text)
            self.write(f"{child.service.name:>7} | {text}")

    def _bury(self) -> None:
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._after_death(child, child.process)

    def _after_death(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        signal_group(process, signal.SIGKILL)  # what it started itself must not outlive it
        self._drain(child, process)
        lived = time.monotonic() - child.started
        child.deaths = 1 if lived > STEADY_SECONDS else child.deaths + 1
        child.process = None
        if not self.is_ready and child.deaths >= DEATHS_BEFORE_READY:
            raise StartFailed(self._obituary(child))
        pause = min(2.0 ** (child.deaths - 1), LONGEST_PAUSE_SECONDS)
        child.start_at = time.monotonic() + pause
        code = process.returncode
        self.write(f"{child.service.name:>7} | ended ({code}), starts again in {pause:.0f} s")

    def _drain(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        """Pass on the last words and let go of the pipe, whose number the next process may get."""
        if process.stdout is None:
            return
        with contextlib.suppress(BlockingIOError):
            while data := os.read(process.stdout.fileno(), 65536):
                self._print(child, data)
        with contextlib.suppress(KeyError):  # the end of the pipe was seen already
            self._selector.unregister(process.stdout)
        process.stdout.close()

    @staticmethod
    def _obituary(child: Child) -> str:
        where = f" (see {child.service.log})" if child.service.log else ""
        last = f": {child.tail[-1]}" if child.tail else ""
        return f"The {child.service.name} process ends as soon as it starts{where}{last}"

    def stop_all(self) -> None:
        """SIGTERM, foundations last; SIGKILL for what is late, or at a second Ctrl-C."""
        deadline = time.monotonic() + SECONDS_TO_STOP
        for are_foundations in (False, True):
            group = [c for c in self.children if c.service.is_foundation == are_foundations]
            self._stop_group(group, deadline)

    def _stop_group(self, group: Sequence[Child], deadline: float) -> None:
        for child in group:
            if child.process is not None and child.is_running():
                child.process.send_signal(signal.SIGTERM)
        while any(child.is_running() for child in group) and self.signals < 2:
            if time.monotonic() > deadline:
                break
            self._pump(TICK_SECONDS)
        for child in group:
            if child.process is not None:
                signal_group(child.process, signal.SIGKILL)
                child.process.wait()
        self._pump(0)


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """To the process and all that it started; a group that is gone already is fine."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
