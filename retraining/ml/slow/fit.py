"""The epochs of one network, each of which may be the last before a power cut."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import torch
from torch import nn

from retraining.ml.balancing import class_weights, epoch_order
from retraining.ml.curves import auc
from retraining.ml.slow.augmentation import AUGMENTATIONS, augmented, draws_of
from retraining.ml.slow.cases import Side
from retraining.ml.slow.checkpoint import Checkpoint, Progress
from retraining.ml.slow.network import Network, inputs_of
from retraining.ml.training_spec import NOT_FINITE, EpochReport, TrainingFailed

# Films that are judged together: a number of its own, so that no recipe changes a figure.
_JUDGED_AT_ONCE: Final = 32

OnStep = Callable[[int, int], None]
# What an epoch saw: logits (n, classes) and classes (n,).
Seen = tuple[torch.Tensor, torch.Tensor]


class Fit:
    """`history` and `kept_epoch` so far; `epoch()` adds one."""

    def __init__(
        self, network: Network, sides: tuple[Side, Side], device: torch.device, on_step: OnStep
    ) -> None:
        self.network, self.spec = network.to(device), network.spec
        self.train, self.validation = sides
        self.device, self._on_step = device, on_step
        self._augmentation = AUGMENTATIONS[self.spec.augmentation]
        weights = class_weights(self.train.truth, self.spec.classes).to(device)
        by_weights, plain = nn.CrossEntropyLoss(weight=weights), nn.CrossEntropyLoss()
        self._loss = by_weights if self.spec.balance == "weights" else plain
        self._judged_by = plain if self.spec.balance == "none" else by_weights
        self._optimizer = _optimizer(network)
        self.history: tuple[EpochReport, ...] = ()
        self.kept_epoch = 0

    @property
    def has_ended(self) -> bool:
        epoch, patience = len(self.history), self.spec.patience
        has_stalled = bool(patience) and epoch - self.kept_epoch >= (patience or 0)
        return epoch >= self.spec.epochs or has_stalled

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        self.network.load_state_dict(checkpoint.network())
        _load(self._optimizer, checkpoint.optimizer())
        self.history = checkpoint.progress.history
        self.kept_epoch = checkpoint.progress.kept_epoch

    def progress(self, fingerprint: str) -> Progress:
        return Progress(fingerprint, self.history, self.kept_epoch)

    def optimizer_state(self) -> dict[str, torch.Tensor]:
        """What the optimizer remembers of each weight: "3.exp_avg" of its fourth one."""
        return {
            f"{place}.{name}": torch.as_tensor(value)
            for place, values in self._optimizer.state_dict()["state"].items()
            for name, value in values.items()
            if value is not None
        }

    def epoch(self) -> EpochReport:
        """Learn once more. Raises TrainingFailed as soon as a loss is not finite."""
        started, number = time.monotonic(), len(self.history) + 1
        # Nothing before this line has a say in the random numbers of the epoch.
        torch.manual_seed(_seed_of(self.spec.seed, number))
        train_loss, learnt = self._train_once(number)
        logits = self._validate()
        judged = (logits, self.validation.truth)
        loss = float(self._judged_by(logits.to(self.device), judged[1].to(self.device)))
        _refuse_not_finite(loss, number)
        report = EpochReport(
            epoch=number,
            train_loss=train_loss,
            validation_loss=loss,
            validation_auc=self._area(judged),
            seconds=time.monotonic() - started,
            train_accuracy=_accuracy(learnt),
            validation_accuracy=_accuracy(judged),
            train_auc=self._area(learnt),
        )
        self._note(report)
        return report

    def _note(self, report: EpochReport) -> None:
        least = min((each.validation_loss for each in self.history), default=float("inf"))
        self.history += (report,)
        if self.spec.patience is None or report.validation_loss < least:
            self.kept_epoch = report.epoch

    def _train_once(self, number: int) -> tuple[float, Seen]:
        self._set_learning(number)
        order = epoch_order(self.train.truth, self.spec)
        draws = draws_of(self.spec.seed, number, len(order))
        total, logits = 0.0, []
        for places in _batches(len(order), self.spec.batch_size):
            rows = order[places]
            films = self.train.batch(rows.numpy()).to(self.device)
            if self._augmentation:
                films = augmented(films, draws[places], self._augmentation)
            loss, out = self._learn(films, self.train.truth[rows].to(self.device))
            _refuse_not_finite(loss, number)
            total += loss * len(rows)
            logits.append(out)
            self._on_step(places.stop, len(order))
        return total / len(order), (torch.cat(logits), self.train.truth[order])

    def _learn(self, films: torch.Tensor, truth: torch.Tensor) -> tuple[float, torch.Tensor]:
        self._optimizer.zero_grad()
        logits = self.network(inputs_of(films, self.network.normalisation))
        loss = self._loss(logits, truth)
        loss.backward()
        self._optimizer.step()
        return loss.item(), logits.detach().cpu()

    def _set_learning(self, number: int) -> None:
        """At first the head alone: its random numbers would spoil what the convolutions know."""
        self.network.train()
        is_thawed = number > self.spec.head_first
        self.network.backbone.requires_grad_(is_thawed)
        self.network.freeze()

    def _validate(self) -> torch.Tensor:
        self.network.eval()
        return outputs_of(self.network, self.validation, self.network.normalisation, self.device)

    def _area(self, seen: Seen) -> float | None:
        scores = seen[0].double().softmax(dim=1)[:, self.spec.positive].numpy()
        return auc((seen[1] == self.spec.positive).numpy(), scores)


def outputs_of(
    network: nn.Module, side: Side, normalisation: str, device: torch.device
) -> torch.Tensor:
    """What a network in evaluation mode makes of all films of a split: float32 (n, outputs)."""
    parts = []
    with torch.inference_mode():
        for places in _batches(len(side.rows), _JUDGED_AT_ONCE):
            films = side.batch(places).to(device)
            parts.append(network(inputs_of(films, normalisation)).flatten(1).float().cpu())
    return torch.cat(parts)


def _batches(count: int, size: int) -> Iterator[slice]:
    """Batches in order; a last one of a single film joins the one before: a normalisation over the
    batch cannot learn from one film."""
    tops = list(range(0, count, size))
    if len(tops) > 1 and count - tops[-1] == 1:
        tops.pop()
    for top, end in zip(tops, [*tops[1:], count], strict=True):
        yield slice(top, end)


def _seed_of(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)[0] >> 1)


def _refuse_not_finite(loss: float, epoch: int) -> None:
    if not np.isfinite(loss):
        raise TrainingFailed(f"the loss of epoch {epoch} is not finite", NOT_FINITE)


def _accuracy(seen: Seen) -> float:
    return float((seen[0].argmax(dim=1) == seen[1]).double().mean())


def _optimizer(network: Network) -> torch.optim.Optimizer:
    spec, groups = network.spec, network.groups()
    decay = spec.weight_decay
    if spec.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=spec.momentum, weight_decay=decay)
    if spec.optimizer == "rmsprop":
        # As in the fast lane: the decay of the rule as first published and of Keras.
        return torch.optim.RMSprop(groups, alpha=0.9, weight_decay=decay)
    return torch.optim.AdamW(groups, weight_decay=decay)


def _load(optimizer: torch.optim.Optimizer, flat: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in flat.items():
        place, _, name = key.partition(".")
        state.setdefault(int(place), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
