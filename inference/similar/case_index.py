"""The index on disk: unit vectors and whose they are, mapped into memory and shared by all readers.

Layout, little endian: a JSON header of HEADER_BYTES, padded with spaces; float32 (rows, channels);
uint64 (rows, 4), a radiograph's id in two halves and the first halves of the ids of its patient and
its institution. Those halves (60 random bits, RFC 9562 section 5.4) only pass rows over.
"""

import json
import logging
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.files import written_whole

logger = logging.getLogger(__name__)

FORMAT: Final = 1
HEADER_BYTES: Final = 4096
LABELS: Final = 4
HIGH, LOW, PATIENT, SITE = range(LABELS)

Vectors = NDArray[np.float32]
Labels = NDArray[np.uint64]


class IndexDamaged(ValueError):
    """The file is no index of this format, or not the one that was written."""


@dataclass(frozen=True)
class CaseIndex:
    """`vectors` (N, channels) float32 of length 1, `labels` (N, 4) uint64, row by row.

    `fingerprint` is of the database that it was made from.
    """

    fingerprint: str
    vectors: Vectors
    labels: Labels

    def nearest(
        self, query: Vectors, *, below: float, but_patient: UUID, sites: Iterable[UUID] | None
    ) -> Iterator[tuple[UUID, float]]:
        """Radiograph and cosine (-1..`below`), the nearest first, of every row that may count.

        `query` is (channels,) float32 of length 1. Rows of `but_patient` never count, nor those
        outside `sites` (None: all institutions).
        """
        cosines = self.vectors @ query
        counts = (cosines < below) & (self.labels[:, PATIENT] != half(but_patient))
        if sites is not None:
            wanted = np.array([half(site) for site in sites], np.uint64)
            counts &= np.isin(self.labels[:, SITE], wanted)
        rows = np.flatnonzero(counts)
        for row in rows[np.argsort(-cosines[rows])]:
            high, low = self.labels[row, HIGH], self.labels[row, LOW]
            yield UUID(int=(int(high) << 64) | int(low)), float(cosines[row])


def half(key: UUID) -> int:
    return key.int >> 64


def label(radiograph: UUID, patient: UUID, site: UUID) -> tuple[int, int, int, int]:
    return half(radiograph), radiograph.int & (2**64 - 1), half(patient), half(site)


def write(
    path: Path, *, fingerprint: str, channels: int, chunks: Iterable[tuple[Vectors, Labels]]
) -> int:
    """Write an index of `chunks` (one at a time in memory) in the place of the old one.

    Whoever reads the old file keeps it until they open the new one. Returns the number of rows.
    Raises OSError when the disk refuses; the old file is in place then.
    """
    labels = [np.empty((0, LABELS), "<u8")]
    checksum = 0
    with written_whole(path) as stream:
        stream.seek(HEADER_BYTES)
        for vectors, owners in chunks:
            content = vectors.astype("<f4").tobytes()
            checksum = zlib.crc32(content, checksum)
            stream.write(content)
            labels.append(owners.astype("<u8"))
        tail = np.concatenate(labels)
        stream.write(tail.tobytes())
        header = {
            "format": FORMAT, "rows": len(tail), "channels": channels,
            "fingerprint": fingerprint, "crc32": zlib.crc32(tail.tobytes(), checksum),
        }  # fmt: skip
        stream.seek(0)
        stream.write(json.dumps(header).encode().ljust(HEADER_BYTES))
    return len(tail)


def read(path: Path) -> CaseIndex:
    """Map the file and compare its checksum (30 ms for 100,000 rows).

    Raises IndexDamaged, or OSError when there is no file.
    """
    try:
        with path.open("rb") as stream:
            return _mapped(np.asarray(np.memmap(stream, np.uint8, "r")))
    except (ValueError, KeyError, TypeError, OverflowError) as problem:
        raise IndexDamaged from problem


def _mapped(whole: NDArray[np.uint8]) -> CaseIndex:
    header = json.loads(whole[:HEADER_BYTES].tobytes())
    rows, channels = header["rows"], header["channels"]
    body = whole[HEADER_BYTES:]
    vectors, labels = np.split(body, [rows * channels * 4])
    if header["format"] != FORMAT or zlib.crc32(body.data) != header["crc32"]:
        raise IndexDamaged
    return CaseIndex(
        header["fingerprint"],
        vectors.view("<f4").reshape(rows, channels),
        labels.view("<u8").reshape(rows, LABELS),
    )


# By path, with inode and time of what was opened: a new file is opened when it is next wanted.
_opened: dict[Path, tuple[tuple[int, int] | None, CaseIndex | None]] = {}


def opened(path: Path) -> CaseIndex | None:
    """The index that is at `path` now, kept open between calls.

    None when there is none, and for a damaged one, which the next refresh writes anew.
    """
    stamp = _stamp(path)
    if path not in _opened or _opened[path][0] != stamp:
        _opened[path] = (stamp, _read_or_none(path))
    return _opened[path][1]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def _read_or_none(path: Path) -> CaseIndex | None:
    try:
        return read(path)
    except FileNotFoundError:
        return None
    except IndexDamaged:
        logger.warning("damaged index of similar cases name=%s", path.name)
        return None
