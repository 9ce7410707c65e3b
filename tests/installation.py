"""An installation of its own in a temporary folder, run by real processes."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings

from tests.servers import celery_url, wait_until

CELERY = (sys.executable, "-m", "celery", "-A", "config")
WORKER = (*CELERY, "worker", "-Q", "default,inference,training", "--concurrency", "1")
BEAT = (*CELERY, "beat", "--pidfile=")


@dataclass(frozen=True)
class Installation:
    """`database_url` empty: SQLite in the data folder."""

    data: Path
    redis_url: str
    weights: Path
    database_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        own = {"DATA_DIR", "BROKER_URL", "CACHE_URL", "DATABASE_URL", "REDIS_URL"}
        kept = {name: value for name, value in os.environ.items() if name not in own}
        return kept | {
            "DATA_DIR": str(self.data),
            "BROKER_URL": celery_url(self.redis_url),
            "CACHE_URL": self.redis_url,
            "DATABASE_URL": self.database_url,
            "VGG16_WEIGHTS": str(self.weights),
            "OMP_NUM_THREADS": "2",
        }

    def manage(self, *arguments: str) -> str:
        finished = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR,
            env=self.environment, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr[-3000:]
        return finished.stdout

    def run_code(self, code: str) -> str:
        return self.manage("shell", "-v", "0", "-c", code)

    @contextmanager
    def process(self, command: tuple[str, ...], log: str):
        """A process with its children in a group of their own; killed at the end."""
        with (self.data / log).open("ab") as out:
            process = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield process
        finally:
            kill_group(process)

    def kill_in_the_middle(self, code: str, *, count: str, of: int) -> None:
        """Run `code` in a process and kill it as soon as what `count` asks for has grown."""

        def done() -> int:
            return self.rows(count)[0][0]

        before = done()
        command = (sys.executable, "manage.py", "shell", "-v", "0", "-c", code)
        with self.process(command, "work.log") as process:
            wait_until(lambda: done() > before, 120, "the next slice")
            kill_group(process)
        assert done() < of, "all was done before the kill: nothing was tested"

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database itself, past every cache of Django."""
        with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def _connect(self):
        if self.database_url:
            return psycopg2.connect(self.database_url)
        return sqlite3.connect(self.data / "covidxr.sqlite3", timeout=30)


def kill_group(process: subprocess.Popen) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
