"""Makes `.venv` and installs the pinned dependencies. Standard library only, and a stamp.

`python bootstrap.py app` is what the platform needs, `dev` adds what its tests and linters need,
`bench` what the benchmarks compare with.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# CPU torch and the rest unpack to 1.6 GB, the CUDA build to 7 GB: below this not even the first.
SMALLEST_ROOM = 2_000_000_000
LOCKS = {
    "app": ("app.txt",),
    "dev": ("app.txt", "dev.txt"),
    "bench": ("app.txt", "dev.txt", "bench.txt"),
}


class Trouble(Exception):
    """One sentence for the person at the keyboard."""


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else "app"
    stamp = VENV / f".installed-{wanted}"
    try:
        if PYTHON.exists() and _read(stamp) == _fingerprint(wanted):
            return
        _install(wanted)
        stamp.write_text(_fingerprint(wanted), encoding="ascii")
    except Trouble as trouble:
        sys.exit(str(trouble))
    except OSError as problem:
        if problem.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        sys.exit("The disk is full: free some space and start again.")
    except KeyboardInterrupt:
        sys.exit("Stopped; start again to go on where it was.")


def _install(wanted: str) -> None:
    started = time.monotonic()
    _ensure_room()
    steps = list(_steps(wanted))
    for number, (title, command) in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {title}", flush=True)
        if subprocess.run(command, cwd=ROOT).returncode:
            raise Trouble(_reason(title))
    print(f"Installed in {time.monotonic() - started:.0f} s", flush=True)


def _steps(wanted: str) -> Iterator[tuple[str, list[str]]]:
    if _must_be_made():
        _ensure_venv_module()
        yield "Making .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)]
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    # torch first and alone: what follows finds it there, whichever build this machine wants.
    yield "Installing torch (the largest part)", [*pip, _torch()]
    for name in LOCKS[wanted]:
        lock = str(ROOT / "requirements" / name)
        yield f"Installing requirements/{name}", [*pip, "-r", lock]
    own = [*pip, "--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    yield "Installing COVID-XR itself", own


def _must_be_made() -> bool:
    """A venv holds absolute paths: one that was copied or whose Python is gone is made anew."""
    if not PYTHON.exists():
        return True
    shown = subprocess.run(
        [str(PYTHON), "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True
    )
    pip = VENV / "bin" / "pip"
    own_pip = pip.exists() and str(VENV) in pip.read_text(errors="replace").partition("\n")[0]
    return shown.returncode != 0 or Path(shown.stdout.strip()) != VENV or not own_pip


def _ensure_venv_module() -> None:
    check = [sys.executable, "-c", "import ensurepip, venv"]
    if subprocess.run(check, capture_output=True).returncode:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Trouble(
            f"This Python cannot make virtual environments: install python{version}-venv."
        )


def _ensure_room() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < SMALLEST_ROOM and not (VENV / "bin" / "gunicorn").exists():
        raise Trouble(
            f"The disk of {ROOT} has {free // 10**6} MB left and {SMALLEST_ROOM // 10**6} MB are "
            "needed for the libraries: free some space and start again."
        )


def _reason(title: str) -> str:
    if shutil.disk_usage(ROOT).free < 50_000_000:
        return "The disk is full: free some space and start again."
    return f"This step failed: {title}. The lines above say why; mend it and start again."


def _torch() -> str:
    lines = (ROOT / "requirements" / "app.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("torch=="))


def _fingerprint(wanted: str) -> str:
    """Changes with pins, metadata, what is compiled, the Python and the place of the checkout."""
    digest = hashlib.sha256(f"{ROOT}\n{os.path.realpath(PYTHON)}\n".encode())
    rooms = (ROOT / "inference" / "ml" / "native", ROOT / "images" / "native")
    compiled = sorted(path for room in rooms for path in room.glob("*.[ch]"))
    locks = (ROOT / "requirements" / name for name in LOCKS[wanted])
    for path in (ROOT / "pyproject.toml", *locks, *compiled):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


if __name__ == "__main__":
    main()
