"""The slow lane inside a run: films once, then epochs that survive whatever ends the process."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

from core.jobs import LeaseLost
from inference.films import FilmStack, inputs_of
from inference.ml.extractor import EXTRACTORS
from inference.ml.processor import take_a_share_of_the_card
from retraining.ml.architectures import Architecture, architecture_of
from retraining.ml.training_spec import EpochReport, TrainingSpec
from retraining.models import Stage, TrainingEpoch, TrainingRun
from retraining.pipeline.attempt import Attempt
from retraining.pipeline.made import Classes
from retraining.vault import Row

if TYPE_CHECKING:
    from inference.ml.weights import Weights
    from retraining.ml.slow.training import TrainedNetwork

FILMS: Final = "films.npy"
LOCK: Final = "lock"
# A worker that lost its lease learns of it within a batch, and lets go of the folder then.
SECONDS_FOR_THE_OTHER: Final = 120.0
SECONDS_BETWEEN_LOOKS: Final = 2.0


def train_whole(
    attempt: Attempt, rows: Sequence[Row], classes: Classes, spec: TrainingSpec
) -> "TrainedNetwork":
    """Train backbone and head on the films of `rows`; goes on after the last whole epoch.

    Films and checkpoints lie in the run's folder. Raises LeaseLost, TrainingFailed,
    CasesWithdrawn as soon as a case may train no longer (its films are removed then),
    WeightsUnavailable where the network starts from weights that are not here, OSError,
    MemoryError.
    """
    from retraining.pipeline.training import folder_of
    from retraining.pipeline.writing import CasesWithdrawn

    folder = folder_of(attempt.run)
    with _alone(attempt, folder):
        try:
            return _train(attempt, rows, classes, spec, folder)
        except CasesWithdrawn:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _train(
    attempt: Attempt, rows: Sequence[Row], classes: Classes, spec: TrainingSpec, folder: Path
) -> "TrainedNetwork":
    from retraining.ml.slow.training import train_network

    take_a_share_of_the_card(settings.TRAINING_GPU_PERCENT)
    architecture = architecture_of(attempt.run.architecture)
    initial = initial_of(architecture)
    attempt.enter(Stage.FEATURES, total=len(rows))
    listener = _Listener(attempt)
    listener.refuse_withdrawn()
    kept, stack = _films(attempt, rows, EXTRACTORS[architecture.backbone].side, folder)
    attempt.enter(Stage.TRAINING, total=spec.epochs)
    attempt.say("training", architecture=architecture.code, epochs=spec.epochs)
    return train_network(
        stack.films,
        [classes.codes.index(row.class_code) if is_read else -1 for row, is_read in kept],
        # A film that could not be read belongs to no split: nothing looks at it.
        [row.split if is_read else "" for row, is_read in kept],
        spec,
        architecture=architecture,
        folder=folder,
        initial=initial,
        on_epoch=listener.epoch,
        on_step=listener.step,
    )


def initial_of(architecture: Architecture) -> "Weights | None":
    """What the network starts from, None where it starts from random weights."""
    from inference.ml.extractor_weights import starting_state

    given = Path(settings.VGG16_WEIGHTS) if settings.VGG16_WEIGHTS else None
    is_there = given is not None and given.is_file()
    folder = Path(settings.WEIGHTS_DIR)
    return starting_state(architecture.backbone, folder, given if is_there else None)


def _films(
    attempt: Attempt, rows: Sequence[Row], side: int, folder: Path
) -> tuple[list[tuple[Row, bool]], FilmStack]:
    keys = [row.radiograph for row in rows]
    stack = inputs_of(keys, side=side, path=folder / FILMS, on_done=attempt.step)
    read = stack.is_read.tolist()
    if lost := read.count(False):
        attempt.say("without-features", cases=lost)
    return list(zip(rows, read, strict=True)), stack


class _Listener:
    """Hears the training: what it tells goes on to the run, what ends the run ends the training."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._told = set(
            TrainingEpoch.objects.filter(run=attempt.run).values_list("epoch", flat=True)
        )
        self._recalled: list[EpochReport] = []
        self._has_begun = False
        self._looked_at = 0.0

    def epoch(self, report: EpochReport) -> None:
        """At first those of the checkpoint, which may be known; new ones after the first step."""
        if self._has_begun:
            self._attempt.epoch(report)
            self.refuse_withdrawn()
            return
        self._recalled.append(report)
        # What is known is not told as news: news allow a run to be killed three times more.
        if report.epoch not in self._told:
            self._attempt.epoch(report)

    def step(self, _done: int, _total: int) -> None:
        if not self._has_begun:
            self._begin()
        if time.monotonic() - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = time.monotonic()
        if not TrainingRun.objects.owned(self._attempt.owner).exists():
            raise LeaseLost

    def refuse_withdrawn(self) -> None:
        """Not at the end of hours of learning from somebody who said no."""
        from retraining.pipeline.writing import refuse_withdrawn

        if self._attempt.run.snapshot is not None:
            refuse_withdrawn(self._attempt.run.snapshot)

    def _begin(self) -> None:
        self._has_begun = True
        last = self._recalled[-1].epoch if self._recalled else 0
        # Of a checkpoint that was not good any more: these epochs are learnt again.
        TrainingEpoch.objects.filter(run=self._attempt.run, epoch__gt=last).delete()
        if not last:
            return
        self._attempt.say("continued", epoch=last)
        left = self._recalled[-1].seconds * max(0, self._attempt.run.total - last)
        TrainingRun.objects.owned(self._attempt.owner).update(done=last, seconds_left=left)


@contextmanager
def _alone(attempt: Attempt, folder: Path) -> Iterator[None]:
    """Nobody else works in this folder meanwhile; a killed process lets go of it.

    Raises BlockingIOError when another one does not let go, LeaseLost.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(descriptor, attempt)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, attempt: Attempt) -> None:
    until = time.monotonic() + SECONDS_FOR_THE_OTHER
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
        if not TrainingRun.objects.owned(attempt.owner).exists():
            raise LeaseLost
        time.sleep(SECONDS_BETWEEN_LOOKS / 4)
