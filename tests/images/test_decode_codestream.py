"""What compressed data claims to hold is read before any codec sees it."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from images.decoding.codestream import Claim, jpeg2000_claim, jpeg_claim, rle_fits
from tests.images.malformed import picture, saved, shades


def siz(width: int, height: int, tile: int, *, x0: int = 0, bits: int = 11) -> bytes:
    fields = struct.pack(">8IHB", width, height, x0, 0, tile, tile, 0, 0, 1, bits)
    return b"\xff\x4f\xff\x51" + struct.pack(">HH", 41, 0) + fields


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"exif": b"Exif\0\0" + bytes(999)}])
def test_a_jpeg_claims_its_size(options: dict[str, object]) -> None:
    data = picture(shades(), "JPEG", **options)
    assert jpeg_claim(io.BytesIO(data)) == Claim(80, 96, 8, 1)


def test_a_colour_jpeg_claims_three_samples() -> None:
    claim = jpeg_claim(io.BytesIO(saved(Image.new("RGB", (70, 90)), "JPEG")))
    assert claim == Claim(70, 90, 8, 3)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"\xff\xd8\xff\xda\0\0", b"\xff\xd8\0\0", b"\xff\xd8\xff\xc0\0\x0b\x08"],
)
def test_what_has_no_frame_header_claims_nothing(data: bytes) -> None:
    assert jpeg_claim(io.BytesIO(data)) is None


def test_endless_segments_are_given_up() -> None:
    assert jpeg_claim(io.BytesIO(b"\xff\xd8" + b"\xff\xe0\0\2" * 100_000)) is None


def test_a_jpeg_2000_claims_its_size() -> None:
    assert jpeg2000_claim(saved(Image.fromarray(shades()), "JPEG2000")) == Claim(80, 96, 8, 1)
    assert jpeg2000_claim(siz(110, 96, 200, x0=30)) == Claim(80, 96, 12, 1)


@pytest.mark.parametrize(("tile", "accepted"), [(16, True), (10, True), (1, False), (0, False)])
def test_a_jpeg_2000_of_too_many_tiles_claims_nothing(tile: int, accepted: bool) -> None:
    assert (jpeg2000_claim(siz(640, 640, tile)) is not None) == accepted


def test_rle_that_unpacks_to_its_size_fits() -> None:
    run = b"\x81\x07" * 10
    frame = struct.pack("<16L", 1, 64, *[0] * 14) + run
    assert rle_fits(frame, 1280)
    assert rle_fits(frame, 1280 - 128)
    assert not rle_fits(frame, 1280 - 129)


@pytest.mark.parametrize("count", [0, 16, 2**32 - 1])
def test_rle_of_an_impossible_number_of_segments_does_not_fit(count: int) -> None:
    assert not rle_fits(struct.pack("<16L", count, *[64] * 15) + bytes(9), 99)


def test_rle_literals_are_counted() -> None:
    frame = (
        struct.pack("<16L", 1, 64, *[0] * 14) + bytes([127]) + np.arange(128, dtype="u1").tobytes()
    )
    assert rle_fits(frame, 0)
    assert not rle_fits(frame, -1)
