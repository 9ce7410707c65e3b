"""The other end of :mod:`images.decoding.isolated`: decode one frame, then end.

Run as a script, never imported: one line of JSON in the first argument, the encoded frame on
standard input, an array in NumPy's own format (without objects) on standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

_MEMORY_BYTES = 4 << 30
_CPU_SECONDS = 15


def _confine() -> None:
    """Bound memory and time, and write no file: what comes next runs hostile bytes in C."""
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        # Some systems refuse some of them; the caller's time-out stands in any case.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def main() -> None:
    """Decode standard input as the first argument describes it."""
    order = json.loads(sys.argv[1])
    _confine()
    dataset = Dataset()
    for keyword, value in order["elements"].items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(order["syntax"])
    dataset.PixelData = encapsulate([sys.stdin.buffer.read()])
    dataset["PixelData"].is_undefined_length = True
    array = pixel_array(dataset, index=0, decoding_plugin=order["plugin"])
    # Not straight to standard output: NumPy asks real files for a position, which pipes lack.
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    sys.stdout.buffer.write(buffer.getbuffer())


if __name__ == "__main__":
    main()
