"""One worker's attempt at a run: where it tells what it is doing, and learns that it must stop.

Every word is written under the owner check of core.jobs, so that a run which was cancelled, or
which another worker has taken over, ends the attempt at its next word.
"""

import time
from threading import Event
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from core.jobs import LeaseLost
from retraining.ml.training_spec import EpochReport
from retraining.models import Lane, RunLine, Stage, TrainingEpoch, TrainingRun

# A page that polls sees no more than this; a head's epoch takes a hundredth of a second. On SQLite
# each word locks the database for as long as a process of the lowest priority needs to write it.
SECONDS_BETWEEN_WORDS: Final = 1.0
_CURVES: Final = (
    "train_loss", "validation_loss", "train_accuracy", "validation_accuracy", "train_auc",
    "validation_auc", "seconds",
)  # fmt: skip


class Attempt:
    """`run` as it was claimed by `owner`; `lost` is the event of its heartbeat."""

    def __init__(self, run: TrainingRun, owner: str, lost: Event) -> None:
        self.run, self.owner, self._lost = run, owner, lost
        self.timings: dict[str, float] = {}
        self._stage, self._began = "", time.monotonic()
        self._told_at = 0.0
        self._untold: list[EpochReport] = []

    def enter(self, stage: Stage, total: int = 0) -> None:
        """Begin a stage of `total` steps (0: nobody knows). Raises LeaseLost."""
        self.flush()
        self._close_stage()
        self._stage, self._began = stage.value, time.monotonic()
        self._told_at = 0.0
        self._write(stage=stage, done=0, total=total, seconds_left=None)

    def step(self, done: int, total: int) -> None:
        """So many of so many are done. Raises LeaseLost."""
        if done < total and not self._is_time():
            self._stop_if_lost()
            return
        spent = time.monotonic() - self._began
        left = spent / done * (total - done) if done else None
        self._write(done=done, total=total, seconds_left=left)

    def epoch(self, report: EpochReport) -> None:
        """An epoch ended. Raises LeaseLost."""
        self._untold.append(report)
        # A network's epoch is worth a word of its own: it is on the disk by now.
        if self.run.lane == Lane.SLOW or self._is_time():
            self.flush()
        self._stop_if_lost()

    def flush(self) -> None:
        """Write the epochs that were not told yet. Raises LeaseLost."""
        if not self._untold:
            return
        rows = [_row_of(self.run, report) for report in self._untold]
        last, self._untold = self._untold[-1], []
        left = last.seconds * max(0, self.run.total - last.epoch)
        with transaction.atomic():
            TrainingEpoch.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["run", "epoch"], update_fields=_CURVES
            )
            # Whoever got so far may be killed three times again (core.jobs.MAX_ATTEMPTS).
            self._write(done=last.epoch, seconds_left=left, attempts=1)

    def say(self, code: str, **facts: Any) -> None:
        """A line of the log (`retraining.run_words`)."""
        RunLine.objects.create(run=self.run, code=code, facts=facts)

    def close(self) -> dict[str, float]:
        """Seconds of each stage."""
        self.flush()
        self._close_stage()
        return self.timings

    def _close_stage(self) -> None:
        if self._stage:
            spent = time.monotonic() - self._began
            self.timings[self._stage] = round(self.timings.get(self._stage, 0.0) + spent, 3)

    def _is_time(self) -> bool:
        return time.monotonic() - self._told_at >= SECONDS_BETWEEN_WORDS

    def _stop_if_lost(self) -> None:
        if self._lost.is_set():
            raise LeaseLost

    def _write(self, **values: Any) -> None:
        self._stop_if_lost()
        for name, value in values.items():
            setattr(self.run, name, value)
        held = TrainingRun.objects.owned(self.owner)
        if not held.update(updated_at=timezone.now(), **values):
            raise LeaseLost
        self._told_at = time.monotonic()


def _row_of(run: TrainingRun, report: EpochReport) -> TrainingEpoch:
    return TrainingEpoch(
        run=run, epoch=report.epoch, **{name: getattr(report, name) for name in _CURVES}
    )
