"""The place to start in: a folder that can be written, room on its disk, a port that is free."""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from config.start.trouble import DISK_FULL, StartFailed

MEBIBYTE = 1024 * 1024
# First start: weights (59 MB, twice while unpacking), static files, database, some radiographs.
ROOM_TO_PREPARE = 300 * MEBIBYTE
ROOM_TO_RUN = 50 * MEBIBYTE


def ensure_folder(folder: Path) -> None:
    """Make `folder` (0700) and write a byte into it, so that a start fails before it has begun."""
    probe = folder / ".write-probe"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(b"1")
    except OSError as problem:
        if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StartFailed(DISK_FULL) from problem
        reason = (problem.strerror or "unknown reason").lower()
        raise StartFailed(
            f"The data folder {folder} cannot be written ({reason}): set DATA_DIR."
        ) from problem
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def ensure_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StartFailed(
            f"The disk of {folder} has {free // MEBIBYTE} MB left and {needed // MEBIBYTE} MB "
            "are needed: free some space or set DATA_DIR to a folder on another disk."
        )


def ensure_port_free(host: str, port: int) -> None:
    """Bind and let go. Raises StartFailed for a taken, forbidden or impossible address."""
    if not 0 < port < 65536:
        raise StartFailed(f"PORT={port} is no port: choose one from 1024 to 65535, PORT=8000.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as problem:
        raise StartFailed(_about_port(host, port, problem)) from problem


def _about_port(host: str, port: int, problem: OSError) -> str:
    code = problem.errno
    if code == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken by another program: choose one, PORT={port + 1}."
    if code in {errno.EACCES, errno.EPERM}:
        return f"Port {port} may not be opened by this account: choose one above 1023, PORT=8000."
    return f"The address {host}:{port} cannot be opened: look at HOST and PORT."


@contextlib.contextmanager
def only_start_of(folder: Path) -> Iterator[None]:
    """Hold the data folder: two starts in one folder would share a broker that either may stop."""
    run = folder / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(run / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _hold(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _hold(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        raise StartFailed(
            f"COVID-XR is already running with the data folder {folder}."
        ) from problem
