"""Words that must never be found again: planted wherever a file has room, then looked for."""

import base64
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from django.db import connection
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit

from tests.images.malformed import chunk, compressed, picture, radiograph, saved, shades, written

# Standard elements of every text VR; `nested` and `private` repeat them elsewhere.
TEXTS = {
    "AccessionNumber": "SH", "AdditionalPatientHistory": "LT",
    "AdmittingDiagnosesDescription": "LO", "BodyPartExamined": "CS",
    "BranchOfService": "LO", "CountryOfResidence": "LO",
    "DetectorID": "SH", "DeviceSerialNumber": "LO", "EthnicGroup": "SH", "ImageComments": "LT",
    "InstitutionAddress": "ST", "InstitutionName": "LO", "InstitutionalDepartmentName": "LO",
    "Laterality": "CS", "ManufacturerModelName": "LO", "MedicalRecordLocator": "LO",
    "MilitaryRank": "LO", "NameOfPhysiciansReadingStudy": "PN", "Occupation": "SH",
    "OperatorsName": "PN", "OtherPatientNames": "PN", "PatientAddress": "LO",
    "PatientBirthName": "PN", "PatientComments": "LT", "PatientMotherBirthName": "PN",
    "PatientName": "PN", "PatientReligiousPreference": "LO", "PatientTelephoneNumbers": "SH",
    "PerformingPhysicianName": "PN", "ProtocolName": "LO", "ReferringPhysicianName": "PN",
    "RequestedProcedureDescription": "LO", "RequestingPhysician": "PN", "RetrieveURI": "UR",
    "SeriesDescription": "LO", "StationAETitle": "AE", "StationName": "SH",
    "StrainDescription": "UC", "StudyDescription": "LO", "StudyID": "SH", "TextValue": "UT",
    "WindowCenterWidthExplanation": "LO",
}  # fmt: skip
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID")
BINARY_VRS = ("OB", "OD", "OF", "OL", "OV", "OW", "UN")
NUMBERS = {"FD": "<d", "SV": "<q", "UV": "<Q"}
# So many hexadecimal digits are no chance any more.
SURE = 9
HEXADECIMAL = re.compile(rb"[0-9a-f]+")
SHORT_NUMBERS = {"FL": "<2f", "SL": "<2l", "UL": "<2L", "SS": "<4h", "US": "<4H"}


class Canaries:
    """Makes words, remembers them all, and finds them in whatever form."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def word(self, prefix: str = "") -> str:
        """A new word of 10 letters and digits that nothing else holds."""
        return self.note(f"{prefix}Qz{self.number():06d}Kx")

    def number(self) -> int:
        return len(self.words) * 7919 % 899_981 + 100_003

    def note(self, value: str) -> str:
        self.words.append(value)
        return value

    def raw(self, length: int = 10) -> bytes:
        """A new word of exactly 8 or 10 bytes."""
        return self.note(f"Qz{self.number():06d}Kx"[:length]).encode()

    def day(self) -> str:
        """A date as DICOM writes it, looked for as people and databases write it, too."""
        self.count_days = getattr(self, "count_days", 0) + 1
        year, month, day = 1937 + self.count_days, 3, 17
        self.note(f"{year}-{month:02d}-{day:02d}")
        return self.note(f"{year}{month:02d}{day:02d}")

    def needles(self) -> dict[bytes, str]:
        """What to look for, in lower case where that keeps its meaning."""
        found = {}
        for word in self.words:
            plain = word.encode()
            forms = [plain.lower(), plain.hex().encode(), plain[::-1].lower()]
            forms += [word.lower().encode("utf-16-le"), word.lower().encode("utf-16-be")]
            found |= dict.fromkeys(forms + base64_forms(plain), word)
        return found

    def hits(self, content: bytes) -> set[str]:
        """The words that `content` holds: plain, in other cases, UTF-16, hex, base64, backwards."""
        return hits(self.needles(), content)


def hits(needles: dict[bytes, str], content: bytes) -> set[str]:
    forms = (content.lower(), content)
    return {word for needle, word in needles.items() if any(_holds(form, needle) for form in forms)}


def _holds(content: bytes, needle: bytes) -> bool:
    """A short number is found by chance inside a hash or a key: it counts where it stands alone."""
    if len(needle) >= SURE or not HEXADECIMAL.fullmatch(needle):
        return needle in content
    return re.search(rb"(?<![0-9a-f])" + needle + rb"(?![0-9a-f])", content) is not None


def base64_forms(plain: bytes) -> list[bytes]:
    """What of `plain` stays the same in base64, at each of the three places it may begin."""
    forms = []
    for lead in range(3):
        whole = base64.b64encode(bytes(lead) + plain)
        first, last = -(-lead * 8 // 6), (lead + len(plain)) * 8 // 6
        forms.append(whole[first:last])
    return forms


def canary_dicom(canaries: Canaries) -> bytes:
    """A radiograph that decodes, with a canary in every place that DICOM has."""
    unused_bits = np.frombuffer(canaries.raw(8) * 960, np.uint8).reshape(96, 80)
    array = shades().astype(np.uint16) | unused_bits.astype(np.uint16) << 8
    dataset = radiograph(
        array, BitsStored=8, HighBit=7, Modality=["CR", canaries.word()], ViewPosition=["PA", "LL"]
    )
    _plant_texts(dataset, canaries)
    dataset.PatientID, dataset.IssuerOfPatientID = canaries.word("ID"), canaries.word("IS")
    for number, keyword in enumerate(UIDS):
        setattr(dataset, keyword, canaries.note(f"1.2.826.0.1.98765{number}.4321"))
    for keyword in ("PatientBirthDate", "AcquisitionDate", "StudyDate", "SeriesDate"):
        setattr(dataset, keyword, canaries.day())
    dataset.StudyTime = canaries.note("121314.987651")
    dataset.AcquisitionDateTime = canaries.note("19380102030405.678912")
    dataset.PatientWeight = canaries.note("73.918264")
    dataset.InstanceNumber = canaries.note("918273645")
    _plant_nested(dataset, canaries)
    _plant_private(dataset, canaries)
    _plant_drawings(dataset, canaries)
    _plant_outside(dataset, canaries)
    return written(dataset) + canaries.raw()


def _plant_texts(dataset: Dataset, canaries: Canaries) -> None:
    for keyword, vr in TEXTS.items():
        assert dictionary_VR(keyword) == vr
        setattr(dataset, keyword, canaries.word().upper())


def _plant_nested(dataset: Dataset, canaries: Canaries) -> None:
    inner, middle, outer = Dataset(), Dataset(), Dataset()
    inner.PatientName, inner.TextValue = canaries.word(), canaries.word()
    middle.OtherPatientIDsSequence = Sequence([inner])
    middle.PatientID = canaries.word()
    outer.ReferencedStudySequence = Sequence([middle])
    outer.RequestedProcedureDescription = canaries.word()
    dataset.RequestAttributesSequence = Sequence([outer])
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [256, 0, 8], list(range(256))
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    table.LUTExplanation = canaries.word()
    dataset.VOILUTSequence = Sequence([table])


def _plant_private(dataset: Dataset, canaries: Canaries) -> None:
    block = dataset.private_block(0x0099, canaries.word(), create=True)
    for number, vr in enumerate(sorted(set(TEXTS.values()))):
        block.add_new(number, vr, canaries.word().upper())
    for number, vr in enumerate(BINARY_VRS, start=0x20):
        block.add_new(number, vr, canaries.raw(8))
    for number, (vr, form) in enumerate((NUMBERS | SHORT_NUMBERS).items(), start=0x30):
        values = struct.unpack(form, canaries.raw(8))
        block.add_new(number, vr, list(values) if len(values) > 1 else values[0])
    block.add_new(0x40, "AT", 0x51783144)


def _plant_drawings(dataset: Dataset, canaries: Canaries) -> None:
    dataset.add_new(0x60000022, "LO", canaries.word())
    dataset.add_new(0x60001500, "LO", canaries.word())
    dataset.add_new(0x60003000, "OW", canaries.raw())
    dataset.add_new(0x50002600, "SH", canaries.word())
    dataset.add_new(0xFFFCFFFC, "OB", canaries.raw())


def _plant_outside(dataset: FileDataset, canaries: Canaries) -> None:
    dataset.preamble = canaries.word().encode().ljust(128, b"\0")
    meta = dataset.file_meta
    meta.MediaStorageSOPInstanceUID = canaries.note("1.2.826.0.1.9876599.4321")
    meta.ImplementationVersionName = canaries.word()
    meta.SourceApplicationEntityTitle = canaries.word()
    meta.PrivateInformationCreatorUID = canaries.note("1.2.826.0.1.9876598.4321")
    meta.PrivateInformation = canaries.raw()


def canary_packed_dicom(canaries: Canaries) -> bytes:
    """A DICOM file whose frame is a JPEG that carries what JPEG files carry."""
    frame = canary_jpeg(canaries, seed=2)
    return compressed(
        frame, JPEGBaseline8Bit, BitsAllocated=8, BitsStored=8, HighBit=7,
        PatientID=canaries.word(), PatientName=canaries.word(),
        StudyInstanceUID=canaries.note("1.2.826.0.1.555000.4321"),
        SOPInstanceUID=canaries.note("1.2.826.0.1.555001.4321"),
        StudyDate=canaries.day(), PatientBirthDate=canaries.day(),
        InstitutionName=canaries.word(),
    )  # fmt: skip


def _exif(canaries: Canaries) -> bytes:
    exif = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        exif[tag] = canaries.word()
    exif.get_ifd(0x8769)[0x9286] = canaries.raw()
    place = exif.get_ifd(0x8825)
    place[0x001B], place[0x001D] = canaries.raw(), canaries.word()
    return exif.tobytes()


def canary_png(canaries: Canaries) -> bytes:
    info = PngInfo()
    info.add_text("Author", canaries.word())
    info.add_text("Comment", canaries.word(), zip=True)
    info.add_itxt("Title", canaries.word(), zip=True)
    info.add_itxt("XML:com.adobe.xmp", f"<x>{canaries.word()}</x>")
    info.add_text(canaries.word(), "its keyword is the canary")
    whole = saved(
        Image.fromarray(shades(top=250)), "PNG", pnginfo=info, exif=_exif(canaries),
        icc_profile=canaries.raw() * 20,
    )  # fmt: skip
    private = chunk(b"caNb", zlib.compress(canaries.raw())) + chunk(b"caNc", canaries.raw())
    return whole[:-12] + private + whole[-12:] + canaries.raw() + picture(shades())


def canary_jpeg(canaries: Canaries, seed: int = 1) -> bytes:
    little = picture(shades(32, 32), "JPEG", comment=canaries.word())
    whole = picture(
        np.roll(shades(top=240), seed, axis=0), "JPEG", quality=95, comment=canaries.word(),
        exif=_exif(canaries), xmp=f"<x>{canaries.word()}</x>".encode(),
        icc_profile=canaries.raw() * 20,
    )  # fmt: skip
    iptc = b"Photoshop 3.0\x008BIM\x04\x04" + canaries.raw()
    segments = ((0xED, iptc), (0xE0, b"JFXX\0\x10" + little), (0xE9, canaries.raw()))
    planted = b"".join(
        bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body
        for marker, body in segments
    )
    # A second picture behind the first, as in MPO files, and something behind that.
    return whole[:2] + planted + whole[2:] + little + canaries.raw()


def everything_stored(folders: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, every file with its name, and what is packed inside of it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                yield f"table {table}", b"\n".join(map(_bytes_of, row))
    for folder in folders:
        for path in folder.rglob("*"):
            yield f"name {path.name}", str(path.relative_to(folder)).encode()
            if path.is_file():
                yield from unpacked(path.name, path.read_bytes())


def unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes themselves, the members of an archive, the pixels of a picture."""
    yield name, content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                yield from unpacked(f"{name}: {member.filename}", archive.read(member))
    elif content.startswith((b"\x89PNG", b"\xff\xd8")):
        image = Image.open(io.BytesIO(content))
        pixels = image.tobytes()
        for part in (slice(None), slice(0, None, 2), slice(1, None, 2)):
            yield f"{name}: pixels", pixels[part]
        yield f"{name}: info", repr(image.info).encode()


def _bytes_of(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
