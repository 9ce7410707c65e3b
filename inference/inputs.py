"""What the network sees of a radiograph: handed over at the upload, else read from its file.

An upload decodes the file anyway. Its 224x224 input is then left for the worker, so that a film of
ten million pixels is not decompressed a second time. What is handed over may be lost at any time.
"""

import struct
import time
import zlib
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from core.errors import PermanentError
from core.files import written_whole
from images.models import Radiograph
from images.radiograph import RadiographPixels
from inference import reasons
from inference.ml.preprocess import SIDE, grey_input

Result = TypeVar("Result")
Grey = NDArray[np.float32]

# Against a write that a power failure tore. What is handed over lives for seconds, and SHA-256
# takes four times as long.
CHECKSUM: Final = struct.Struct("<I")
# A handed-over input is used within seconds; after this time it is a leftover.
LEFTOVER_SECONDS: Final = 3600.0
# All that is asked of a radiograph's row here.
COLUMNS: Final = ("file", "pixel_sha256", "display_low", "display_high")


@dataclass(frozen=True)
class Input:
    """``grey`` as in ``preprocess.grey_input``; ``stages`` in milliseconds by name of the stage.

    ``others`` are the same film at other sides that were asked for, by side.
    """

    grey: Grey
    stages: dict[str, float] = field(default_factory=dict)
    others: dict[int, Grey] = field(default_factory=dict)

    def at(self, side: int) -> Grey:
        """The film as (side, side); KeyError where that side was not asked for."""
        return self.grey if side == SIDE else self.others[side]


def hand_over(radiograph: UUID, pixels: RadiographPixels) -> None:
    """Leave the input of a radiograph that was just stored; a full disk costs nothing but time."""
    grey = grey_input(pixels.array, pixels.low, pixels.high)
    content = np.ascontiguousarray(grey, "<f4").data
    with suppress(OSError), written_whole(_place(radiograph), durable=False) as stream:
        stream.write(CHECKSUM.pack(zlib.crc32(content)))
        stream.write(content)


def forget(radiographs: Iterable[UUID]) -> None:
    """Drop what was handed over: it was used, or its radiograph is gone."""
    for radiograph in radiographs:
        _place(radiograph).unlink(missing_ok=True)


def forget_leftovers() -> None:
    """Drop what nobody fetched within the hour."""
    oldest = time.time() - LEFTOVER_SECONDS
    for path in Path(settings.INPUTS_DIR).glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def input_of(radiograph: Radiograph, sides: Collection[int] = ()) -> Input:
    """The network's view of a stored radiograph, and the same at other `sides`, decoded once.

    Raises PermanentError when its file is gone or not what was stored, OSError or MemoryError for
    troubles that may pass.
    """
    stages: dict[str, float] = {}
    others = sorted(set(sides) - {SIDE})
    # A handed-over input has one size only; from that one no other is made.
    handed = None if others else _timed(stages, "fetch", lambda: _handed_over(radiograph.pk))
    if handed is not None:
        return Input(handed, stages)
    content = _timed(stages, "fetch", lambda: _stored_bytes(radiograph))
    pixels = _timed(stages, "decode", lambda: _decoded(radiograph, content))
    greys = _timed(stages, "preprocess", lambda: {s: _grey(pixels, s) for s in (SIDE, *others)})
    return Input(greys.pop(SIDE), stages, greys)


def grey_of(radiograph: Radiograph, side: int) -> Grey:
    """A stored radiograph as (side, side) in 0..1, from its file. Raises as `input_of`."""
    return _grey(_decoded(radiograph, _stored_bytes(radiograph)), side)


class InputReader:
    """Reads inputs on threads of its own, so that the next ones are there when the engine is.

    What was read ahead and then not asked for is dropped at the next `read_ahead`.
    """

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        self._ahead: dict[UUID, tuple[frozenset[int], Future[Input]]] = {}

    def read(
        self, radiographs: Iterable[Radiograph], sides: Collection[int] = ()
    ) -> list[Future[Input]]:
        """A future for each, in order; its `result` raises what `input_of` raises."""
        wanted = frozenset(sides) - {SIDE}
        futures = []
        for row in radiographs:
            known, future = self._ahead.pop(row.pk, (frozenset(), None))
            usable = future is not None and wanted <= known
            futures.append(future if future and usable else self._submit(row, wanted))
        return futures

    def read_ahead(self, radiographs: Iterable[Radiograph], sides: Collection[int] = ()) -> None:
        """Begin with those that are likely to be asked for next, at the same sides."""
        wanted, chosen = {row.pk: row for row in radiographs}, frozenset(sides) - {SIDE}
        for key in self._ahead.keys() - wanted.keys():
            self._ahead.pop(key)[1].cancel()
        for key in wanted.keys() - self._ahead.keys():
            self._ahead[key] = chosen, self._submit(wanted[key], chosen)

    def _submit(self, radiograph: Radiograph, sides: frozenset[int]) -> Future[Input]:
        if sides:
            return self._pool.submit(input_of, radiograph, sides)
        return self._pool.submit(input_of, radiograph)


def _place(radiograph: UUID) -> Path:
    return Path(settings.INPUTS_DIR) / f"{radiograph.hex}.f32"


def _handed_over(radiograph: UUID) -> Grey | None:
    try:
        content = _place(radiograph).read_bytes()
    except FileNotFoundError:
        return None
    if len(content) != CHECKSUM.size + SIDE * SIDE * 4:
        return None
    body = memoryview(content)[CHECKSUM.size :]
    if CHECKSUM.pack(zlib.crc32(body)) != content[: CHECKSUM.size]:
        return None
    return np.frombuffer(body, "<f4").astype(np.float32, copy=False).reshape(SIDE, SIDE)


def _stored_bytes(radiograph: Radiograph) -> bytes:
    try:
        with radiograph.file.open("rb") as stream:
            content: bytes = stream.read()
    except FileNotFoundError as problem:
        raise PermanentError(reasons.FILE_MISSING) from problem
    return content


def _decoded(radiograph: Radiograph, content: bytes) -> RadiographPixels:
    try:
        pixels = RadiographPixels.from_png(content, radiograph.display_low, radiograph.display_high)
    except (OSError, SyntaxError, ValueError) as problem:
        raise PermanentError(reasons.FILE_DAMAGED) from problem
    if pixels.sha256 != radiograph.pixel_sha256:
        raise PermanentError(reasons.FILE_DAMAGED)
    return pixels


def _grey(pixels: RadiographPixels, side: int) -> Grey:
    return grey_input(pixels.array, pixels.low, pixels.high, side)


def _timed(stages: dict[str, float], name: str, work: Callable[[], Result]) -> Result:
    began = time.perf_counter()
    result = work()
    stages[name] = stages.get(name, 0.0) + (time.perf_counter() - began) * 1000
    return result
