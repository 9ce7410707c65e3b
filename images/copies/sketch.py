"""What is kept of a picture: a word of 64 bits to look it up by, and a few cosines to compare.

Both come from the cosine transform (as in pHash, Zauner 2010) of the picture's *inner* window, its
margins of INNER left away on each side. Whoever looks for a picture transforms many windows of its
own: where one copy was cropped, whichever of the two, some window of it shows what the inner window
of the other shows.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Sketches of another version are made anew.
VERSION: Final = 1
SIDE: Final = 96
ORDER: Final = 16  # cosines in each direction
COEFFICIENTS: Final = ORDER * ORDER - 1  # without the mean
WORD_BITS: Final = 64
BANDS: Final = 4
BAND_BITS: Final = WORD_BITS // BANDS
INNER: Final = 0.10
# Grey levels (0..255) of standard deviation below which there is nothing to compare.
FLAT: Final = 2.0
# Fine structure tells films apart, coarse structure only that both are chests.
SHARPNESS: Final = 1.5

Window = tuple[float, float]  # margins at both ends, as parts of the length
Floats = NDArray[np.float32]

_pairs = sorted(
    ((row, column) for row in range(ORDER) for column in range(ORDER) if row or column),
    key=lambda pair: (sum(pair), pair[0]),
)
_ROWS = np.array([row for row, _ in _pairs])
_COLUMNS = np.array([column for _, column in _pairs])
_WEIGHTS = ((_ROWS + _COLUMNS) ** SHARPNESS).astype(np.float32)
# The 64 lowest frequencies of at most 8 half waves a side, dealt to the bands in turn: each band
# gets its share of the low ones, which a copy keeps best.
_LOW = np.flatnonzero(np.maximum(_ROWS, _COLUMNS) <= 8)[:WORD_BITS]
_DEALT = np.argsort(np.arange(WORD_BITS) % BANDS, kind="stable")
# Of the 905 development radiographs, in the order of _LOW; see docs/near-duplicates.md.
MEDIANS: Final = (
    -0.008, -0.549, -0.208, 0.006, 0.174, 0.045, 0.187, 0.021,
    -0.035, 0.261, -0.021, -0.062, -0.029, -0.010, -0.033, 0.154,
    -0.035, -0.098, -0.005, -0.034, -0.086, -0.006, -0.176, 0.018,
    -0.064, 0.001, -0.022, -0.002, -0.017, 0.013, -0.036, -0.003,
    -0.035, -0.007, -0.026, -0.017, 0.014, -0.013, 0.005, -0.021,
    -0.003, -0.029, -0.001, -0.018, 0.017, 0.002, 0.032, 0.000,
    -0.005, 0.002, -0.020, -0.001, -0.001, -0.009, 0.009, -0.001,
    0.000, -0.000, -0.018, 0.000, -0.000, 0.003, 0.000, 0.003,
)  # fmt: skip
_MEDIANS = np.array(MEDIANS, np.float32)


@dataclass(frozen=True)
class Sketch:
    """`bands`: the word in BANDS numbers of 16 bits; `coefficients`: COEFFICIENTS of int8.

    Of a flat picture there is nothing to compare: `bands` is empty.
    """

    bands: tuple[int, ...]
    coefficients: bytes


def grey_square(picture: bytes) -> Floats:
    """(SIDE, SIDE) float32, 0..255, from a JPEG or PNG of our own (a thumbnail will do).

    Raises OSError for a damaged one.
    """
    with Image.open(io.BytesIO(picture), formats=["JPEG", "PNG"]) as image:
        square = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(square, np.float32)


def sketched(square: Floats) -> Sketch:
    """The sketch of a picture as `grey_square` gives it."""
    cosines = transformed(square, [(INNER, INNER)], [(INNER, INNER)])
    if is_flat(square):
        return Sketch((), b"")
    unit = weighted(cosines)[0]
    scaled = np.rint(unit * (127 / np.abs(unit).max())).astype(np.int8)
    word = int(words(cosines)[0])
    mask = (1 << BAND_BITS) - 1
    bands = tuple(word >> (BAND_BITS * number) & mask for number in range(BANDS))
    return Sketch(bands, scaled.tobytes())


def is_flat(square: Floats) -> bool:
    return float(square.std()) < FLAT


def transformed(square: Floats, rows: list[Window], columns: list[Window]) -> Floats:
    """Cosines (len(rows) * len(columns), COEFFICIENTS) of all windows, without their means."""
    down = np.concatenate([_basis(window) for window in rows])
    across = np.concatenate([_basis(window) for window in columns])
    blocks = ((down @ square) @ across.T).reshape(len(rows), ORDER, len(columns), ORDER)
    cosines: Floats = blocks.transpose(0, 2, 1, 3)[:, :, _ROWS, _COLUMNS]
    return cosines.reshape(-1, COEFFICIENTS)


def weighted(cosines: Floats) -> Floats:
    """Rows of length 1 whose products say how alike two windows are, -1..1."""
    return _unit(cosines * _WEIGHTS)


def words(cosines: Floats) -> NDArray[np.uint64]:
    """The word of each row: is each low cosine above what is usual in a chest?"""
    bits = (_unit(cosines[:, _LOW]) > _MEDIANS)[:, _DEALT]
    places = np.arange(WORD_BITS, dtype=np.uint64)
    word: NDArray[np.uint64] = (bits.astype(np.uint64) << places).sum(axis=1, dtype=np.uint64)
    return word


def unpacked(coefficients: list[bytes]) -> Floats:
    """Kept coefficients as rows (N, COEFFICIENTS) of length 1."""
    whole = np.frombuffer(b"".join(coefficients), np.int8).reshape(-1, COEFFICIENTS)
    return _unit(whole.astype(np.float32))


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = rows / np.maximum(lengths, np.float32(1e-6))
    return unit


@lru_cache(maxsize=4096)
def _basis(window: Window) -> Floats:
    """(ORDER, SIDE): the integral of each half-wave cosine over each pixel's part in the window."""
    low, high = window[0], 1 - window[1]
    edges = np.clip((np.arange(SIDE + 1) / SIDE - low) / (high - low), 0, 1)
    waves = np.arange(1, ORDER)[:, None] * np.pi
    sums = np.vstack([edges, np.sqrt(2) * np.sin(waves * edges) / waves])
    return np.diff(sums, axis=1).astype(np.float32)
