"""A folder that is watched: what is whole goes in, and what has its verdict is put away."""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from core.jobs import OPEN_STATUSES, JobStatus
from images.errors import REFUSALS, StorageFull
from images.models import IncomingFile
from images.sources.delivery import Delivery
from images.sources.folder import REFUSED, TAKEN_IN, SettledFiles
from images.verdicts import PASSING, sentence_of

logger = logging.getLogger(__name__)

Afterwards = Literal["keep", "move", "delete"]
WHY_SUFFIX: Final = ".why.txt"


class WatchedFolder:
    """Takes in the settled files of a folder and, if asked to, moves or deletes them afterwards.

    `keep` leaves everything where it is. `move` puts files below `taken-in/` or, with a text that
    says why, below `refused/`. `delete` removes what is stored and moves what is refused. A file
    whose trouble may pass stays where it is and is tried again by its batch.
    """

    def __init__(self, delivery: Delivery, files: SettledFiles, afterwards: Afterwards) -> None:
        self.delivery = delivery
        self.files = files
        self.afterwards = afterwards
        self.counts: Counter[str] = Counter()
        self._waiting: dict[UUID, Path] = {}

    @property
    def is_idle(self) -> bool:
        """Nothing is growing, and everything that was told has its verdict."""
        return not self._waiting and not self.files.unsettled

    def look(self, now: float) -> None:
        """One round: take in what has settled, then put away what has its verdict.

        Raises StorageFull: nothing of the file was kept, the next round begins with it again.
        """
        for path in self.files.ready(now):
            self._take(path)
        for row in self._closed():
            self._put_away(self._waiting.pop(row.pk), row)

    def _take(self, path: Path) -> None:
        try:
            row = self.delivery.add_path(path, self.files.folder)
        except StorageFull:
            self.files.forget(path)
            raise
        except REFUSALS as refusal:
            self._refuse(path, str(refusal.sentence))
        except OSError as problem:
            # Unreadable for us, or gone since it was listed. The name may be a person's.
            logger.warning("file of a watched folder unreadable reason=%s", type(problem).__name__)
            self.counts["unreadable"] += 1
        else:
            self._waiting[row.pk] = path

    def _closed(self) -> Iterator[IncomingFile]:
        rows = IncomingFile.objects.filter(pk__in=list(self._waiting))
        yield from rows.exclude(status__in=OPEN_STATUSES)
        # Whoever deleted the batch did not want these files.
        known = set(rows.values_list("pk", flat=True))
        for gone in self._waiting.keys() - known:
            del self._waiting[gone]

    def _put_away(self, path: Path, row: IncomingFile) -> None:
        if row.status == JobStatus.DONE:
            self.counts[row.outcome] += 1
            self._store_away(path)
        elif row.status == JobStatus.FAILED and row.error_code not in PASSING:
            self._refuse(path, str(sentence_of(row.error_code)))
        else:
            self.counts["left"] += 1

    def _store_away(self, path: Path) -> None:
        if self.afterwards == "delete":
            path.unlink(missing_ok=True)
        elif self.afterwards == "move":
            self._move(path, TAKEN_IN)

    def _refuse(self, path: Path, sentence: str) -> None:
        self.counts["refused"] += 1
        if self.afterwards != "keep":
            moved = self._move(path, REFUSED)
            moved.with_name(moved.name + WHY_SUFFIX).write_text(f"{sentence}\n", encoding="utf-8")

    def _move(self, path: Path, kind: str) -> Path:
        target = self.files.folder / kind / path.relative_to(self.files.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target = _free(target)
        shutil.move(path, target)
        return target


def _free(path: Path) -> Path:
    """The path itself, or the first of its kind with a number that is not taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return free
