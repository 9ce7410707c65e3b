"""Builders of the files that people send by mistake, and of those that are sent on purpose."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import data_store
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
    generate_uid,
)

PYDICOM_FILES = Path(pydicom.__file__).parent / "data" / "test_files"
REAL_FILES = Path(data_store.__file__).parent / "data"


def shades(height: int = 96, width: int = 80, top: int = 255, dtype: Any = np.uint8) -> np.ndarray:
    """A picture without symmetry, so that a flip or a turn cannot go unnoticed."""
    ramp = np.add.outer(np.arange(height) * 2, np.arange(width)).astype(np.float64)
    ramp[5:20, 7:40] = 0
    return np.rint(ramp / ramp.max() * top).astype(dtype)


def picture(array: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    return saved(Image.fromarray(array), kind, **options)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def png(width: int, height: int, depth: int = 8, colour: int = 0, rows: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def png_with(extra: bytes) -> bytes:
    """A sound PNG with one more chunk (or several) right behind its header."""
    whole = picture(shades())
    return whole[:33] + extra + whole[33:]


def text_bomb() -> bytes:
    packed = zlib.compress(bytes(50_000_000), 9)
    return png_with(chunk(b"zTXt", b"Comment\0\0" + packed))


def second_header() -> bytes:
    return png_with(chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)))


def animated_png() -> bytes:
    frames = [Image.fromarray(shades()), Image.fromarray(255 - shades())]
    return saved(frames[0], "PNG", save_all=True, append_images=frames[1:])


def animated_gif() -> bytes:
    frames = [Image.fromarray(shades()), Image.fromarray(255 - shades())]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


def jpeg_claiming(width: int, height: int) -> bytes:
    """A JPEG whose frame header alone says another size."""
    data = bytearray(picture(shades(), "JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is repeated a thousand times."""
    data = picture(shades(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 1000 + data[-2:]


def with_orientation(kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "JANE ROE"
    return picture(shades(), kind, exif=exif)


def multi_picture() -> bytes:
    first, second = Image.fromarray(shades()), Image.fromarray(255 - shades())
    return saved(first, "MPO", save_all=True, append_images=[second])


def radiograph(array: np.ndarray | None = None, **elements: Any) -> FileDataset:
    """A small computed radiograph, full of what must not leave the header."""
    array = shades(top=4095, dtype=np.uint16) if array is None else array
    dataset = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=bytes(128))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["secret"])
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.Modality = "CR"
    dataset.PatientName, dataset.PatientID = "ROE^JANE", "SECRET-4711"
    dataset.PatientBirthDate, dataset.StudyDate = "19310203", "20200401"
    dataset.InstitutionName = "SECRET HOSPITAL"
    dataset.Rows, dataset.Columns = array.shape[:2]
    dataset.SamplesPerPixel = 1 if array.ndim == 2 else 3
    if array.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = "MONOCHROME2" if array.ndim == 2 else "RGB"
    dataset.BitsAllocated = array.dtype.itemsize * 8
    dataset.BitsStored = 12 if array.dtype.itemsize == 2 else 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(array.dtype.kind == "i")
    dataset.PixelData = array.tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def dicom(array: np.ndarray | None = None, **elements: Any) -> bytes:
    return written(radiograph(array, **elements))


def written(dataset: FileDataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def dicom_without(*keywords: str, **elements: Any) -> bytes:
    dataset = radiograph(**elements)
    for keyword in keywords:
        delattr(dataset, keyword)
    return written(dataset)


def compressed(frame: bytes, syntax: str, **elements: Any) -> bytes:
    dataset = radiograph(**elements)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"
    return written(dataset)


def deflated(array: np.ndarray | None = None) -> bytes:
    dataset = radiograph(array)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return written(dataset)


def deflated_head() -> bytes:
    """All of a deflated file that is not deflated."""
    whole = deflated()
    return whole[: whole.index(DeflatedExplicitVRLittleEndian.encode()) + 22]


@cache
def deflated_bomb(megabytes: int = 300) -> bytes:
    """A data set of 300 MB in 300 KB: pydicom alone would unpack all of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    elements = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 192" + b"\x08\x00\x00\x10OB\x00\x00"
    length = struct.pack("<L", megabytes << 20)
    packed = [packer.compress(elements + length)]
    packed += [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return deflated_head() + b"".join(packed) + packer.flush()


def rle_bomb() -> bytes:
    """Two segments whose runs unpack to 64 MB each, for a picture of 96 x 80."""
    run = b"\x81\x00" * 500_000
    offsets = struct.pack("<16L", 2, 64, 64 + len(run), *[0] * 13)
    return compressed(offsets + run + run, RLELossless)


def jpeg2000_claiming(width: int, height: int, tile: int) -> bytes:
    size = struct.pack(">8IH", width, height, 0, 0, tile, tile, 0, 0, 1) + bytes([11, 1, 1])
    siz = b"\xff\x51" + struct.pack(">HH", len(size) + 4, 0) + size
    return compressed(b"\xff\x4f" + siz + bytes(64), JPEG2000Lossless)


def odd_number() -> bytes:
    """Rows held in three bytes, which no 16-bit number fills."""
    whole = dicom()
    start = whole.index(b"\x28\x00\x10\x00US") + 6
    return whole[:start] + b"\x03\x00" + whole[start + 2 : start + 4] + b"\x00" + whole[start + 4 :]


def header_bomb() -> bytes:
    """Two million empty items inside one sequence."""
    whole = dicom()
    start = whole.index(b"\x08\x00\x16\x00UI")
    sequence = b"\x08\x00\x15\x11SQ\x00\x00\xff\xff\xff\xff"
    items = b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 2_000_000
    end = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    return whole[:start] + sequence + items + end + whole[start:]


def nested_sequences(depth: int = 3000) -> bytes:
    whole = dicom()
    start = whole.index(b"\x08\x00\x16\x00UI")
    level = b"\x08\x00\x15\x11SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return whole[:start] + level * depth + whole[start:]


def lookup_table(entries: list[int], first: int = 0, bits: int = 8) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.LUTData = entries
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item["LUTData"].VR = "US"
    return item


def real_dicom(name: str) -> bytes:
    """One of the files that the packages pydicom and pydicom-data carry; never downloaded."""
    for folder in (PYDICOM_FILES, REAL_FILES):
        if (folder / name).exists():
            return (folder / name).read_bytes()
    raise FileNotFoundError(name)


def relabelled(name: str) -> bytes:
    """The same file as a computed radiograph, so that its pixels are reached at all."""
    dataset = pydicom.dcmread(io.BytesIO(real_dicom(name)), force=True)
    dataset.Modality = "CR"
    return written(dataset)


# One term for each kind of file that is refused by its own name.
OTHER_MODALITIES = {
    "CT": "dicom-ct", "MR": "dicom-mr", "US": "dicom-us", "NM": "dicom-nm", "PT": "dicom-pt",
    "MG": "dicom-mammogram", "RF": "dicom-fluoroscopy", "PX": "dicom-dental",
    "BMD": "dicom-bone-density", "ES": "dicom-endoscopy", "XC": "dicom-photograph",
    "OP": "dicom-eye", "ECG": "dicom-waveform", "AU": "dicom-audio", "SR": "dicom-report",
    "DOC": "dicom-document", "PR": "dicom-presentation", "SEG": "dicom-segmentation",
    "RTDOSE": "dicom-radiotherapy",
}  # fmt: skip

BAD_FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    **{
        f"dicom of the modality {term}": (code, partial(dicom, Modality=term))
        for term, code in OTHER_MODALITIES.items()
    },
    "empty": ("empty", lambda: b""),
    "one byte": ("not-an-image", lambda: b"\x89"),
    "text renamed to .png": ("not-an-image", lambda: b"Dear doctor, this is a letter. " * 9),
    "svg": ("not-an-image", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'></svg>"),
    "pdf": ("not-an-image", lambda: b"%PDF-1.7\n" + bytes(500)),
    "bmp": ("not-an-image", lambda: picture(shades(), "BMP")),
    "tiff": ("not-an-image", lambda: picture(shades(), "TIFF")),
    "webp": ("not-an-image", lambda: picture(shades(), "WEBP")),
    "animated gif": ("animated", animated_gif),
    "animated png": ("animated", animated_png),
    "png of its signature only": ("truncated", lambda: picture(shades())[:8]),
    "png cut in the header": ("truncated", lambda: picture(shades())[:25]),
    "png cut in the pixels": ("truncated", lambda: picture(shades())[:200]),
    "png without its end": ("truncated", lambda: picture(shades())[:-12]),
    "jpeg cut in the header": ("truncated", lambda: picture(shades(), "JPEG")[:100]),
    "jpeg cut in the pixels": ("truncated", lambda: picture(shades(), "JPEG")[:-200]),
    "png with a wrong checksum": ("damaged", lambda: png_with(b"\0\0\0\4tEXtabcd\0\0\0\0")),
    "png without rows": ("damaged", lambda: png(96, 96)),
    "png text bomb": ("damaged", text_bomb),
    "jpeg with a thousand scans": ("damaged", many_scans),
    "png bomb": ("too-many-pixels", lambda: png(60_000, 60_000)),
    "png with a second header": ("too-many-pixels", second_header),
    "jpeg bomb": ("too-many-pixels", lambda: jpeg_claiming(60_000, 60_000)),
    "png thread": ("too-many-pixels", lambda: png(64, 100_000)),
    "png of 0 x 0": ("zero-size", lambda: png(0, 0)),
    "jpeg of 0 x 0": ("zero-size", lambda: jpeg_claiming(0, 0)),
    "icon": ("too-small", lambda: picture(shades(32, 32))),
    "cmyk jpeg": ("cmyk", lambda: saved(Image.new("CMYK", (80, 80)), "JPEG")),
    "palette png": ("palette", lambda: saved(Image.fromarray(shades()).convert("P"))),
    "1-bit png": ("two-tones", lambda: saved(Image.fromarray(shades()).convert("1"))),
    "12-bit jpeg": (
        "unsupported-depth",
        lambda: picture(shades(), "JPEG").replace(b"\xff\xc0\x00\x0b\x08", b"\xff\xc1\x00\x0b\x0c"),
    ),
    "dicom without pixels": ("dicom-no-pixels", lambda: dicom_without("PixelData")),
    "dicom directory": ("dicom-directory", lambda: real_dicom("dicomdirtests/DICOMDIR")),
    "dicom structured report": ("dicom-report", lambda: real_dicom("test-SR.dcm")),
    "dicom with a pdf inside": (
        "dicom-document",
        lambda: dicom_without("PixelData", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1"),
    ),
    "dicom with many frames": (
        "dicom-many-frames",
        lambda: dicom(np.zeros((192, 80), np.uint16), Rows=96, NumberOfFrames=2),
    ),
    "dicom cut in the header": ("truncated", lambda: dicom()[:400]),
    "dicom cut in the pixels": ("truncated", lambda: dicom()[:-500]),
    "dicom with too few pixels": ("truncated", lambda: dicom(Rows=200)),
    "dicom ct": ("dicom-ct", lambda: real_dicom("CT_small.dcm")),
    "dicom of an unknown modality": ("dicom-not-a-radiograph", lambda: dicom(Modality="ZZ")),
    "dicom without modality": (
        "dicom-not-a-radiograph",
        lambda: dicom_without("Modality", "SOPClassUID"),
    ),
    "dicom raw detector": (
        "dicom-raw-detector",
        lambda: dicom(Modality="DX", PresentationIntentType="FOR PROCESSING"),
    ),
    "dicom palette": (
        "dicom-photometric",
        lambda: dicom(PhotometricInterpretation="PALETTE COLOR"),
    ),
    "dicom grey of three samples": ("dicom-photometric", lambda: dicom(SamplesPerPixel=3)),
    "dicom of one bit": ("two-tones", lambda: dicom(BitsStored=1, HighBit=0)),
    "dicom of 32 bits": (
        "unsupported-depth",
        lambda: dicom(shades(dtype=np.uint32), BitsStored=32, HighBit=31),
    ),
    "dicom of 0 rows": ("zero-size", lambda: dicom(Rows=0)),
    "dicom bomb": ("too-many-pixels", lambda: dicom(Rows=60_000, Columns=60_000)),
    "dicom icon": ("too-small", lambda: dicom(shades(16, 16, 4095, np.uint16))),
    "deflated dicom bomb": ("dicom-too-large", deflated_bomb),
    "deflated dicom cut short": ("truncated", lambda: deflated()[:-300]),
    "deflated dicom of rubbish": ("dicom-broken", lambda: deflated_head() + b"\xff" * 400),
    "dicom video": ("dicom-video", lambda: compressed(bytes(64), "1.2.840.10008.1.2.4.100")),
    "dicom pixels elsewhere": (
        "dicom-remote-pixels",
        lambda: compressed(bytes(64), "1.2.840.10008.1.2.4.94"),
    ),
    "dicom of a private syntax": (
        "dicom-syntax",
        lambda: compressed(bytes(64), "1.2.826.0.1.3680043.2.682.1.40"),
    ),
    "16-bit lossy jpeg dicom": (
        "dicom-syntax",
        lambda: relabelled("JPGExtended.dcm").replace(
            b"\xff\xc1\x00\x0b\x0c", b"\xff\xc1\x00\x0b\x10"
        ),
    ),
    "dicom rle bomb": ("dicom-broken", rle_bomb),
    "dicom jpeg 2000 bomb": ("dicom-broken", lambda: jpeg2000_claiming(60_000, 60_000, 60_000)),
    "dicom jpeg 2000 of tiny tiles": ("dicom-broken", lambda: jpeg2000_claiming(80, 96, 1)),
    "dicom without rows": ("dicom-broken", lambda: dicom_without("Rows")),
    "dicom jpeg with a thousand scans": (
        "dicom-broken",
        lambda: compressed(
            many_scans(), JPEGBaseline8Bit, BitsAllocated=8, BitsStored=8, HighBit=7
        ),
    ),
    "dicom with an odd number": ("dicom-broken", odd_number),
    "dicom header bomb": ("dicom-broken", header_bomb),
    "dicom of nested sequences": ("dicom-broken", nested_sequences),
}
