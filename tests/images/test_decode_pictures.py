"""PNG and JPEG become canonical pixels; nothing but pixels survives."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from PIL import Image

from images.decoding import Decoded, decode
from tests.images.malformed import (
    chunk,
    multi_picture,
    picture,
    png_with,
    saved,
    shades,
    with_orientation,
)


def decoded(data: bytes) -> Decoded:
    return decode(io.BytesIO(data))


def colours() -> np.ndarray:
    return np.stack([shades(), 255 - shades(), shades() // 2], axis=-1)


def test_a_grey_png_keeps_its_pixels() -> None:
    result = decoded(picture(shades()))
    assert result.source_format == "png"
    assert np.array_equal(result.pixels.array, shades())
    assert (result.pixels.low, result.pixels.high) == (0, 255)


@pytest.mark.parametrize(
    ("top", "high"), [(200, 255), (1000, 1023), (4095, 4095), (4096, 8191), (65535, 65535)]
)
def test_a_16_bit_png_keeps_its_bits_and_their_range(top: int, high: int) -> None:
    array = shades(top=top, dtype=np.uint16)
    pixels = decoded(picture(array)).pixels
    assert pixels.array.dtype == np.uint16
    assert np.array_equal(pixels.array, array)
    assert (pixels.low, pixels.high) == (0, high)


def test_a_black_16_bit_png_has_a_range() -> None:
    assert decoded(picture(np.zeros((80, 80), np.uint16))).pixels.high == 255


def test_a_colour_png_stays_in_colour() -> None:
    assert np.array_equal(decoded(picture(colours())).pixels.array, colours())


def test_equal_channels_become_grey() -> None:
    pixels = decoded(picture(np.stack([shades()] * 3, axis=-1))).pixels
    assert np.array_equal(pixels.array, shades())


def test_one_coloured_pixel_keeps_the_colour() -> None:
    array = np.stack([shades()] * 3, axis=-1)
    array[33, 34, 2] ^= 1
    assert decoded(picture(array)).pixels.array.ndim == 3


def test_a_grey_jpeg_is_grey() -> None:
    result = decoded(picture(shades(), "JPEG", quality=95))
    assert result.source_format == "jpeg"
    assert np.abs(result.pixels.array.astype(int) - shades()).mean() < 2


def test_a_grey_jpeg_saved_in_colour_is_grey() -> None:
    assert decoded(picture(np.stack([shades()] * 3, -1), "JPEG")).pixels.array.ndim == 2


def test_a_progressive_jpeg_equals_the_baseline_one() -> None:
    baseline, progressive = (
        decoded(picture(shades(), "JPEG", progressive=flag)) for flag in (False, True)
    )
    assert baseline.pixels.sha256 == progressive.pixels.sha256


def test_only_the_first_of_several_pictures_is_taken() -> None:
    first = decoded(picture(shades(), "JPEG")).pixels.array
    assert np.array_equal(decoded(multi_picture()).pixels.array, first)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    plain = decoded(with_orientation(kind, 1)).pixels.array
    expected = {
        1: plain,
        2: plain[:, ::-1],
        3: plain[::-1, ::-1],
        4: plain[::-1],
        5: plain.T,
        6: plain[::-1].T,
        7: plain[::-1, ::-1].T,
        8: plain.T[::-1],
    }[orientation]
    turned = decoded(with_orientation(kind, orientation)).pixels.array
    assert np.array_equal(turned, expected)


def test_broken_exif_does_not_spoil_the_picture() -> None:
    data = png_with(chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff garbage"))
    assert np.array_equal(decoded(data).pixels.array, shades())


def test_no_metadata_leaves_with_a_picture() -> None:
    result = decoded(with_orientation("JPEG", 1))
    assert result.facts == {}
    assert b"JANE" not in result.pixels.to_png() + result.pixels.thumbnail()


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_an_opaque_alpha_channel_is_dropped(mode: str) -> None:
    data = saved(Image.fromarray(shades()).convert(mode))
    assert np.array_equal(decoded(data).pixels.array, shades())


def test_what_is_transparent_is_black() -> None:
    alpha = np.full((96, 80), 255, np.uint8)
    alpha[:, :40] = 0
    image = Image.fromarray(np.full((96, 80), 200, np.uint8))
    image.putalpha(Image.fromarray(alpha))
    array = decoded(saved(image)).pixels.array
    assert (array[0, 0], array[0, 79]) == (0, 200)


def test_a_transparent_picture_is_turned_upright_too() -> None:
    image = Image.fromarray(shades())
    image.putalpha(Image.fromarray(np.tile(np.uint8([255, 0]), (96, 40))))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright, turned = decoded(saved(image)), decoded(saved(image, exif=exif))
    assert np.array_equal(turned.pixels.array, np.rot90(upright.pixels.array, -1))


def test_a_transparent_tone_is_black() -> None:
    array = np.full((96, 80), 200, np.uint8)
    array[:, :40] = 90
    key = chunk(b"tRNS", struct.pack(">H", 200))
    whole = picture(array)
    result = decoded(whole[:33] + key + whole[33:]).pixels.array
    assert (result[0, 0], result[0, 79]) == (90, 0)


def test_the_stream_is_read_from_its_beginning() -> None:
    stream = io.BytesIO(picture(shades()))
    stream.seek(50)
    assert np.array_equal(decode(stream).pixels.array, shades())


@pytest.mark.parametrize("kind", [SimpleUploadedFile, TemporaryUploadedFile])
def test_an_upload_is_a_stream_as_well(kind: type) -> None:
    data = picture(shades())
    if kind is SimpleUploadedFile:
        upload = SimpleUploadedFile("../" + "a" * 300, data, "text/html")
    else:
        upload = TemporaryUploadedFile("x.exe", "text/html", len(data), None)
        upload.write(data)
    with upload:
        assert np.array_equal(decode(upload).pixels.array, shades())


def test_the_name_of_the_file_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(picture(shades(), "JPEG"))
    with path.open("rb") as stream:
        assert decode(stream).source_format == "jpeg"


def test_a_large_jpeg_is_not_copied_needlessly() -> None:
    import tracemalloc

    data = picture(np.tile(shades(1000, 1000), (4, 4)), "JPEG")
    tracemalloc.start()
    pixels = decoded(data).pixels
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Pillow's own buffer is not traced: one copy (16 MB) out of it is needed, a second is not.
    assert pixels.array.nbytes == 16_000_000
    assert peak < 1.5 * pixels.array.nbytes + 5_000_000
