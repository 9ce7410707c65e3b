"""`make bench`: all parts, or those of ARGS, one after the other; then a table and plots.

A bar that is missed is a finding; only a part that breaks makes the exit code 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.films import ROOT
from benchmarks.machine import environment
from benchmarks.parts import PARTS

QUICK_OUT = ROOT / "build" / "benchmarks"
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "BROKER_URL": "memory://",
    "CACHE_URL": "locmem://",
    # A line of the log for each request would be part of what is measured.
    "LOG_LEVEL": "WARNING",
}

# Side by side with nothing else, every engine's threads wait as libgomp's default has it (300,000
# spins), not as briefly as the platform lets them (inference/ml/__init__.py).
THREADS = {"peers": {"GOMP_SPINCOUNT": "300000"}}


def main() -> int:
    given = _arguments()
    out = QUICK_OUT if given.quick else report.RESULTS
    parts = given.parts or PARTS
    broken = []
    for name in parts:
        began = time.monotonic()
        print(f"{name} ...", flush=True)
        if not _run(name, out, quick=given.quick):
            broken.append(name)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    results = report.read(out)
    print(report.text({name: results[name] for name in parts if name not in broken}))
    if given.quick:
        print("These figures mean nothing: --quick only shows that everything runs.")
    else:
        _publish(results)
    if broken:
        print(f"Broken: {', '.join(broken)} (the lines above say why)", file=sys.stderr)
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", type=_part, metavar="PART", help=", ".join(PARTS))
    quick = "a few seconds a part, to see that everything runs; the figures mean nothing"
    parser.add_argument("--quick", action="store_true", help=quick)
    return parser.parse_args()


def _part(name: str) -> str:
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PARTS)}")
    return name


def _run(name: str, out: Path, *, quick: bool) -> bool:
    """Run a part in a scratch data folder; False when it broke, its output says why."""
    with tempfile.TemporaryDirectory(prefix="cxr-bench-") as scratch:
        own = environment(DATA_DIR=scratch, **SETTINGS, **THREADS.get(name, {}))
        command = [sys.executable, "-m", "benchmarks.part", name, str(out)]
        done = subprocess.run([*command, *(["--quick"] if quick else [])], cwd=ROOT, env=own)
    return done.returncode == 0


def _publish(results: dict[str, dict[str, object]]) -> None:
    from benchmarks import plots

    report.update_readme(results)
    plots.draw_all(results)


if __name__ == "__main__":
    sys.exit(main())
