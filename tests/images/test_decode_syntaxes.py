"""Every transfer syntax that has a decoder, every depth, both polarities: one picture."""

import base64
import io
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
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
    RLELossless,
)

from images.decoding import Unreadable, decode
from images.decoding.dicom_file import PLUGIN_OF_SYNTAX
from images.radiograph import RadiographPixels
from tests.images.malformed import (
    compressed,
    deflated,
    dicom,
    picture,
    radiograph,
    real_dicom,
    relabelled,
    shades,
    written,
)

DEPTHS = (8, 10, 12, 14, 15, 16)
# Codecs that may change a value, and by how much at most.
NEAR = {JPEGLSNearLossless: 2, JPEG2000: 3}
EIGHT_BIT: Final[dict[str, Any]] = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
# 64 x 64, each row four brighter than the one above; made with OpenJPH.
HTJ2K_FRAME: Final = base64.b85decode(
    "|4;u>04YEK0000$0000$00000000000000$0000$0000000000009R90sl|{2mk^A00092QUDA90ssL31q1{@0smY86Cg-"
    "XP*6}%P*6}%P*6}vNJ#%=02crOPjF>!N>E53R%LP^FfKASE;BCwkN^q*00000e*gjhlfWtff6-s`0D!arpb3DGkN`te0H6"
    "w>NCZLtzz~7#wg8|DK%x*r2qFIcfB<{;00Hc}0H6zC5C8xG00000{{MJqC%=52{qlSF$?U%XpceR6RaI40RaI60f7=Cn_g"
    "?+izjg23d-q=b*S~e_w*mjz"
)


def pixels_of(data: bytes) -> RadiographPixels:
    return decode(io.BytesIO(data)).pixels


def of_depth(bits: int, sign: int = 0, **elements: Any) -> bytes:
    top = (1 << bits) - 1
    array = shades(top=top, dtype=np.uint8 if bits <= 8 else np.uint16)
    if sign:
        array = (array.astype(np.int32) - (top + 1) // 2).astype(np.int8 if bits <= 8 else np.int16)
    return dicom(array, BitsStored=bits, HighBit=bits - 1, **elements)


@pytest.mark.parametrize("bits", DEPTHS)
@pytest.mark.parametrize("sign", [0, 1])
def test_every_depth_keeps_its_values(bits: int, sign: int) -> None:
    pixels = pixels_of(of_depth(bits, sign))
    dtype = np.uint8 if bits <= 8 else np.uint16
    assert np.array_equal(pixels.array, shades(top=(1 << bits) - 1, dtype=dtype))
    assert (pixels.low, pixels.high) == (0, (1 << bits) - 1)


@pytest.mark.parametrize("bits", DEPTHS)
def test_both_polarities_of_one_picture_look_the_same(bits: int) -> None:
    top = (1 << bits) - 1
    array = shades(top=top, dtype=np.uint8 if bits <= 8 else np.uint16)
    depth = {"BitsStored": bits, "HighBit": bits - 1}
    one = dicom(top - array, PhotometricInterpretation="MONOCHROME1", **depth)
    two = dicom(array, **depth)
    assert np.array_equal(pixels_of(one).to_display(), pixels_of(two).to_display())


@pytest.mark.parametrize(
    "elements",
    [
        {"WindowCenter": 1000.5, "WindowWidth": 801},
        {"WindowCenter": [1000.5, 5], "WindowWidth": [801, 5]},
        {"WindowCenter": 1000, "WindowWidth": 800, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 1000, "WindowWidth": 800, "VOILUTFunction": "SIGMOID"},
    ],
)
def test_both_polarities_look_the_same_through_a_window(elements: dict[str, Any]) -> None:
    """MONOCHROME1 with falling values and a mirrored window shows what MONOCHROME2 does."""
    array = shades(top=4095, dtype=np.uint16)
    centres = elements["WindowCenter"]
    exact = elements.get("VOILUTFunction") in ("LINEAR_EXACT", "SIGMOID")
    mirror = 4095 if exact else 4096
    mirrored = [mirror - each for each in (centres if isinstance(centres, list) else [centres])]
    one = dicom(
        4095 - array, PhotometricInterpretation="MONOCHROME1",
        **elements | {"WindowCenter": mirrored},
    )  # fmt: skip
    two = dicom(array, **elements)
    shown = [pixels_of(data).to_display().astype(int) for data in (one, two)]
    assert np.abs(shown[0] - shown[1]).max() <= 1


def test_a_deflated_file_gives_the_pixels_of_the_plain_one() -> None:
    assert pixels_of(deflated()).sha256 == pixels_of(dicom()).sha256


def test_the_real_deflated_file_is_decoded() -> None:
    assert pixels_of(real_dicom("image_dfl.dcm")).width == 512


def test_one_frame_said_aloud_is_one_picture() -> None:
    assert pixels_of(dicom(NumberOfFrames=1)).sha256 == pixels_of(dicom()).sha256


def test_a_frame_in_several_pieces_is_put_together() -> None:
    frame = picture(shades(), "JPEG")
    dataset = radiograph(shades())
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([frame], fragments_per_frame=3)
    dataset["PixelData"].is_undefined_length = True
    whole = compressed(frame, JPEGBaseline8Bit, **EIGHT_BIT)
    assert pixels_of(written(dataset)).sha256 == pixels_of(whole).sha256


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm",
        "MR_small_bigendian.dcm", "MR_small_implicit.dcm",
    ],
)  # fmt: skip
def test_a_real_packed_file_gives_the_plain_pixels(name: str) -> None:
    assert pixels_of(relabelled(name)).sha256 == pixels_of(relabelled("MR_small.dcm")).sha256


def resyntaxed(name: str, syntax: str) -> bytes:
    """A real file under another name of the same compression."""
    dataset = pydicom.dcmread(io.BytesIO(relabelled(name)))
    dataset.file_meta.TransferSyntaxUID = syntax
    return written(dataset)


def high_throughput(syntax: str) -> bytes:
    return compressed(HTJ2K_FRAME, syntax, **EIGHT_BIT, Rows=64, Columns=64)


SAMPLE_OF_SYNTAX: dict[str, Callable[[], bytes]] = {
    ImplicitVRLittleEndian: partial(relabelled, "MR_small_implicit.dcm"),
    ExplicitVRLittleEndian: dicom,
    DeflatedExplicitVRLittleEndian: deflated,
    ExplicitVRBigEndian: partial(relabelled, "MR_small_bigendian.dcm"),
    JPEGBaseline8Bit: lambda: compressed(picture(shades(), "JPEG"), JPEGBaseline8Bit, **EIGHT_BIT),
    JPEGExtended12Bit: partial(relabelled, "JPGExtended.dcm"),
    JPEGLossless: partial(resyntaxed, "JPEG-LL.dcm", JPEGLossless),
    JPEGLosslessSV1: partial(relabelled, "JPGLosslessP14SV1_1s_1f_8b.dcm"),
    JPEGLSLossless: partial(relabelled, "MR_small_jpeg_ls_lossless.dcm"),
    JPEGLSNearLossless: lambda: encoded(JPEGLSNearLossless, shades()),
    JPEG2000Lossless: partial(relabelled, "MR_small_jp2klossless.dcm"),
    JPEG2000: partial(relabelled, "JPEG2000.dcm"),
    HTJ2KLossless: partial(high_throughput, HTJ2KLossless),
    HTJ2KLosslessRPCL: partial(high_throughput, HTJ2KLosslessRPCL),
    HTJ2K: partial(high_throughput, HTJ2K),
    RLELossless: partial(relabelled, "MR_small_RLE.dcm"),
}


@pytest.mark.parametrize("syntax", SAMPLE_OF_SYNTAX)
def test_a_file_of_each_syntax_is_decoded(syntax: str) -> None:
    data = SAMPLE_OF_SYNTAX[syntax]()
    assert pydicom.dcmread(io.BytesIO(data)).file_meta.TransferSyntaxUID == syntax
    assert pixels_of(data).array.size


def test_every_syntax_that_has_a_decoder_has_a_file_here() -> None:
    assert set(SAMPLE_OF_SYNTAX) == set(PLUGIN_OF_SYNTAX)


def test_high_throughput_jpeg_2000_gives_its_values() -> None:
    rows = np.arange(64, dtype=np.uint8) * 4
    shown = pixels_of(high_throughput(HTJ2KLossless)).array
    assert np.array_equal(shown, np.repeat(rows[:, None], 64, axis=1))


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_lossy_jpeg_of_12_bits_gives_the_picture_of_the_lossless_one(name: str) -> None:
    lossy = pixels_of(relabelled(name)).array.astype(int)
    plain = pixel_array(io.BytesIO(relabelled("JPEG-LL.dcm"))).astype(int)
    assert lossy.shape == plain.shape
    assert np.corrcoef(lossy.ravel(), plain.ravel())[0, 1] > 0.98
    assert np.percentile(np.abs(lossy - plain), 90) <= 8


def encoded(syntax: str, array: np.ndarray) -> bytes:
    dataset = radiograph(array)
    dataset.BitsStored, dataset.HighBit = 8, 7
    options = {"jls_error": 2} if syntax == JPEGLSNearLossless else {}
    if syntax == JPEG2000:
        options = {"j2k_psnr": [60]}
    dataset.compress(syntax, generate_instance_uid=False, **options)
    return written(dataset)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEGLSNearLossless, JPEG2000])
def test_what_a_codec_packed_comes_back(syntax: str) -> None:
    shown = pixels_of(encoded(syntax, shades())).array.astype(int)
    assert np.abs(shown - shades()).max() <= NEAR.get(syntax, 0)


def test_baseline_jpeg_comes_back() -> None:
    frame = picture(shades(), "JPEG", quality=98)
    data = compressed(frame, JPEGBaseline8Bit, **EIGHT_BIT)
    expected = np.asarray(Image.open(io.BytesIO(frame)))
    assert np.array_equal(pixels_of(data).array, expected)


def test_extended_jpeg_of_8_bits_needs_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("images.decoding.dicom.decoded_apart")
    frame = picture(shades(), "JPEG")
    data = compressed(frame, JPEGExtended12Bit, **EIGHT_BIT)
    assert pixels_of(data).height == 96


@pytest.mark.parametrize("syntax", [JPEGLossless, JPEGLosslessSV1])
def test_a_lossless_frame_that_lies_about_its_size_is_refused(syntax: str) -> None:
    frame = picture(shades(), "JPEG").replace(b"\xff\xc0", b"\xff\xc3")
    data = compressed(frame[:-40], syntax, Rows=128)
    with pytest.raises(Unreadable) as refused:
        decode(io.BytesIO(data))
    assert refused.value.code == "dicom-broken"
