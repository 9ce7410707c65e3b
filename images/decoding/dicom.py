"""DICOM radiographs to canonical pixels."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    RLELossless,
)

from images.decoding.codestream import (
    Claim,
    has_too_many_scans,
    jpeg2000_claim,
    jpeg_claim,
    rle_fits,
)
from images.decoding.dicom_file import PLUGIN_OF_SYNTAX, read_elements
from images.decoding.facts import Facts, facts_of, text_of
from images.decoding.greyscale import rendered
from images.decoding.isolated import decoded_apart
from images.decoding.limits import Limits
from images.decoding.pictures import grey_if_equal
from images.decoding.reasons import HOSTILE, Unreadable
from images.radiograph import RadiographPixels

_RADIOGRAPHY: Final = frozenset({"CR", "DX", "DR", "RG"})
# Digitised film and pictures exported from a viewer arrive as secondary captures.
_CAPTURES: Final = frozenset({"OT", "SC", "HC"})
_RADIOGRAPHY_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.1",  # Computed Radiography
        "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray, for presentation
    }
)
_RAW_DETECTOR_CLASS: Final = "1.2.840.10008.5.1.4.1.1.1.1.1"  # Digital X-Ray, for processing
_GREY: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})
_COLOUR: Final = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT"})
# Uncompressed data, pydicom's own RLE in Python, and Pillow, which PNG and JPEG trust anyway.
_TRUSTED_PLUGINS: Final = frozenset({"", "pydicom", "pillow"})
_JPEG2000: Final = frozenset({JPEG2000Lossless, JPEG2000, HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL})


def decode_dicom(stream: BinaryIO, limits: Limits) -> tuple[RadiographPixels, Facts]:
    """Decode a single-frame radiograph and its allowed facts.

    Accepted modalities: CR, DX, DR (seen in files, though not a defined term), RG, and the
    secondary captures OT, SC and HC; without a modality, the SOP classes of CR and DX. Raises
    Unreadable.
    """
    try:
        dataset = read_elements(stream)
        _admit(dataset, limits)
        return _pixels(dataset), facts_of(dataset)
    except HOSTILE:
        raise Unreadable("dicom-broken") from None


def _admit(dataset: FileDataset, limits: Limits) -> None:
    if int(dataset.get("NumberOfFrames") or 1) > 1:
        raise Unreadable("dicom-many-frames")
    _admit_modality(dataset)
    limits.check_sides(int(dataset.Columns), int(dataset.Rows))
    _admit_depth(dataset)


def _admit_modality(dataset: FileDataset) -> None:
    modality, sop_class = text_of(dataset, "Modality"), text_of(dataset, "SOPClassUID")
    known = modality in _RADIOGRAPHY | _CAPTURES
    if not known and (modality or sop_class not in _RADIOGRAPHY_CLASSES | {_RAW_DETECTOR_CLASS}):
        raise Unreadable("dicom-not-a-radiograph")
    # Unprocessed detector values have neither a settled polarity nor a tone curve (PS3.3 C.8.11.2).
    if (
        sop_class == _RAW_DETECTOR_CLASS
        or text_of(dataset, "PresentationIntentType") == "FOR PROCESSING"
    ):
        raise Unreadable("dicom-raw-detector")


def _admit_depth(dataset: FileDataset) -> None:
    photometric = text_of(dataset, "PhotometricInterpretation")
    samples = {True: 1, False: 3}[photometric in _GREY]
    if photometric not in _GREY | _COLOUR or int(dataset.SamplesPerPixel) != samples:
        raise Unreadable("dicom-photometric")
    allocated, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
    if stored == 1:
        raise Unreadable("two-tones")
    if allocated not in ((8, 16) if samples == 1 else (8,)) or not 6 <= stored <= allocated:
        raise Unreadable("unsupported-depth")


def _pixels(dataset: FileDataset) -> RadiographPixels:
    array = _decoded(dataset)
    if text_of(dataset, "PhotometricInterpretation") in _GREY:
        return rendered(dataset, array)
    if array.ndim != 3 or array.dtype != np.uint8:
        raise Unreadable("unsupported-depth")
    return RadiographPixels.eight_bit(grey_if_equal(array))


def _decoded(dataset: FileDataset) -> NDArray[Any]:
    syntax = dataset.file_meta.TransferSyntaxUID
    plugin = PLUGIN_OF_SYNTAX[syntax]
    if syntax.is_encapsulated:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        _check_frame(dataset, frame, syntax)
    elif len(dataset.PixelData) < _native_bytes(dataset):
        raise Unreadable("truncated")
    if plugin in _TRUSTED_PLUGINS:
        # Unused bits are dropped later, with the high bit known; pydicom takes it to be the last.
        array = pixel_array(dataset, index=0, decoding_plugin=plugin, correct_unused_bits=False)
    else:
        array = decoded_apart(dataset, frame, syntax, plugin)
    if array.shape[:2] != (dataset.Rows, dataset.Columns) or array.dtype.kind not in "ui":
        raise ValueError("the decoder returned another picture")
    return array


def _native_bytes(dataset: FileDataset) -> int:
    values = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel
    if dataset.PhotometricInterpretation == "YBR_FULL_422":
        values = values * 2 // 3
    return int(values * dataset.BitsAllocated // 8)


def _check_frame(dataset: FileDataset, frame: bytes, syntax: str) -> None:
    """Refuse a frame whose own header contradicts the data set's, which was checked."""
    if syntax == RLELossless:
        if not rle_fits(frame, dataset.Rows * dataset.Columns):
            raise Unreadable("dicom-broken")
        return
    claim = jpeg2000_claim(frame) if syntax in _JPEG2000 else jpeg_claim(io.BytesIO(frame))
    expected = (dataset.Columns, dataset.Rows, dataset.SamplesPerPixel)
    if claim is None or (claim.width, claim.height, claim.samples) != expected:
        raise Unreadable("dicom-broken")
    if PLUGIN_OF_SYNTAX[syntax] == "pillow" and has_too_many_scans(io.BytesIO(frame)):
        raise Unreadable("dicom-broken")
    _check_precision(claim, dataset, syntax)


def _check_precision(claim: Claim, dataset: FileDataset, syntax: str) -> None:
    # 12-bit lossy JPEG has no decoder that we could ship: Pillow's stops at 8 bits.
    if PLUGIN_OF_SYNTAX[syntax] == "pillow" and claim.bits != 8:
        raise Unreadable("dicom-syntax")
    if claim.bits > dataset.BitsAllocated:
        raise Unreadable("dicom-broken")
