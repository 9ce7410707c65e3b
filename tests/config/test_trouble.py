"""Known troubles become one line, unknown ones keep their traceback."""

import errno
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import OperationalError, ProgrammingError

from config.start.trouble import DISK_FULL, StartFailed, one_line

REFUSED = (
    'connection to server at "db", port 5432 failed: Connection refused\n\tIs the server running?'
)


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (StartFailed("No."), "No."),
        (ImproperlyConfigured("PORT must be a whole number"),
         "The configuration is wrong: PORT must be a whole number"),
        (OSError(errno.ENOSPC, "No space left on device"), DISK_FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), DISK_FULL),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/data"),
         "Cannot write /srv/data: there is no right to. Set DATA_DIR to your own."),
        (OperationalError("database or disk is full"), DISK_FULL),
        (OperationalError(REFUSED),
         "The database of DATABASE_URL does not answer: Connection refused"),
        (OperationalError("unable to open database file"),
         "The database file cannot be written: look at DATA_DIR or DATABASE_URL."),
    ],
)  # fmt: skip
def test_one_line(problem, line):
    assert one_line(problem) == line


@pytest.mark.parametrize(
    "problem",
    [
        ValueError("a fault of ours"),
        FileNotFoundError(errno.ENOENT, "No such file", "x"),
        ProgrammingError('relation "images_radiograph" does not exist'),
        ProgrammingError('column "x" does not exist'),
    ],
)
def test_a_fault_keeps_its_traceback(problem):
    assert one_line(problem) is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL must begin with one of postgres://"),
        ("DATABASE_URL", "postgres://u:hidden@127.0.0.1:1/x", "Connection refused"),
        ("REDIS_URL", "http://127.0.0.1", "REDIS_URL must begin with one of redis://"),
        ("PORT", "eighty", "PORT must be a whole number"),
        ("DATA_DIR", "/dev/null/data", "Cannot write /dev/null/data/secret_key: a file is in"),
    ],
)
def test_a_bad_environment_is_one_line_of_the_command_line(tmp_path, name, value, words):
    environment = {"PATH": "", "DATA_DIR": str(tmp_path), name: value}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "up"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hidden" not in done.stderr
