"""Training a classifier head on cached features: the fast lane, seconds on two processor cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import softmax
from torch import nn

from inference.ml.heads import Head, build_head, head_logits
from retraining.ml.calibration import fit_temperature
from retraining.ml.curves import auc, threshold_for_sensitivity, youden_threshold
from retraining.ml.folding import stored_head
from retraining.ml.projection import Features, Projection, fit_projection
from retraining.ml.split import TRAIN, VALIDATION
from retraining.ml.training_spec import EpochReport, TrainingFailed, TrainingSpec

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TrainedHead:
    """A head with the values it will be stored with (fp16), its calibration and history."""

    head: Head
    spec: TrainingSpec
    temperature: float
    threshold: float
    kept_epoch: int
    history: tuple[EpochReport, ...]


OnEpoch = Callable[[EpochReport], None]


def train_head(
    features: Features,
    labels: npt.ArrayLike,
    splits: Sequence[str],
    spec: TrainingSpec | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedHead:
    """Train on the rows of split "train", choose on those of "validation", leave all others alone.

    ``features`` (N, dimensions) fp16 or fp32; ``labels`` (N,) class indices from 0; ``splits`` (N,)
    names. The same input, spec and machine give the same weights. An exception raised by
    ``on_epoch`` ends the training (that is how a run is cancelled). Raises TrainingFailed when a
    class is missing from train or validation or the loss stops being finite, ValueError for
    lengths that differ.
    """
    spec = spec or TrainingSpec()
    rows, truth = _rows(features, labels, splits)
    train, validation = rows[TRAIN], rows[VALIDATION]
    _refuse_missing_classes(truth, rows, spec.classes)
    with _reproducible(spec):
        projection = _projection(features[train], spec)
        inputs = (_inputs(features[train], projection), _inputs(features[validation], projection))
        targets = (torch.from_numpy(truth[train]), torch.from_numpy(truth[validation]))
        fit = _Fit(spec, inputs, targets)
        fit.run(on_epoch)
        head = stored_head(fit.kept(), projection)
        logits = head_logits(head, features[validation])
    temperature = fit_temperature(logits, truth[validation])
    threshold = operating_point(logits, truth[validation], temperature, spec)
    return TrainedHead(head, spec, temperature, threshold, fit.kept_epoch, tuple(fit.history))


def operating_point(
    logits: npt.NDArray[np.float64], labels: Labels, temperature: float, spec: TrainingSpec
) -> float:
    """The threshold on the positive class's probability that the spec's rule picks."""
    scores = positive_probability(logits, temperature, spec.positive)
    positive = labels == spec.positive
    if spec.sensitivity is None:
        return youden_threshold(positive, scores)
    return threshold_for_sensitivity(positive, scores, spec.sensitivity)


def positive_probability(
    logits: npt.NDArray[np.float64], temperature: float, positive: int
) -> npt.NDArray[np.float64]:
    """(N, classes) logits to (N,) probabilities of one class."""
    return np.asarray(softmax(logits / temperature, axis=1)[:, positive])


class _Fit:
    """The epochs of one training, and the state of the best of them."""

    def __init__(
        self,
        spec: TrainingSpec,
        inputs: tuple[torch.Tensor, torch.Tensor],
        targets: tuple[torch.Tensor, torch.Tensor],
    ) -> None:
        self.spec, self.inputs, self.targets = spec, inputs, targets
        self.head = build_head(spec.architecture, inputs[0].shape[1], spec.classes)
        weights = _class_weights(targets[0], spec.classes) if spec.class_weights else None
        self._loss = nn.CrossEntropyLoss(weight=weights)
        self._optimizer = _optimizer(self.head, spec)
        self._best: dict[str, torch.Tensor] = {}
        self.kept_epoch = 0
        self.history: list[EpochReport] = []

    def run(self, on_epoch: OnEpoch | None) -> None:
        for epoch in range(1, self.spec.epochs + 1):
            report = self._epoch(epoch)
            self.history.append(report)
            if self.spec.patience is None or self._is_best(report):
                self.kept_epoch = epoch
                self._best = {n: t.detach().clone() for n, t in self.head.state_dict().items()}
            if on_epoch:
                on_epoch(report)
            if self.spec.patience and epoch - self.kept_epoch >= self.spec.patience:
                return

    def kept(self) -> Head:
        self.head.load_state_dict(self._best)
        return self.head.eval()

    def _epoch(self, epoch: int) -> EpochReport:
        started = time.monotonic()
        train_loss = self._train_once()
        validation_loss, area = self._validate()
        if not np.isfinite([train_loss, validation_loss]).all():
            raise TrainingFailed(f"the loss of epoch {epoch} is not finite")
        return EpochReport(epoch, train_loss, validation_loss, area, time.monotonic() - started)

    def _train_once(self) -> float:
        self.head.train()
        features, targets = self.inputs[0], self.targets[0]
        total = 0.0
        for batch in torch.split(torch.randperm(len(targets)), self.spec.batch_size):
            self._optimizer.zero_grad()
            loss = self._loss(self.head(features[batch]), targets[batch])
            loss.backward()
            self._optimizer.step()
            total += loss.item() * len(batch)
        return total / len(targets)

    def _validate(self) -> tuple[float, float | None]:
        self.head.eval()
        with torch.inference_mode():
            logits = self.head(self.inputs[1])
            loss = float(self._loss(logits, self.targets[1]))
            scores = logits.double().softmax(dim=1)[:, self.spec.positive].numpy()
        if not np.isfinite(scores).all():
            return float("nan"), None
        return loss, auc((self.targets[1] == self.spec.positive).numpy(), scores)

    def _is_best(self, report: EpochReport) -> bool:
        earlier = [r.validation_loss for r in self.history if r is not report]
        return report.validation_loss < min(earlier, default=float("inf"))


def _rows(
    features: Features, labels: npt.ArrayLike, splits: Sequence[str]
) -> tuple[dict[str, npt.NDArray[np.int64]], Labels]:
    truth, names = np.asarray(labels).astype(np.int64), np.asarray(splits)
    if not len(features) == len(truth) == len(names):
        raise ValueError(f"{len(features)} features, {len(truth)} labels, {len(names)} splits")
    rows = {name: np.flatnonzero(names == name) for name in (TRAIN, VALIDATION)}
    for name, chosen in rows.items():
        if not len(chosen):
            raise TrainingFailed(f"no radiograph in split {name}")
    return rows, truth


def _refuse_missing_classes(
    truth: Labels, rows: dict[str, npt.NDArray[np.int64]], classes: int
) -> None:
    for name, chosen in rows.items():
        found = set(truth[chosen].tolist())
        if missing := sorted(set(range(classes)) - found):
            raise TrainingFailed(f"split {name} has no radiograph of class {missing[0]}")
        if unknown := sorted(found - set(range(classes))):
            raise TrainingFailed(f"split {name} has the unknown class {unknown[0]}")


def _projection(features: Features, spec: TrainingSpec) -> Projection | None:
    if spec.components is None:
        return None
    return fit_projection(features, spec.components, whiten=spec.whiten, seed=spec.seed)


def _inputs(features: Features, projection: Projection | None) -> torch.Tensor:
    inputs = projection.apply(features) if projection else torch.from_numpy(features).float()
    if not torch.isfinite(inputs).all():
        raise TrainingFailed("the features hold values that are not finite")
    return inputs


def _class_weights(targets: torch.Tensor, classes: int) -> torch.Tensor:
    counts = torch.bincount(targets, minlength=classes).float()
    return len(targets) / (classes * counts)


def _optimizer(head: Head, spec: TrainingSpec) -> torch.optim.Optimizer:
    rate, decay = spec.learning_rate, spec.weight_decay
    if spec.optimizer == "rmsprop":
        # 0.9 is the decay of the rule as first published and of Keras; torch's own default is 0.99.
        return torch.optim.RMSprop(head.parameters(), lr=rate, alpha=0.9, weight_decay=decay)
    return torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=decay)


@contextmanager
def _reproducible(spec: TrainingSpec) -> Iterator[None]:
    """Own random numbers and a fixed number of threads; both given back afterwards."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        torch.set_num_threads(spec.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
