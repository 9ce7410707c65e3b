"""The ZIP of labelled cases, made while it is sent: nothing is built before the first byte.

    README.txt  images/<id>.png ...  metadata.csv  [MISSING.txt]  SHA256SUMS

`metadata.csv` and the checksums come last, so that they list exactly what the archive holds. They
wait in temporary files without a name; memory grows by one ZIP directory entry (< 1 KB) a case.
"""

import hashlib
import io
import logging
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from zipstream import ZipStream

from core.sheets import line
from images.exports.cases import batches, file_name, header, other_targets, row
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet

logger = logging.getLogger(__name__)

CHUNK = 64 * 1024
KEPT_IN_MEMORY = 1024 * 1024


def zip_of(
    cases: RadiographQuerySet,
    *,
    readme: str,
    note: Callable[[list[Radiograph]], None] = lambda batch: None,
) -> Iterator[bytes]:
    """Bytes of the archive. Members are stored, not deflated: PNG does not shrink further.

    `note` is told of each batch of cases before the first of its bytes.

    A picture whose file is gone is left out of `metadata.csv` and named in `MISSING.txt`. Raises
    OSError when a disk fails midway, which breaks the download off instead of ending it as whole.
    """
    with _spool() as rows, _spool() as sums:
        archive = _Archive(rows, sums)
        yield from archive.text("README.txt", readme)
        yield from archive.pictures(cases, note)
        yield from archive.member("metadata.csv", rows)
        if archive.missing:
            yield from archive.text("MISSING.txt", "".join(f"{n}\n" for n in archive.missing))
        yield from archive.end()


class _Archive:
    """A ZIP on its way out, with the rows and checksums of what has passed."""

    def __init__(self, rows: IO[bytes], sums: IO[bytes]) -> None:
        self.zip = ZipStream()
        self.rows = rows
        self.sums = sums
        self.missing: list[str] = []

    def member(self, name: str, source: IO[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        # A known size spares the ZIP64 entries that some readers of streamed archives refuse.
        self.zip.add(_read(source, digest.update), name, size=_size(source))
        yield from self.zip.file()
        self.sums.write(f"{digest.hexdigest()}  {name}\n".encode())

    def text(self, name: str, content: str) -> Iterator[bytes]:
        yield from self.member(name, io.BytesIO(content.encode()))

    def pictures(
        self, cases: RadiographQuerySet, note: Callable[[list[Radiograph]], None]
    ) -> Iterator[bytes]:
        targets = other_targets()
        self.rows.write(line(header(targets)).encode())
        for batch in batches(cases, note):
            for case in batch:
                yield from self._picture(case, targets)

    def _picture(self, case: Radiograph, targets: list[str]) -> Iterator[bytes]:
        name = f"images/{file_name(case)}"
        try:
            picture = case.file.storage.open(str(case.file.name))
        except FileNotFoundError:
            logger.warning("picture missing in export radiograph=%s", case.pk)
            self.missing.append(name)
            return
        with picture:
            yield from self.member(name, picture)
        self.rows.write(line(row(case, targets)).encode())

    def end(self) -> Iterator[bytes]:
        self.zip.add(_read(self.sums, lambda chunk: None), "SHA256SUMS", size=_size(self.sums))
        yield from self.zip.finalize()


def _spool() -> "SpooledTemporaryFile[bytes]":
    return SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)


def _size(source: IO[bytes]) -> int:
    return source.seek(0, io.SEEK_END)


def _read(source: IO[bytes], note: Callable[[bytes], None]) -> Iterator[bytes]:
    source.seek(0)
    while chunk := source.read(CHUNK):
        note(chunk)
        yield chunk
