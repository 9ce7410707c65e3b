"""Every file that pydicom tests itself with either decodes or is refused; so do mutations."""

import io
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from images.decoding import Unreadable, decode
from tests.images.malformed import (
    PYDICOM_FILES,
    REAL_FILES,
    deflated,
    dicom,
    picture,
    relabelled,
    shades,
    with_orientation,
)

MUTATIONS_PER_FILE = 40
# Each of these starts a process of its own, so fewer of them.
MUTATIONS_PER_ISOLATED_FILE = 6

SAMPLES = {
    "grey png": lambda: picture(shades()),
    "16-bit png": lambda: picture(shades(top=4095, dtype=np.uint16)),
    "colour png": lambda: picture(np.stack([shades(), shades() // 2, shades()], -1)),
    "turned jpeg": lambda: with_orientation("JPEG", 6),
    "progressive jpeg": lambda: picture(shades(), "JPEG", progressive=True),
    "computed radiograph": lambda: dicom(WindowCenter=900, WindowWidth=2000, PixelPaddingValue=0),
    "deflated radiograph": deflated,
    "MR_small.dcm": lambda: relabelled("MR_small.dcm"),
    "MR_small_bigendian.dcm": lambda: relabelled("MR_small_bigendian.dcm"),
    "MR_small_implicit.dcm": lambda: relabelled("MR_small_implicit.dcm"),
    "MR_small_RLE.dcm": lambda: relabelled("MR_small_RLE.dcm"),
    "SC_rgb_jpeg_dcmtk.dcm": lambda: relabelled("SC_rgb_jpeg_dcmtk.dcm"),
}
ISOLATED = (
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
)


def outcome(data: bytes) -> str:
    try:
        pixels = decode(io.BytesIO(data)).pixels
    except Unreadable as refused:
        return refused.code
    assert pixels.to_display().dtype == np.uint8
    return "decoded"


def walk(folder: Path) -> Counter[str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Counter(outcome(path.read_bytes()) for path in files)


def test_all_files_that_pydicom_carries_decode_or_are_refused() -> None:
    outcomes = walk(PYDICOM_FILES)
    assert outcomes.total() >= 170
    assert outcomes["decoded"] >= 14
    assert outcomes["dicom-ct"] >= 50
    assert outcomes["dicom-directory"] >= 1
    assert outcomes["dicom-syntax"] == outcomes["dicom-video"] == 0


def test_all_files_that_pydicom_data_carries_decode_or_are_refused() -> None:
    outcomes = walk(REAL_FILES)
    assert outcomes.total() >= 60
    assert outcomes["decoded"] >= 20
    assert outcomes["dicom-us"] >= 5


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Change, cut, drop or repeat some bytes, as bad copies and bad people do."""
    result = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        place = chance.randrange(len(result))
        end = place + chance.randrange(1, 32)
        kind = chance.randrange(6)
        if kind == 0:
            result[place] = chance.randrange(256)
        elif kind == 1:
            result[place] ^= 1 << chance.randrange(8)
        elif kind == 2:
            result[place : place + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
        elif kind == 3:
            del result[max(place, 8) : max(end, 9)]
        elif kind == 4:
            result[place:place] = result[place:end]
        else:
            del result[max(place, len(result) // 2) :]
    return bytes(result)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_mutation_decodes_or_is_refused(name: str) -> None:
    data, chance = SAMPLES[name](), random.Random(name)
    assert outcome(data) == "decoded"
    outcomes = Counter(outcome(mutated(data, chance)) for _ in range(MUTATIONS_PER_FILE))
    assert outcomes.total() - outcomes["decoded"] > MUTATIONS_PER_FILE // 8


@pytest.mark.parametrize("name", ISOLATED)
def test_a_mutation_for_an_isolated_codec_decodes_or_is_refused(name: str) -> None:
    data, chance = relabelled(name), random.Random(name)
    assert outcome(data) == "decoded"
    start = data.index(b"\xe0\x7f\x10\x00") + 28
    for _ in range(MUTATIONS_PER_ISOLATED_FILE):
        flipped = bytearray(data)
        flipped[start + chance.randrange(min(400, len(data) - start))] ^= 1 << chance.randrange(8)
        outcome(bytes(flipped))


def test_there_are_enough_mutations() -> None:
    assert len(SAMPLES) * MUTATIONS_PER_FILE >= 300
