"""DICOM radiographs: polarity, windows, lookup tables, signs, padding, syntaxes."""

import io
import math
import subprocess

import numpy as np
import pytest
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian

from images.decoding import Unreadable, decode, isolated
from images.radiograph import RadiographPixels
from tests.images.malformed import (
    dicom,
    lookup_table,
    radiograph,
    real_dicom,
    relabelled,
    shades,
    written,
)


def pixels_of(data: bytes) -> RadiographPixels:
    return decode(io.BytesIO(data)).pixels


def twelve_bit() -> np.ndarray:
    return shades(top=4095, dtype=np.uint16)


def test_monochrome2_keeps_its_stored_values() -> None:
    pixels = pixels_of(dicom())
    assert np.array_equal(pixels.array, twelve_bit())


def test_the_full_range_comes_from_the_bits_stored_and_not_from_the_data() -> None:
    pixels = pixels_of(dicom(twelve_bit() // 3))
    assert (pixels.low, pixels.high) == (0, 4095)


def test_both_polarities_of_one_picture_are_equal() -> None:
    two = dicom(WindowCenter=2000, WindowWidth=3000)
    one = dicom(
        4095 - twelve_bit(),
        PhotometricInterpretation="MONOCHROME1",
        # The window of the inverted values: LINEAR is centred on centre - 0.5.
        WindowCenter=4095 - 2000 + 1,
        WindowWidth=3000,
    )
    assert pixels_of(one).sha256 == pixels_of(two).sha256


def test_a_falling_rescale_slope_turns_the_polarity() -> None:
    rising = dicom(WindowCenter=2000.5, WindowWidth=3001)
    falling = dicom(
        4095 - twelve_bit(), RescaleSlope=-1, RescaleIntercept=4095,
        WindowCenter=2000.5, WindowWidth=3001,
    )  # fmt: skip
    assert pixels_of(falling).sha256 == pixels_of(rising).sha256


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [("", 500, 2499), ("LINEAR", 500, 2499), ("LINEAR_EXACT", 500, 2500)],
)
def test_a_linear_window_is_the_display_range(function: str, low: float, high: float) -> None:
    pixels = pixels_of(dicom(WindowCenter=1500, WindowWidth=2000, VOILUTFunction=function))
    assert (pixels.low, pixels.high) == (low, high)
    assert np.array_equal(pixels.array, twelve_bit())


def test_a_window_is_taken_back_through_the_rescale() -> None:
    pixels = pixels_of(
        dicom(RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=1000.5, WindowWidth=2001)
    )
    assert (pixels.low, pixels.high) == (500, 1500)


def test_the_first_of_several_windows_counts() -> None:
    pixels = pixels_of(dicom(WindowCenter=[1500, 9], WindowWidth=[2001, 9]))
    assert (pixels.low, pixels.high) == (499.5, 2499.5)


@pytest.mark.parametrize(
    ("centre", "width"), [(2000, 0), (2000, 1), (2000, -5), (2000, 1e9), (9e6, 500), (-9e6, 500)]
)
def test_an_insane_window_is_not_believed(centre: float, width: float) -> None:
    pixels = pixels_of(dicom(WindowCenter=centre, WindowWidth=width))
    assert (pixels.low, pixels.high) == (0, 4095)


def test_signed_values_are_shifted_in_order() -> None:
    signed = twelve_bit().astype(np.int16) - 2048
    pixels = pixels_of(dicom(signed, WindowCenter=0.5, WindowWidth=2001))
    assert np.array_equal(pixels.array, twelve_bit())
    assert (pixels.low, pixels.high) == (1048, 3048)


def test_signed_8_bit_values_are_shifted() -> None:
    signed = (shades().astype(np.int16) - 128).astype(np.int8)
    assert np.array_equal(pixels_of(dicom(signed)).array, shades())


def test_old_overlay_bits_are_dropped() -> None:
    with_overlay = twelve_bit() | np.uint16(0x8000)
    assert np.array_equal(pixels_of(dicom(with_overlay)).array, twelve_bit())


def test_values_in_the_high_bits_are_shifted_down() -> None:
    assert np.array_equal(pixels_of(dicom(twelve_bit() << 4, HighBit=15)).array, twelve_bit())


def test_a_voi_table_is_applied_to_the_values() -> None:
    table = [min(255, value // 8) for value in range(4096)]
    pixels = pixels_of(dicom(VOILUTSequence=[lookup_table(table)], WindowCenter=9, WindowWidth=9))
    assert pixels.array.dtype == np.uint8
    assert np.array_equal(pixels.array, np.minimum(255, twelve_bit() // 8))
    assert (pixels.low, pixels.high) == (0, 255)


def test_values_outside_a_table_take_its_ends() -> None:
    table = lookup_table([100, 150, 200], first=1000)
    array = np.full((80, 80), 999, np.uint16)
    array[0], array[1], array[2] = 1001, 1002, 4000
    assert pixels_of(dicom(array, VOILUTSequence=[table])).array[:4, 0].tolist() == [
        150, 200, 200, 100,
    ]  # fmt: skip


def test_a_table_may_begin_at_a_negative_value() -> None:
    table = lookup_table([10, 20, 30], first=-1)
    array = np.full((80, 80), -1, np.int16)
    array[0], array[1] = 0, 1
    assert pixels_of(dicom(array, VOILUTSequence=[table])).array[:3, 0].tolist() == [20, 30, 10]


def test_an_inverting_voi_table_of_monochrome1_gives_the_same_picture() -> None:
    table = lookup_table([255 - value // 16 for value in range(4096)])
    pixels = pixels_of(dicom(PhotometricInterpretation="MONOCHROME1", VOILUTSequence=[table]))
    assert np.array_equal(pixels.array, twelve_bit() // 16)


def test_a_modality_table_comes_before_the_window() -> None:
    table = lookup_table([value * 2 for value in range(4096)], bits=13)
    pixels = pixels_of(dicom(ModalityLUTSequence=[table], WindowCenter=4000.5, WindowWidth=4001))
    assert np.array_equal(pixels.array, twelve_bit() * 2)
    assert (pixels.low, pixels.high) == (2000, 6000)


def test_a_sigmoid_window_is_applied_to_the_values() -> None:
    array = np.full((80, 80), 2000, np.uint16)
    array[0] = 2500
    pixels = pixels_of(dicom(array, WindowCenter=2000, WindowWidth=1000, VOILUTFunction="SIGMOID"))
    unit = pixels.array / pixels.high
    assert unit[1, 0] == pytest.approx(0.5, abs=1e-4)
    assert unit[0, 0] == pytest.approx(1 / (1 + math.exp(-2)), abs=1e-4)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_in_either_polarity(photometric: str) -> None:
    array = np.full((80, 80), 1000, np.uint16)
    array[:, :10] = 4095
    pixels = pixels_of(dicom(array, PhotometricInterpretation=photometric, PixelPaddingValue=4095))
    assert pixels.array[0, 0] == 0
    assert pixels.array[0, 79] > 0


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_uncompressed_syntaxes_give_equal_pixels(syntax: UID) -> None:
    dataset = radiograph()
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = twelve_bit().astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=False)
    assert pixels_of(buffer.getvalue()).sha256 == pixels_of(dicom()).sha256


def test_a_file_without_preamble_is_read() -> None:
    dataset = radiograph()
    dataset.preamble = None
    del dataset.file_meta
    buffer = io.BytesIO()
    dataset.save_as(buffer, implicit_vr=True, little_endian=True)
    assert buffer.getvalue()[:2] == b"\x08\x00"
    assert pixels_of(buffer.getvalue()).sha256 == pixels_of(dicom()).sha256


@pytest.mark.parametrize("modality", ["CR", "DX", "DR", "RG", "OT", "SC", "HC"])
def test_radiographs_and_secondary_captures_are_accepted(modality: str) -> None:
    assert pixels_of(dicom(Modality=modality)).height == 96


def test_a_missing_modality_is_forgiven_to_a_computed_radiograph() -> None:
    dataset = radiograph()
    del dataset.Modality
    assert pixels_of(written(dataset)).height == 96


def test_colour_of_equal_channels_becomes_grey() -> None:
    pixels = pixels_of(dicom(np.stack([shades()] * 3, axis=-1)))
    assert np.array_equal(pixels.array, shades())


def test_colour_stays_colour() -> None:
    array = np.stack([shades(), shades() // 2, 255 - shades()], axis=-1)
    assert np.array_equal(pixels_of(dicom(array)).array, array)


@pytest.mark.parametrize(
    ("packed", "raw"), [("RG1_J2KR.dcm", "RG1_UNCR.dcm"), ("RG3_J2KR.dcm", "RG3_UNCR.dcm")]
)
def test_a_real_radiograph_is_the_same_packed_and_unpacked(packed: str, raw: str) -> None:
    assert pixels_of(real_dicom(packed)).sha256 == pixels_of(real_dicom(raw)).sha256


@pytest.mark.parametrize(
    ("packed", "raw"),
    [
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),
        ("MR_small_bigendian.dcm", "MR_small.dcm"),
        ("MR_small_implicit.dcm", "MR_small.dcm"),
        ("SC_rgb_jpeg_gdcm.dcm", "SC_rgb.dcm"),
    ],
)
def test_each_lossless_syntax_gives_the_pixels_of_the_uncompressed_one(
    packed: str, raw: str
) -> None:
    assert pixels_of(relabelled(packed)).sha256 == pixels_of(relabelled(raw)).sha256


def test_the_public_chest_film_has_its_lungs_darker_than_its_spine() -> None:
    shown = pixels_of(real_dicom("RG1_UNCR.dcm")).to_display()
    height, width = shown.shape
    rows = slice(int(height * 0.2), int(height * 0.35))
    lung = shown[rows, int(width * 0.22) : int(width * 0.32)].mean()
    spine = shown[rows, int(width * 0.47) : int(width * 0.53)].mean()
    assert lung + 30 < spine


def test_two_real_tables_draw_the_same_test_pattern() -> None:
    """``mlut_18`` and ``vlut_04`` hold the SMPTE pattern behind a modality and a VOI table."""
    first, second = (
        pixels_of(real_dicom(name)).to_display() for name in ("mlut_18.dcm", "vlut_04.dcm")
    )
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.999


def test_a_crashing_codec_ends_its_own_process_only() -> None:
    """One byte found by fuzzing, with which GDCM 3.2 aborts the process that decodes it."""
    data = bytearray(relabelled("SC_rgb_jpeg_gdcm.dcm"))
    data[data.index(b"\xe0\x7f\x10\x00") + 28 + 37] = 95
    with pytest.raises(Unreadable) as refused:
        decode(io.BytesIO(bytes(data)))
    assert refused.value.code == "dicom-broken"


def test_a_codec_that_spins_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_SECONDS", 0.01)
    with pytest.raises(Unreadable) as refused:
        decode(io.BytesIO(relabelled("MR_small_jp2klossless.dcm")))
    assert refused.value.code == "dicom-broken"


def test_no_secret_of_ours_reaches_a_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    seen: dict[str, str] = {}

    def refuse(*_: object, env: dict[str, str], **__: object) -> None:
        seen.update(env)
        raise subprocess.SubprocessError

    monkeypatch.setattr(isolated.subprocess, "run", refuse)
    with pytest.raises(Unreadable):
        decode(io.BytesIO(relabelled("MR_small_jp2klossless.dcm")))
    assert set(seen) <= {"OPENBLAS_NUM_THREADS", "LD_LIBRARY_PATH"}
