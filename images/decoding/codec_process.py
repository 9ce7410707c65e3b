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
from typing import Any

import numpy as np
from numpy.typing import NDArray
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


def _decoded(elements: dict[str, Any], frame: bytes, syntax: str, plugin: str) -> NDArray[Any]:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    return pixel_array(dataset, index=0, decoding_plugin=plugin)


def _twelve_bit(elements: dict[str, Any], frame: bytes, syntax: str) -> NDArray[Any]:
    """Decode lossy JPEG of 12 bits by GDCM, without pydicom between."""
    import gdcm

    fragment, fragments = gdcm.Fragment(), gdcm.SequenceOfFragments.New()
    fragment.SetByteStringValue(frame)
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((elements["Columns"], elements["Rows"], 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.MONOCHROME2
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    kind = gdcm.TransferSyntax.GetTSType(syntax)
    image.SetTransferSyntax(gdcm.TransferSyntax(kind))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, 12, 11, elements["PixelRepresentation"]))
    words = image.GetBuffer().encode("utf-8", "surrogateescape")  # GDCM's char* comes as text
    return np.frombuffer(words, "<u2").reshape(elements["Rows"], elements["Columns"])


def main() -> None:
    """Decode standard input as the first argument describes it."""
    order = json.loads(sys.argv[1])
    _confine()
    elements, syntax, frame = order["elements"], order["syntax"], sys.stdin.buffer.read()
    if order["plugin"] == "gdcm itself":
        array = _twelve_bit(elements, frame, syntax)
    else:
        array = _decoded(elements, frame, syntax, order["plugin"])
    # Not straight to standard output: NumPy asks real files for a position, which pipes lack.
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    sys.stdout.buffer.write(buffer.getbuffer())


if __name__ == "__main__":
    main()
