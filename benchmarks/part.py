"""One part in a process of its own: `python -m benchmarks.part NAME OUT [--quick]`.

Of its own, so that no part's threads, memory or settings reach another one's figures.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path

import django

from benchmarks import machine, report
from benchmarks.films import Missing
from benchmarks.parts import PARTS, measure


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=PARTS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    django.setup()
    began = time.perf_counter()
    try:
        measured = measure(given.name, quick=given.quick)
    except Missing as missing:
        sys.exit(str(missing))
    about = {
        "part": given.name,
        "date": date.today().isoformat(),
        "took_seconds": round(time.perf_counter() - began, 1),
        "machine": machine.facts(),
    }
    report.keep(about | ({"quick": True} if given.quick else {}) | measured, given.out)


if __name__ == "__main__":
    main()
