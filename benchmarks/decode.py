"""Large films: decoding a JPEG at a fraction of its size (DCT scaling) against decoding all of it.

libjpeg can leave out the high frequencies of each 8x8 block and so decode to 1/2, 1/4 or 1/8 of
the size; Pillow calls it `draft`. The network sees 224 x 224 pixels of a film of millions, so what
is asked here is how much time that saves, and how much it moves features and probability.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks import films, runners
from benchmarks.peers import relative_error
from benchmarks.timing import interleaved, per_image
from images.decoding import decode
from inference.ml.preprocess import PIXEL_SCALE, preprocess

HEIGHT, WIDTH = 3000, 2500
FRACTIONS = (1, 2, 4, 8)
BASELINE = films.ROOT / "inference" / "artifacts" / "baseline-covid-19"

Input = npt.NDArray[np.float32]


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Milliseconds from bytes to network input by fraction; differences from the whole film."""
    count, rounds = (1, 1) if quick else (12, 7)
    found = films.films(count)
    enlarged = [_enlarged(films.pixels(path).array) for path in found.paths]
    turns: dict[str, Callable[[], object]] = {
        f"1/{fraction}": partial(_inputs, enlarged, fraction) for fraction in FRACTIONS
    }
    seconds = interleaved(turns, rounds)
    times = {name: per_image(each, count) for name, each in seconds.items()}
    return {
        "films": found.kind,
        "images": count,
        "pixels": [WIDTH, HEIGHT],
        "rounds": rounds,
        "times": times,
        "times_faster_at_1/4": round(times["1/1"]["best_ms"] / times["1/4"]["best_ms"], 2),
        "differences": _differences(enlarged),
    }


def _enlarged(array: npt.NDArray[Any]) -> bytes:
    """A film of today's detectors, as a JPEG file: there are none among the development data."""
    image = Image.fromarray(array).convert("L")
    buffer = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _input(content: bytes, fraction: int) -> Input:
    smallest_side = None if fraction == 1 else WIDTH // fraction
    film = decode(io.BytesIO(content), smallest_side=smallest_side).pixels
    return preprocess(film.array, film.low, film.high)


def _inputs(contents: Sequence[bytes], fraction: int) -> Input:
    return np.stack([_input(content, fraction) for content in contents])


def _differences(contents: Sequence[bytes]) -> dict[str, dict[str, float]]:
    """By fraction: worst difference of input (of 0..1), of features, and of the probability."""
    from inference.ml.artifact import load
    from inference.ml.engine import Classifier

    extract = runners.ours().extract
    head = Classifier(load(BASELINE))
    whole = _inputs(contents, 1)
    features, found = extract(whole), {}
    for fraction in FRACTIONS[1:]:
        scaled = _inputs(contents, fraction)
        moved = extract(scaled)
        found[f"1/{fraction}"] = {
            "input": round(float(np.abs(scaled - whole).max() / PIXEL_SCALE), 4),
            "features_relative": relative_error(moved, features),
            "probability": _moved(head, features, moved),
        }
    return found


def _moved(head: Any, features: Input, moved: Input) -> float:
    """The largest change of a positive probability."""
    pairs = zip(head.outcomes(features), head.outcomes(moved), strict=True)
    changes = [abs(a.positive_probability - b.positive_probability) for a, b in pairs]
    return float(f"{max(changes):.3g}")
