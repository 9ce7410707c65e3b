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
    JPEGExtended12Bit,
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
from images.decoding.dicom_report import report_of
from images.decoding.facts import Facts, facts_of, text_of
from images.decoding.greyscale import rendered
from images.decoding.identity import Identity, identity_of
from images.decoding.isolated import GDCM_ITSELF, decoded_apart
from images.decoding.limits import Limits
from images.decoding.modalities import admit_modality
from images.decoding.pictures import grey_if_equal
from images.decoding.reasons import HOSTILE, Unreadable
from images.decoding.report import Report
from images.radiograph import RadiographPixels

_GREY: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})
_COLOUR: Final = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT"})
# Uncompressed data, pydicom's own RLE in Python, and Pillow, which PNG and JPEG trust anyway.
_TRUSTED_PLUGINS: Final = frozenset({"", "pydicom", "pillow"})
_JPEG2000: Final = frozenset({JPEG2000Lossless, JPEG2000, HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL})


def decode_dicom(
    stream: BinaryIO, limits: Limits
) -> tuple[RadiographPixels, Facts, Identity, Report]:
    """Decode a single-frame radiograph: pixels, allowed facts, what is to be hashed, what is lost.

    Raises Unreadable.
    """
    try:
        elements = read_elements(stream, limits)
        dataset = elements.dataset
        _admit(dataset, limits)
        pixels, facts, identity = _pixels(dataset), facts_of(dataset), identity_of(dataset)
        return pixels, facts, identity, report_of(elements, facts, identity)
    except HOSTILE:
        raise Unreadable("dicom-broken") from None


def _admit(dataset: FileDataset, limits: Limits) -> None:
    admit_modality(dataset)
    if int(dataset.get("NumberOfFrames") or 1) > 1:
        raise Unreadable("dicom-many-frames")
    limits.check_sides(int(dataset.Columns), int(dataset.Rows))
    _admit_depth(dataset)


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
        plugin = _checked_frame(dataset, frame, syntax)
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


def _checked_frame(dataset: FileDataset, frame: bytes, syntax: str) -> str:
    """Refuse a frame whose own header contradicts the data set's, which was checked.

    Returns the plugin that decodes it.
    """
    plugin = PLUGIN_OF_SYNTAX[syntax]
    if syntax == RLELossless:
        if not rle_fits(frame, dataset.Rows * dataset.Columns):
            raise Unreadable("dicom-broken")
        return plugin
    claim = jpeg2000_claim(frame) if syntax in _JPEG2000 else jpeg_claim(io.BytesIO(frame))
    expected = (dataset.Columns, dataset.Rows, dataset.SamplesPerPixel)
    if claim is None or (claim.width, claim.height, claim.samples) != expected:
        raise Unreadable("dicom-broken")
    if plugin == "pillow" and has_too_many_scans(io.BytesIO(frame)):
        raise Unreadable("dicom-broken")
    if claim.bits > dataset.BitsAllocated:
        raise Unreadable("dicom-broken")
    return _plugin_for(claim, syntax)


def _plugin_for(claim: Claim, syntax: str) -> str:
    plugin = PLUGIN_OF_SYNTAX[syntax]
    if plugin != "pillow" or claim.bits == 8:
        return plugin
    # Pillow's lossy JPEG stops at 8 bits; process 4 has 12, in grey only as far as anybody saw.
    if syntax == JPEGExtended12Bit and (claim.bits, claim.samples) == (12, 1):
        return GDCM_ITSELF
    raise Unreadable("dicom-syntax")
