"""Known troubles of a start, each told in one line; an unknown one keeps its traceback."""

import errno
import re

from django.core.exceptions import ImproperlyConfigured
from django.db.utils import DatabaseError

DISK_FULL = "The disk is full: free some space or set DATA_DIR to a folder on another disk."


class StartFailed(Exception):
    """The platform cannot start; the text is one sentence for the person at the keyboard."""


def one_line(problem: BaseException) -> str | None:
    """One line about a known trouble, or None for a fault that deserves its traceback."""
    if isinstance(problem, StartFailed):
        return str(problem)
    if isinstance(problem, ImproperlyConfigured):
        return f"The configuration is wrong: {problem}"
    if isinstance(problem, OSError):
        return _file_trouble(problem)
    if isinstance(problem, DatabaseError):
        return _database_trouble(problem)
    return None


def _file_trouble(problem: OSError) -> str | None:
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DISK_FULL
    refused = {
        errno.EACCES: "there is no right to",
        errno.EPERM: "there is no right to",
        errno.EROFS: "the disk is read-only",
        errno.ENOTDIR: "a file is in the way",
        errno.EEXIST: "a file is in the way",
    }
    if problem.errno not in refused or problem.filename is None:
        return None
    return f"Cannot write {problem.filename}: {refused[problem.errno]}. Set DATA_DIR to your own."


def _database_trouble(problem: DatabaseError) -> str | None:
    text = str(problem).strip()
    if "database or disk is full" in text or "No space left on device" in text:
        return DISK_FULL
    if "unable to open database file" in text or "readonly database" in text:
        return "The database file cannot be written: look at DATA_DIR or DATABASE_URL."
    unreachable = (
        r"could not translate host name|connection (to server )?.*(failed|refused)|timeout expired|"
        r"server closed the connection|authentication failed|does not exist"
    )
    if re.search(unreachable, text) and "relation" not in text and "column" not in text:
        return f"The database of DATABASE_URL does not answer: {_last_clause(text)}"
    return None


def _last_clause(text: str) -> str:
    """`connection to server at "h", port 5 failed: Connection refused` -> `Connection refused`."""
    first = text.splitlines()[0]
    return first.rpartition("failed: ")[2] or first
