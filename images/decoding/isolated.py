"""Decode a compressed frame in a process of its own.

Found by mutating real files: GDCM's lossless JPEG ends the whole process (abort), OpenJPEG can
spin for ever. Neither can be caught in Python. So these codecs run apart, with bounded memory and
time, an empty environment and no right to write files; starting the process costs 0.4 s.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

# pydicom keeps 12-bit lossy JPEG from GDCM, which decodes it within one grey level of the
# reference decoder of ISO/IEC 10918 (github.com/thorfdbg/libjpeg).
GDCM_ITSELF: Final = "gdcm itself"
_SCRIPT: Final = Path(__file__).with_name("codec_process.py")
_SECONDS: Final = 25
_ELEMENTS: Final = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "PlanarConfiguration",
)


def decoded_apart(dataset: Dataset, frame: bytes, syntax: str, plugin: str) -> NDArray[Any]:
    """Return the decoded frame (H, W) or (H, W, 3), in the container that the codec chose.

    Raises ValueError when the codec refuses the frame, crashes or takes too long.
    """
    elements = {
        keyword: value if isinstance(value, str) else int(value)
        for keyword in _ELEMENTS
        if (value := dataset.get(keyword)) is not None
    }
    order = json.dumps({"elements": elements, "syntax": str(syntax), "plugin": plugin})
    # The dynamic loader may need its path; nothing else of ours (secrets) is any codec's business.
    environment = {"OPENBLAS_NUM_THREADS": "1"} | {
        name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_SCRIPT), order],
            input=frame,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError:
        raise ValueError("the codec did not decode the frame") from None
    array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(done.stdout), allow_pickle=False)
    return array
