"""The real platform in a folder of its own: `manage.py up`, as a person starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import films
from benchmarks.machine import environment

START_SECONDS = 180.0
STOP_SECONDS = 40.0
READY = "COVID-XR is ready"
# One person may call the API 600 times a minute; here one person is a whole hospital's morning.
UNLIMITED = "1000000"


class DidNotStart(Exception):
    """The platform ended before it was ready; the text is its last lines."""


@dataclass
class Installation:
    """Runs while the `with` block does; `people` health workers of one institution, by token."""

    folder: Path
    people: int
    tokens: list[str] = field(default_factory=list)
    port: int = 0
    # Of the environment, instead of what is set here.
    own: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def last_words(self) -> str:
        """The last lines that the platform printed."""
        return " / ".join(self._last_lines)

    def __enter__(self) -> Self:
        self.port = _free_port()
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=films.ROOT, env=self._environment(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self._last_lines: deque[str] = deque(maxlen=3)
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self._wait_until_ready()
            self.tokens = json.loads(self.shell(f"print_tokens({self.people})"))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database itself, read only: what no address of the API tells."""
        with self.asking() as ask:
            return ask(statement)

    @contextmanager
    def asking(self) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
        """The same for many questions, by one connection: a new one reads the whole schema, which
        costs the cores that are being measured."""
        path = self.folder / "covidxr.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
            yield lambda statement: database.execute(statement).fetchall()

    def _environment(self) -> dict[str, str]:
        return environment(
            DATA_DIR=str(self.folder),
            PORT=str(self.port),
            VGG16_WEIGHTS=str(films.weights_path()),
            **({"API_REQUESTS_PER_MINUTE": UNLIMITED} | self.own),
        )

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._last_lines.append(line.strip())
            if READY in line:
                self._ready.set()
        self._ready.set()

    def _wait_until_ready(self) -> None:
        self._ready.wait(START_SECONDS)
        if self._process.poll() is not None or not self._ready.is_set():
            raise DidNotStart(self.last_words)

    def shell(self, call: str) -> str:
        """What a call of `benchmarks.people` prints when the platform itself makes it."""
        code = f"from benchmarks.people import *; {call}"
        finished = subprocess.run(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", code], cwd=films.ROOT,
            env=self._environment(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return finished.stdout

    def _stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(STOP_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
