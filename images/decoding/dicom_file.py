"""Read the few elements of a DICOM file that are needed, at a bounded cost."""

from __future__ import annotations

from typing import Any, BinaryIO, Final, cast

from pydicom import config
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import read_dataset, read_partial, read_preamble
from pydicom.tag import BaseTag
from pydicom.uid import HTJ2K as HTJ2K_LOSSY
from pydicom.uid import JPEG2000 as JPEG2000_LOSSY
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from images.decoding.reasons import Unreadable

# The header is read and thrown away: whether its other values conform is not our business, and
# pydicom's complaints would quote them.
config.settings.reading_validation_mode = config.IGNORE

# One decoder for each syntax, the best kept one: fewer libraries meet hostile bytes, and equal
# files give equal pixels everywhere. Absent on purpose: Deflated Explicit VR (306 KB become
# 952 MB before the first check is possible), video, JPIP and every private syntax.
PLUGIN_OF_SYNTAX: Final[dict[str, str]] = {
    ImplicitVRLittleEndian: "",
    ExplicitVRLittleEndian: "",
    ExplicitVRBigEndian: "",
    JPEGBaseline8Bit: "pillow",
    JPEGExtended12Bit: "pillow",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000_LOSSY: "pylibjpeg",
    HTJ2KLossless: "pylibjpeg",
    HTJ2KLosslessRPCL: "pylibjpeg",
    HTJ2K_LOSSY: "pylibjpeg",
    RLELossless: "pydicom",
}
_KEYWORDS: Final = (
    "BitsAllocated",
    "BitsStored",
    "BodyPartExamined",
    "BurnedInAnnotation",
    "Columns",
    "HighBit",
    "ImageLaterality",
    "ImagerPixelSpacing",
    "Laterality",
    "Modality",
    "ModalityLUTSequence",
    "NumberOfFrames",
    "PatientAge",
    "PatientSex",
    "PhotometricInterpretation",
    "PixelData",
    "PixelPaddingRangeLimit",
    "PixelPaddingValue",
    "PixelRepresentation",
    "PixelSpacing",
    "PlanarConfiguration",
    "PresentationIntentType",
    "RescaleIntercept",
    "RescaleSlope",
    "Rows",
    "SOPClassUID",
    "SamplesPerPixel",
    "VOILUTFunction",
    "VOILUTSequence",
    "ViewPosition",
    "WindowCenter",
    "WindowWidth",
)
_TAGS: Final = frozenset(cast(int, tag_for_keyword(keyword)) for keyword in _KEYWORDS)
_PIXEL_DATA: Final = 0x7FE00010
_UNDEFINED: Final = 0xFFFFFFFF
# The longest honest element besides the pixels is a lookup table of 65,536 words.
_MAX_ELEMENT: Final = 2 * 1024 * 1024
# pydicom reads once or twice for each element; radiographs have some hundreds of elements.
_MAX_READS: Final = 200_000


class _MeteredReader:
    """A stream that ends a header made of millions of elements, and remembers a short read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._reads_left = _MAX_READS
        self.tell = stream.tell
        self.seek = stream.seek
        self.ran_out = False
        self.met_pixels = False

    def read(self, size: int = -1) -> bytes:
        self._reads_left -= 1
        if self._reads_left < 0:
            raise Unreadable("dicom-broken")
        data = self._stream.read(size)
        self.ran_out = self.ran_out or 0 < len(data) < size
        return data

    def stop(self, tag: BaseTag, _vr: str | None, length: int) -> bool:
        """End before whatever follows the pixels; refuse oversized elements before them."""
        if tag == _PIXEL_DATA:
            self.met_pixels = True
        elif tag in _TAGS and length != _UNDEFINED and length > _MAX_ELEMENT:
            raise Unreadable("dicom-broken")
        return int(tag) > _PIXEL_DATA


def read_elements(stream: BinaryIO) -> FileDataset:
    """Return the allowed elements and the pixel data, still encoded.

    Raises Unreadable: ``dicom-syntax`` before anything could be inflated, ``truncated``,
    ``dicom-no-pixels``, ``dicom-broken``; and whatever pydicom raises on damaged bytes.
    """
    _refuse_syntax(_declared_syntax(stream))
    stream.seek(0)
    reader = _MeteredReader(stream)
    dataset = read_partial(
        cast(BinaryIO, reader), stop_when=reader.stop, force=True, specific_tags=list(_TAGS)
    )
    if not dataset.get("PixelData"):
        cut = reader.ran_out or reader.met_pixels
        raise Unreadable("truncated" if cut else "dicom-no-pixels")
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = _observed_syntax(dataset)
    _refuse_syntax(dataset.file_meta.TransferSyntaxUID)
    return dataset


def _declared_syntax(stream: BinaryIO) -> Any:
    """Read group 0002 alone, as ``read_partial`` will, but without acting on it."""
    stream.seek(0)
    reader = cast(BinaryIO, _MeteredReader(stream))
    read_preamble(reader, force=True)
    meta = read_dataset(reader, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)
    return meta.get("TransferSyntaxUID")


def _refuse_syntax(syntax: Any) -> None:
    if syntax is not None and syntax not in PLUGIN_OF_SYNTAX:
        raise Unreadable("dicom-syntax")


def _observed_syntax(dataset: Dataset) -> UID:
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian
