"""`manage.py up` in a process of its own, as a person starts it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from tests.servers import free_port, wait_until

START_SECONDS = 180
STOP_SECONDS = 40
MANAGE = Path(settings.BASE_DIR) / "manage.py"


@dataclass
class Up:
    """A start of the platform in `data`; `lines` are what it printed so far."""

    data: Path
    environment: dict[str, str]
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    lines: list[str] = field(default_factory=list)
    seconds_to_ready: float = 0.0

    def __post_init__(self):
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, str(MANAGE), "up", *self.options],
            env=self.environment | {"DATA_DIR": str(self.data), "PORT": str(self.port)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        wait_until(self._decided, START_SECONDS, f"a start: {self.text}")
        self.seconds_to_ready = time.monotonic() - began

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def _decided(self):
        return any("COVID-XR is ready" in line for line in self.lines) or self.process.poll()

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self):
        found = re.search(r"Password +(\S+)", self.text)
        return found.group(1) if found else ""

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        self.reader.join(STOP_SECONDS)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


def environment(**values):
    """What a shell would hand over: no settings of the test run."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | values


def belongs_to(data):
    """Processes of a start: those whose environment or command line names its data folder.

    A broker writes its title over its environment, so that only the title is left to read.
    """
    wanted = f"DATA_DIR={data}".encode()
    return [p for p in _pids() if wanted in _environment_of(p) or f"{data}/run" in command_of(p)]


def _pids():
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _environment_of(pid):
    """Empty for a process that is gone, or gone but for its parent's notice."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
