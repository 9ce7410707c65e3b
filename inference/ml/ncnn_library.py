"""ncnn, with threads that soon sleep when they wait for each other.

GNU OpenMP's threads spin for milliseconds by default. Where anything else runs (a decoder, a web
server), they spin away the time of the very thread that they wait for, and a radiograph takes three
times as long; some microseconds cost nothing anywhere. The library reads the number once, when it
is loaded; an administrator who sets it knows better. Import ncnn from nowhere else.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import Final


def _import_ncnn() -> ModuleType:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    return importlib.import_module("ncnn")


ncnn: Final = _import_ncnn()
