"""PNG and JPEG to canonical pixels, through Pillow and nothing but its two plugins."""

from __future__ import annotations

from typing import Any, BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from images.decoding.blocks import blocks_of
from images.decoding.codestream import Claim, has_too_many_scans, jpeg_claim
from images.decoding.limits import Limits
from images.decoding.reasons import HOSTILE, Unreadable
from images.decoding.report import Block
from images.radiograph import RadiographPixels

PictureKind = Literal["png", "jpeg"]

_ORIENTATION_TAG: Final = 0x0112
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_STRIP: Final = 256
# Pixels of a picture that is copied in one go.
_SMALL: Final = 1 << 20


def decode_picture(
    stream: BinaryIO, kind: PictureKind, limits: Limits, smallest_side: int | None = None
) -> tuple[RadiographPixels, tuple[Block, ...]]:
    """Decode a still PNG or JPEG; ``smallest_side`` lets a JPEG be scaled down while decoding.

    EXIF (or XMP) orientation is applied; then every byte that is not a pixel is gone, and the kinds
    of blocks that are lost with it are returned beside the pixels. 16-bit grey
    keeps its 16 bits. Transparency is laid over black, the tone of air. Equal colour channels
    become grey. Raises Unreadable.
    """
    try:
        _check_claim(_png_claim(stream) if kind == "png" else _jpeg_claim(stream), limits)
        if kind == "png":
            image = _open_png(stream, limits)
        else:
            image = _open_jpeg(stream, limits, smallest_side)
        return _canonical(_upright(_opaque(image))), blocks_of(stream, kind)
    except HOSTILE:
        raise Unreadable(_damage(stream, kind)) from None


def _png_claim(stream: BinaryIO) -> Claim:
    """Read the IHDR chunk (ISO/IEC 15948, 11.2.1)."""
    stream.seek(8)
    header = stream.read(25)
    if len(header) < 25 or header[:8] != b"\x00\x00\x00\rIHDR":
        raise ValueError("no IHDR chunk")
    width, height = (int.from_bytes(header[i : i + 4], "big") for i in (8, 12))
    depth, colour = header[16], header[17]
    if colour == 3:
        raise Unreadable("palette")
    return Claim(width, height, depth, {0: 1, 2: 3, 4: 2, 6: 4}[colour])


def _jpeg_claim(stream: BinaryIO) -> Claim:
    stream.seek(0)
    claim = jpeg_claim(stream)
    if claim is None:
        raise ValueError("no frame header")
    if claim.samples == 4:
        raise Unreadable("cmyk")
    if claim.bits != 8:
        raise Unreadable("unsupported-depth")
    return claim


def _check_claim(claim: Claim, limits: Limits) -> None:
    limits.check_sides(claim.width, claim.height)
    if claim.bits == 1:
        raise Unreadable("two-tones")


def _open_png(stream: BinaryIO, limits: Limits) -> Image.Image:
    stream.seek(0)
    # verify() reads every chunk to IEND with its checksum, which load() alone does not.
    PngImageFile(stream).verify()
    stream.seek(0)
    image = PngImageFile(stream)
    if image.is_animated:
        raise Unreadable("animated")
    return _loaded(image, limits)


def _open_jpeg(stream: BinaryIO, limits: Limits, smallest_side: int | None) -> Image.Image:
    stream.seek(0)
    if has_too_many_scans(stream):
        raise Unreadable("damaged")
    stream.seek(0)
    # The plugin itself, not Image.open: of a multi-picture file (MPO) it reads the first only.
    image = JpegImageFile(stream)
    if smallest_side is not None:
        # Only the low frequencies of each 8x8 block are transformed back (1/2, 1/4 or 1/8 of the
        # size, never below what is asked for): of a large film a tenth of the work is left.
        image.draft(None, (smallest_side, smallest_side))
    return _loaded(image, limits)


def _loaded(image: ImageFile.ImageFile, limits: Limits) -> Image.Image:
    # A second, contradicting header further on would have passed the check of the first.
    limits.check_sides(*image.size)
    image.load()
    return image


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in ("L", "RGB") and "transparency" in image.info:
        image = image.convert({"L": "LA", "RGB": "RGBA"}[image.mode])
    if image.mode not in ("LA", "RGBA"):
        return image
    alpha, flat = image.getchannel("A"), image.convert(image.mode[:-1])
    if alpha.getextrema() == (255, 255):
        return flat
    black = Image.new(flat.mode, flat.size)
    black.paste(flat, mask=alpha)
    # The orientation is looked up later, on this copy.
    black.info = image.info
    return black


def _upright(image: Image.Image) -> Image.Image:
    try:
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except HOSTILE:
        # Damaged metadata is no reason to refuse sound pixels: they are taken as they lie.
        return image
    return image if turn is None else image.transpose(turn)


def _canonical(image: Image.Image) -> RadiographPixels:
    if image.mode in ("I;16", "I;16B", "I"):
        return sixteen_bit(_array(image))
    if image.mode == "L":
        return RadiographPixels.eight_bit(_array(image))
    if image.mode == "RGB":
        return RadiographPixels.eight_bit(grey_if_equal(_array(image)))
    raise Unreadable("unsupported-depth")


def _array(image: Image.Image) -> NDArray[Any]:
    """Copy the pixels out, strip by strip if there are many: else Pillow needs the memory twice."""
    if image.width * image.height <= _SMALL:
        return np.asarray(image)
    strips = (
        np.asarray(image.crop((0, top, image.width, min(top + _STRIP, image.height))))
        for top in range(0, image.height, _STRIP)
    )
    first = next(strips)
    array = np.empty((image.height, *first.shape[1:]), first.dtype)
    array[:_STRIP] = first
    for index, strip in enumerate(strips, start=1):
        array[index * _STRIP : (index + 1) * _STRIP] = strip
    return array


def sixteen_bit(array: NDArray[Any]) -> RadiographPixels:
    """Wrap a 16-bit grey picture that does not say how many of its bits are used.

    The display range is 0..2^b - 1, b the smallest of 8..16 that holds the brightest pixel:
    detectors give 10, 12 or 14 bits, and stretching to the data's own maximum would make the
    brightness depend on one stray pixel. Raises OverflowError beyond 16 bits.
    """
    brightest = int(array.max())
    if brightest > 0xFFFF or int(array.min()) < 0:
        raise OverflowError("more than 16 bits")
    bits = max(8, brightest.bit_length())
    return RadiographPixels(np.ascontiguousarray(array, dtype=np.uint16), 0.0, 2.0**bits - 1)


def grey_if_equal(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 (H, W) when the three channels of (H, W, 3) are equal, else the same array."""
    for sample in (array[::16, ::16], array):
        first = sample[..., 0]
        if not all(np.array_equal(first, sample[..., i]) for i in (1, 2)):
            return array
    return np.ascontiguousarray(array[..., 0])


def _damage(stream: BinaryIO, kind: PictureKind) -> str:
    """Tell an incomplete copy from a damaged one: a complete file ends with its end marker."""
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - 1024))
    end = b"IEND" if kind == "png" else b"\xff\xd9"
    return "damaged" if end in stream.read() else "truncated"
