"""Rare classes that count as much as common ones: by weights, or by which cases an epoch shows."""

from __future__ import annotations

import torch

from retraining.ml.training_spec import TrainingSpec


def class_weights(targets: torch.Tensor, classes: int) -> torch.Tensor:
    """(N,) class indices to (classes,) weights whose mean over the cases is 1."""
    counts = torch.bincount(targets, minlength=classes).float()
    return len(targets) / (classes * counts)


def epoch_order(targets: torch.Tensor, spec: TrainingSpec) -> torch.Tensor:
    """The rows that one epoch shows, in random order, drawn anew each time.

    "oversample": every case once and those of rarer classes again, drawn at random, until each
    class has as many as the largest. "undersample": of each class as many as the smallest has.
    """
    if spec.balance in ("none", "weights"):
        return torch.randperm(len(targets))
    members = [torch.nonzero(targets == each)[:, 0] for each in range(spec.classes)]
    sizes = [len(rows) for rows in members]
    if spec.balance == "oversample":
        chosen = [_repeated(rows, max(sizes)) for rows in members]
    else:
        chosen = [rows[torch.randperm(len(rows))[: min(sizes)]] for rows in members]
    rows = torch.cat(chosen)
    return rows[torch.randperm(len(rows))]


def _repeated(rows: torch.Tensor, wanted: int) -> torch.Tensor:
    again = torch.randint(len(rows), (wanted - len(rows),))
    return torch.cat([rows, rows[again]])
