"""The epochs of one head on cached features: weights alone, no operating point."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inference.ml.heads import HEADS, Head, build_head
from retraining.ml.balancing import class_weights, epoch_order
from retraining.ml.curves import auc
from retraining.ml.feature_matrix import Chosen, Features, Rows
from retraining.ml.folding import stored_head
from retraining.ml.projection import Projection, fit_projection
from retraining.ml.split import TRAIN, VALIDATION
from retraining.ml.training_spec import (
    BAD_FEATURES,
    MISSING_CLASS,
    NOT_FINITE,
    EpochReport,
    TrainingFailed,
    TrainingSpec,
)

Labels = npt.NDArray[np.int64]
OnEpoch = Callable[[EpochReport], None]


@dataclass(frozen=True)
class Fitted:
    """A head with the values it will be stored with (fp16), and how it came to be."""

    head: Head
    kept_epoch: int
    history: tuple[EpochReport, ...]


def fit_head(
    features: Features,
    labels: npt.ArrayLike,
    splits: Sequence[str],
    spec: TrainingSpec,
    on_epoch: OnEpoch | None = None,
) -> Fitted:
    """Learn from the rows of split "train", stop by those of "validation"; see ``trainer``.

    Raises ValueError for a head that reads logarithms: its inner head is trained, on those.
    """
    if HEADS[spec.architecture].inner:
        raise ValueError(f"{spec.architecture} is trained by its inner head")
    rows, truth = rows_of(features, labels, splits, spec.classes)
    with reproducible(spec):
        projection = _projection(features, rows[TRAIN], spec)
        inputs = [_inputs(features, rows[name], projection) for name in (TRAIN, VALIDATION)]
        targets = [torch.from_numpy(truth[rows[name]]) for name in (TRAIN, VALIDATION)]
        fit = _Fit(spec, _Side(inputs[0], targets[0]), _Side(inputs[1], targets[1]))
        fit.run(on_epoch)
        head = stored_head(fit.kept(), projection)
    return Fitted(head, fit.kept_epoch, tuple(fit.history))


class _Components:
    """(N, k) inputs that lie in memory ready to learn from; otherwise like ``Chosen``."""

    def __init__(self, values: torch.Tensor) -> None:
        if not torch.isfinite(values).all():
            raise TrainingFailed("the features hold values that are not finite", BAD_FEATURES)
        self._values, self.width = values, values.shape[1]

    def batch(self, places: torch.Tensor) -> torch.Tensor:
        return self._values[places]

    def blocks(self) -> Iterator[torch.Tensor]:
        yield self._values


@dataclass(frozen=True)
class _Side:
    inputs: Chosen | _Components
    targets: torch.Tensor


class _Fit:
    """The epochs of one training, and the state of the best of them."""

    def __init__(self, spec: TrainingSpec, train: _Side, validation: _Side) -> None:
        self.spec, self.train, self.validation = spec, train, validation
        self.head = build_head(spec.architecture, train.inputs.width, spec.classes)
        weights = class_weights(train.targets, spec.classes)
        by_weights, plain = nn.CrossEntropyLoss(weight=weights), nn.CrossEntropyLoss()
        self._loss = by_weights if spec.balance == "weights" else plain
        # Cases drawn again or left out aim at the same balance as weights do.
        self._judged_by = plain if spec.balance == "none" else by_weights
        self._optimizer = _optimizer(self.head, spec)
        self._best: dict[str, torch.Tensor] = {}
        self._least = float("inf")
        self.kept_epoch = 0
        self.history: list[EpochReport] = []

    def run(self, on_epoch: OnEpoch | None) -> None:
        for epoch in range(1, self.spec.epochs + 1):
            report = self._epoch(epoch)
            self.history.append(report)
            self._keep_if_best(report)
            if on_epoch:
                on_epoch(report)
            if self.spec.patience and epoch - self.kept_epoch >= self.spec.patience:
                return

    def kept(self) -> Head:
        if self._best:
            self.head.load_state_dict(self._best)
        return self.head.eval()

    def _keep_if_best(self, report: EpochReport) -> None:
        if self.spec.patience is None:
            self.kept_epoch = report.epoch
        elif report.validation_loss < self._least:
            self._least, self.kept_epoch = report.validation_loss, report.epoch
            self._best = {n: t.detach().clone() for n, t in self.head.state_dict().items()}

    def _epoch(self, epoch: int) -> EpochReport:
        started = time.monotonic()
        train_loss, learnt, order = self._train_once()
        logits = self._logits()
        validation_loss = float(self._judged_by(logits, self.validation.targets))
        if not np.isfinite([train_loss, validation_loss]).all():
            raise TrainingFailed(f"the loss of epoch {epoch} is not finite", NOT_FINITE)
        seen = self.train.targets[order]
        return EpochReport(
            epoch=epoch,
            train_loss=train_loss,
            validation_loss=validation_loss,
            validation_auc=self._area(logits, self.validation.targets),
            seconds=time.monotonic() - started,
            train_accuracy=_accuracy(learnt, seen),
            validation_accuracy=_accuracy(logits, self.validation.targets),
            train_auc=self._area(learnt, seen),
        )

    def _train_once(self) -> tuple[float, torch.Tensor, torch.Tensor]:
        """Mean loss, and the logits (n, classes) of the rows (n,) in the order they came."""
        self.head.train()
        total, learnt = 0.0, []
        order = epoch_order(self.train.targets, self.spec)
        for batch in torch.split(order, self.spec.batch_size):
            self._optimizer.zero_grad()
            logits = self.head(self._disturbed(self.train.inputs.batch(batch)))
            loss = self._loss(logits, self.train.targets[batch])
            loss.backward()
            self._optimizer.step()
            total += loss.item() * len(batch)
            learnt.append(logits.detach())
        return total / len(order), torch.cat(learnt), order

    def _disturbed(self, inputs: torch.Tensor) -> torch.Tensor:
        noise = self.spec.noise
        return inputs + noise * torch.randn_like(inputs) if noise else inputs

    def _logits(self) -> torch.Tensor:
        self.head.eval()
        with torch.inference_mode():
            return torch.cat([self.head(block) for block in self.validation.inputs.blocks()])

    def _area(self, logits: torch.Tensor, targets: torch.Tensor) -> float | None:
        scores = logits.double().softmax(dim=1)[:, self.spec.positive].numpy()
        if not np.isfinite(scores).all():
            return None
        return auc((targets == self.spec.positive).numpy(), scores)


def _accuracy(logits: torch.Tensor, targets: torch.Tensor) -> float:
    return float((logits.argmax(dim=1) == targets).double().mean())


def rows_of(
    features: Features, labels: npt.ArrayLike, splits: Sequence[str], classes: int
) -> tuple[dict[str, Rows], Labels]:
    """The rows of train and validation by name, and (N,) class indices; see ``train_head``."""
    truth, names = np.asarray(labels).astype(np.int64), np.asarray(splits)
    if not len(features) == len(truth) == len(names):
        raise ValueError(f"{len(features)} features, {len(truth)} labels, {len(names)} splits")
    rows = {name: np.flatnonzero(names == name) for name in (TRAIN, VALIDATION)}
    for name, chosen in rows.items():
        _refuse_missing_classes(name, set(truth[chosen].tolist()), set(range(classes)))
    return rows, truth


def _refuse_missing_classes(name: str, found: set[int], wanted: set[int]) -> None:
    if not found:
        raise TrainingFailed(f"no radiograph in split {name}", MISSING_CLASS)
    if missing := sorted(wanted - found):
        text = f"split {name} has no radiograph of class {missing[0]}"
        raise TrainingFailed(text, MISSING_CLASS)
    if unknown := sorted(found - wanted):
        raise TrainingFailed(f"split {name} has the unknown class {unknown[0]}", MISSING_CLASS)


def _projection(features: Features, rows: Rows, spec: TrainingSpec) -> Projection | None:
    if spec.components is None:
        return None
    return fit_projection(features, spec.components, whiten=spec.whiten, seed=spec.seed, among=rows)


def _inputs(features: Features, rows: Rows, projection: Projection | None) -> Chosen | _Components:
    if projection is None:
        return Chosen(features, rows).checked()
    return _Components(projection.apply(features, rows))


def _optimizer(head: Head, spec: TrainingSpec) -> torch.optim.Optimizer:
    rate, decay = spec.learning_rate, spec.weight_decay
    if spec.optimizer == "rmsprop":
        # 0.9 is the decay of the rule as first published and of Keras; torch's own default is 0.99.
        return torch.optim.RMSprop(head.parameters(), lr=rate, alpha=0.9, weight_decay=decay)
    return torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=decay)


@contextmanager
def reproducible(spec: TrainingSpec) -> Iterator[None]:
    """Own random numbers and a fixed number of threads; both given back afterwards."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        torch.set_num_threads(spec.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
