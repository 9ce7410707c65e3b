"""From stored DICOM values to brightness: modality LUT, VOI LUT, polarity, padding.

Order of the transformations: DICOM PS3.4 N.2; modality LUT PS3.3 C.11.1; VOI LUT and window
C.11.2; padding C.7.5.1.1.2. All of them map one stored value to one output value, so they are
worked out on a table of the 2^BitsStored possible values and never on the picture itself.
Presentation LUT Shape adds nothing here: in DX it repeats the photometric interpretation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from images.decoding.facts import numbers_of, text_of
from images.radiograph import RadiographPixels

# A window much wider than all possible values, or thinner than a hair of them, is a header
# error: the picture would be one flat tone, or two.
_WIDEST: Final = 4.0
_THINNEST: Final = 1 / 256


@dataclass(frozen=True)
class _Tone:
    """Levels 0..top, brighter upwards; a level stands for the value ``base + slope * level``."""

    levels: NDArray[Any]
    top: int
    slope: float = 1.0
    base: float = 0.0

    def values(self) -> NDArray[np.float64]:
        """The value of each possible level."""
        return self.base + self.slope * np.arange(self.top + 1, dtype=np.float64)

    def through(self, table: NDArray[Any], top: int) -> _Tone:
        """Replace each level by its entry of ``table``."""
        return _Tone(np.clip(table, 0, top).astype(np.uint16)[self.levels], top)


def rendered(dataset: Dataset, stored: NDArray[Any]) -> RadiographPixels:
    """Turn the stored values (H, W) of a grey radiograph into canonical pixels.

    Without lookup tables no value is changed beyond shift and polarity: a linear window only sets
    the display range. Raises ValueError (and what pydicom raises) for malformed tables.
    """
    bits, sign = int(dataset.BitsStored), 0
    if int(dataset.PixelRepresentation) == 1:
        sign = 1 << (bits - 1)
    levels = _levels(dataset, stored, bits, sign)
    padding = _padding(dataset, levels, bits, sign)
    tone = _with_voi(dataset, _with_modality(dataset, levels, (1 << bits) - 1, sign))
    low, high = _window(dataset, tone) or (0.0, float(tone.top))
    array = tone.levels
    if text_of(dataset, "PhotometricInterpretation") == "MONOCHROME1":
        array, low, high = tone.top - array, tone.top - high, tone.top - low
    array = np.ascontiguousarray(array, dtype=np.uint8 if tone.top <= 0xFF else np.uint16)
    if padding is not None:
        array[padding] = 0
    return RadiographPixels(array, low, high)


def _levels(dataset: Dataset, stored: NDArray[Any], bits: int, sign: int) -> NDArray[Any]:
    """Return levels 0..2^bits - 1, in the order of the stored values.

    Bits outside BitsStored are dropped (old files keep overlays there, PS3.5 8.1.1); flipping the
    sign bit turns two's complement into an offset of half the range.
    """
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    levels: NDArray[Any] = native.view(f"u{native.dtype.itemsize}")
    shift = int(dataset.get("HighBit", bits - 1)) + 1 - bits
    if shift > 0 and not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        levels = levels >> shift
    levels = levels & ((1 << bits) - 1)
    levels ^= sign
    return levels


def _padding(
    dataset: Dataset, levels: NDArray[Any], bits: int, sign: int
) -> NDArray[np.bool_] | None:
    """Return where nothing was exposed, to be shown black whatever the polarity."""
    ends = [
        (value & ((1 << bits) - 1)) ^ sign
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
        if (value := _integer(dataset, keyword)) is not None
    ]
    if not ends:
        return None
    mask: NDArray[np.bool_] = (levels >= min(ends)) & (levels <= max(ends))
    return mask


def _integer(dataset: Dataset, keyword: str) -> int | None:
    """Read an element whose VR (US or SS) an implicit file leaves open."""
    value = dataset.get(keyword)
    if isinstance(value, bytes):
        return int.from_bytes(value[:2], "little")
    return value if isinstance(value, int) else None


def _with_modality(dataset: Dataset, levels: NDArray[Any], top: int, sign: int) -> _Tone:
    tone = _Tone(levels, top, base=-float(sign))
    if sequence := dataset.get("ModalityLUTSequence"):
        return tone.through(*_looked_up(sequence[0], tone.values(), dataset))
    slope, intercept = (
        (numbers_of(dataset, keyword) or [default])[0]
        for keyword, default in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))
    )
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        return tone
    base = intercept - sign * slope
    if slope < 0:
        return _Tone(top - levels, top, -slope, base + slope * top)
    return _Tone(levels, top, slope, base)


def _with_voi(dataset: Dataset, tone: _Tone) -> _Tone:
    """Apply a VOI LUT that is not a straight line."""
    if sequence := dataset.get("VOILUTSequence"):
        return tone.through(*_looked_up(sequence[0], tone.values(), dataset))
    centre_width = _centre_width(dataset)
    if text_of(dataset, "VOILUTFunction") == "SIGMOID" and centre_width:
        centre, width = centre_width
        steepness = np.clip(-4 * (tone.values() - centre) / width, -50, 50)
        return tone.through(np.rint(0xFFFF / (1 + np.exp(steepness))), 0xFFFF)
    return tone


def _looked_up(
    item: Dataset, values: NDArray[np.float64], dataset: Dataset
) -> tuple[NDArray[np.int64], int]:
    """Return the LUT's output for each value, and the largest output possible.

    Descriptor: number of entries (0 = 65,536), first value mapped, bits per entry (PS3.3
    C.11.1.1, C.11.2.1.1). Raises ValueError for a table that does not fit its descriptor.
    """
    entries, first, bits = (int(number) for number in item.LUTDescriptor)
    entries = entries or 0x10000
    # The first value is a signed number as soon as the values are; some files label it unsigned.
    if first > 0x7FFF and values[0] < 0:
        first -= 0x10000
    data = _lut_data(item.LUTData, entries, little_endian=dataset.original_encoding[1] is not False)
    if not 8 <= bits <= 16 or data.size < entries:
        raise ValueError("malformed lookup table")
    index = np.clip(np.rint(values) - first, 0, entries - 1).astype(np.int64)
    return data[:entries][index].astype(np.int64), (1 << bits) - 1


def _lut_data(data: Any, entries: int, *, little_endian: bool) -> NDArray[Any]:
    """Return the entries, held as words or (8-bit tables of some makers) as bytes."""
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, dtype=np.int64))
    if len(data) < 2 * entries:
        return np.frombuffer(data, dtype=np.uint8)
    return np.frombuffer(data[: 2 * entries], dtype="<u2" if little_endian else ">u2")


def _centre_width(dataset: Dataset) -> tuple[float, float] | None:
    centre, width = numbers_of(dataset, "WindowCenter"), numbers_of(dataset, "WindowWidth")
    if not centre or not width or not np.isfinite([centre[0], width[0]]).all() or width[0] <= 0:
        return None
    return centre[0], width[0]


def _window(dataset: Dataset, tone: _Tone) -> tuple[float, float] | None:
    """Return the linear window in levels, None where there is none that can be believed.

    PS3.3 C.11.2.1.2 (LINEAR spans width - 1 around centre - 0.5) and C.11.2.1.3 (LINEAR_EXACT).
    """
    function = text_of(dataset, "VOILUTFunction") or "LINEAR"
    centre_width = _centre_width(dataset)
    if dataset.get("VOILUTSequence") or function == "SIGMOID" or centre_width is None:
        return None
    centre, width = centre_width
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1
    low, high = ((centre + side * width / 2 - tone.base) / tone.slope for side in (-1, 1))
    believable = _THINNEST * tone.top <= high - low <= _WIDEST * (tone.top + 1)
    meets_data = low < int(tone.levels.max()) and high > int(tone.levels.min())
    return (low, high) if believable and meets_data else None
