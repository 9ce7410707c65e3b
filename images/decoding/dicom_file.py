"""Read the few elements of a DICOM file that are needed, at a bounded cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from pydicom import config
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import read_dataset, read_partial, read_preamble
from pydicom.tag import BaseTag
from pydicom.uid import HTJ2K as HTJ2K_LOSSY
from pydicom.uid import JPEG2000 as JPEG2000_LOSSY
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
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
    MediaStorageDirectoryStorage,
    RLELossless,
)

from images.decoding.deflated import inflated
from images.decoding.limits import Limits
from images.decoding.modalities import other_kind
from images.decoding.reasons import Unreadable

# The header is read and thrown away: whether its other values conform is not our business, and
# pydicom's complaints would quote them.
config.settings.reading_validation_mode = config.IGNORE

# One decoder for each syntax, the best kept one: fewer libraries meet hostile bytes, and equal
# files give equal pixels everywhere. Absent on purpose: video, JPIP and every private syntax.
PLUGIN_OF_SYNTAX: Final[dict[str, str]] = {
    ImplicitVRLittleEndian: "",
    ExplicitVRLittleEndian: "",
    DeflatedExplicitVRLittleEndian: "",
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
# MPEG2, MPEG-4 and HEVC; SMPTE ST 2110; JPIP (PS3.5 annex A).
_VIDEO: Final = (*(f"1.2.840.10008.1.2.4.10{digit}" for digit in range(9)), "1.2.840.10008.1.2.7.")
_REMOTE: Final = (
    "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.204",
    "1.2.840.10008.1.2.4.205",
)  # fmt: skip
# What the picture is made of.
PICTURE: Final = (
    "BitsAllocated",
    "BitsStored",
    "Columns",
    "HighBit",
    "ModalityLUTSequence",
    "NumberOfFrames",
    "PhotometricInterpretation",
    "PixelData",
    "PixelPaddingRangeLimit",
    "PixelPaddingValue",
    "PixelRepresentation",
    "PlanarConfiguration",
    "PresentationIntentType",
    "RescaleIntercept",
    "RescaleSlope",
    "Rows",
    "SOPClassUID",
    "SamplesPerPixel",
    "VOILUTFunction",
    "VOILUTSequence",
    "WindowCenter",
    "WindowWidth",
)
# What facts are made of (images.decoding.facts).
_FACTS: Final = (
    "BodyPartExamined",
    "BurnedInAnnotation",
    "ImageLaterality",
    "ImagerPixelSpacing",
    "Laterality",
    "Modality",
    "PatientAge",
    "PatientBirthDate",
    "PatientSex",
    "PixelSpacing",
    "ViewPosition",
)
# What is hashed or moved, and then forgotten (images.decoding.identity).
_IDENTITY: Final = (
    "AcquisitionDate",
    "ContentDate",
    "IssuerOfPatientID",
    "PatientID",
    "SOPInstanceUID",
    "SeriesDate",
    "SeriesInstanceUID",
    "StudyDate",
    "StudyInstanceUID",
)
_KEYWORDS: Final = PICTURE + _FACTS + _IDENTITY
_TAGS: Final = frozenset(cast(int, tag_for_keyword(keyword)) for keyword in _KEYWORDS)
_PIXEL_DATA: Final = 0x7FE00010
_DIRECTORY: Final = 0x00041220  # Directory Record Sequence
_UNDEFINED: Final = 0xFFFFFFFF
# The longest honest element besides the pixels is a lookup table of 65,536 words.
_MAX_ELEMENT: Final = 2 * 1024 * 1024
# pydicom reads once or twice for each element; radiographs have some hundreds of elements.
_MAX_READS: Final = 200_000


@dataclass(frozen=True)
class Elements:
    """The allowed elements, and the tags of all that the file has, file meta included.

    `has_more` says whether anything follows the pixels; what that is was not looked at.
    """

    dataset: FileDataset
    tags: frozenset[int]
    has_preamble: bool
    has_more: bool


class _MeteredReader:
    """A stream that ends a header made of millions of elements, and remembers a short read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._reads_left = _MAX_READS
        self.tell = stream.tell
        self.seek = stream.seek
        self.ran_out = False
        self.met_pixels = False
        self.tags: set[int] = set()

    def read(self, size: int = -1) -> bytes:
        self._reads_left -= 1
        if self._reads_left < 0:
            raise Unreadable("dicom-broken")
        data = self._stream.read(size)
        self.ran_out = self.ran_out or 0 < len(data) < size
        return data

    def stop(self, tag: BaseTag, _vr: str | None, length: int) -> bool:
        """End before whatever follows the pixels; refuse oversized elements before them."""
        if tag > _PIXEL_DATA:
            return True
        self.tags.add(int(tag))
        if tag == _PIXEL_DATA:
            self.met_pixels = True
        elif tag in _TAGS and length != _UNDEFINED and length > _MAX_ELEMENT:
            raise Unreadable("dicom-broken")
        return False


def read_elements(stream: BinaryIO, limits: Limits) -> Elements:
    """Return the allowed elements and the pixel data, still encoded.

    Raises Unreadable: `dicom-syntax` and its like before anything is unpacked, `truncated`,
    `dicom-no-pixels` or what the file is instead, `dicom-broken`; and whatever pydicom raises on
    damaged bytes.
    """
    meta, has_preamble = _file_meta(stream)
    syntax = meta.get("TransferSyntaxUID")
    _refuse_kind(meta, syntax)
    if syntax == DeflatedExplicitVRLittleEndian:
        stream = inflated(stream, limits)
    stream.seek(0)
    reader = _MeteredReader(stream)
    dataset = read_partial(
        cast(BinaryIO, reader), stop_when=reader.stop, force=True, specific_tags=list(_TAGS)
    )
    _refuse_without_pixels(dataset, reader)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = _observed_syntax(dataset)
    _refuse_kind(meta, dataset.file_meta.TransferSyntaxUID)
    has_more = stream.tell() < stream.seek(0, 2)
    tags = frozenset(reader.tags | {int(tag) for tag in meta.keys()})  # noqa: SIM118
    return Elements(dataset, tags, has_preamble, has_more)


def _file_meta(stream: BinaryIO) -> tuple[Dataset, bool]:
    """Read group 0002 alone, as ``read_partial`` will, but without acting on it."""
    stream.seek(0)
    reader = cast(BinaryIO, _MeteredReader(stream))
    preamble = read_preamble(reader, force=True)
    meta = read_dataset(reader, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)
    return meta, bool(preamble and any(preamble))


def _refuse_kind(meta: Dataset, syntax: str | None) -> None:
    if meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        raise Unreadable("dicom-directory")
    if syntax is None or syntax in PLUGIN_OF_SYNTAX:
        return
    if syntax.startswith(_VIDEO):
        raise Unreadable("dicom-video")
    raise Unreadable("dicom-remote-pixels" if syntax in _REMOTE else "dicom-syntax")


def _refuse_without_pixels(dataset: Dataset, reader: _MeteredReader) -> None:
    if dataset.get("PixelData"):
        return
    if _DIRECTORY in reader.tags:
        raise Unreadable("dicom-directory")
    if reader.ran_out or reader.met_pixels:
        raise Unreadable("truncated")
    raise Unreadable(other_kind(dataset) or "dicom-no-pixels")


def _observed_syntax(dataset: Dataset) -> UID:
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian
