"""Training a whole network on films: the slow lane, minutes to hours, interrupted at any moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy.typing as npt
import torch

from inference.ml.backbones import Backbone
from inference.ml.heads import Head, head_logits
from inference.ml.precision import to_half
from inference.ml.torch_memory import memory_errors
from retraining.ml.architectures import Architecture
from retraining.ml.fitting import OnEpoch, reproducible
from retraining.ml.operating import decisions_of
from retraining.ml.slow import checkpoint
from retraining.ml.slow.cases import Films, Side, fingerprint_of, sides_of
from retraining.ml.slow.fit import Fit, OnStep, outputs_of
from retraining.ml.slow.initial import Initial, begin
from retraining.ml.slow.network import Network, stored
from retraining.ml.training_spec import EpochReport, TrainingSpec

if TYPE_CHECKING:
    from inference.ml.conformal import Conformal


@dataclass(frozen=True)
class TrainedNetwork:
    """Backbone and head with the values they will be stored with (fp16), calibration and history.

    ``calibrated_on`` is always "validation": heads that never met a patient would each need a whole
    network of their own.
    """

    backbone: Backbone
    head: Head
    spec: TrainingSpec
    temperature: float
    threshold: float
    conformal: Conformal | None
    kept_epoch: int
    history: tuple[EpochReport, ...]
    calibrated_on: str


def train_network(
    films: Films,
    labels: npt.ArrayLike,
    splits: Sequence[str],
    spec: TrainingSpec,
    *,
    architecture: Architecture,
    folder: Path,
    initial: Initial | None = None,
    on_epoch: OnEpoch | None = None,
    on_step: OnStep | None = None,
    device: str = "",
) -> TrainedNetwork:
    """Train on the films of split "train", choose on those of "validation", leave others alone.

    ``films`` (N, side, side) grey in 0..1, fp16, in memory or mapped; ``labels`` (N,) class indices
    from 0; ``splits`` (N,) names; ``initial`` the backbone's numbers to begin with (None: at
    random). ``folder`` keeps a checkpoint after each epoch: called again with the same input it
    goes on after the last whole one and ends with the same numbers; with other films, labels or
    values it begins again. ``on_epoch`` hears every epoch, those of the checkpoint once more;
    ``on_step`` (films done, films of the epoch) after each batch. What they raise ends the
    training; its checkpoint stays. ``device`` "" is a GPU where torch sees one, else the processor.

    Raises TrainingFailed when a class is missing, a film or a loss is not finite; ValueError for
    lengths that differ; OSError when the disk refuses a checkpoint; MemoryError.
    """
    sides = sides_of(films, labels, splits, spec)
    fingerprint = fingerprint_of(sides, spec, architecture.backbone, initial)
    with reproducible(spec), _deterministic(), memory_errors():
        fit = _begun(architecture, spec, sides, initial, _device_of(device), on_step)
        _go_on(fit, folder, fingerprint, on_epoch)
        _finish(fit, folder, fingerprint, on_epoch)
        return _trained(fit, folder, fingerprint, architecture)


def _begun(
    architecture: Architecture,
    spec: TrainingSpec,
    sides: tuple[Side, Side],
    initial: Initial | None,
    device: torch.device,
    on_step: OnStep | None,
) -> Fit:
    network = Network(architecture, spec)
    begin(network, initial)
    network.freeze()
    return Fit(network, sides, device, on_step or (lambda done, total: None))


def _go_on(fit: Fit, folder: Path, fingerprint: str, on_epoch: OnEpoch | None) -> None:
    last = checkpoint.newest(folder, fingerprint)
    if last is None:
        return
    fit.go_on_from(last)
    # A process may have died between keeping an epoch and telling of it.
    for report in fit.history if on_epoch else ():
        on_epoch(report)  # type: ignore[misc]


def _finish(fit: Fit, folder: Path, fingerprint: str, on_epoch: OnEpoch | None) -> None:
    while not fit.has_ended:
        report = fit.epoch()
        is_best = fit.kept_epoch == report.epoch
        checkpoint.save(
            folder,
            fit.progress(fingerprint),
            network=fit.network.state_dict(),
            optimizer=fit.optimizer_state(),
            kept=fit.network.as_stored() if is_best else None,
        )
        if on_epoch:
            on_epoch(report)


def _trained(
    fit: Fit, folder: Path, fingerprint: str, architecture: Architecture
) -> TrainedNetwork:
    """Calibrated on the numbers as they will be stored and served, from the disk."""
    last = checkpoint.newest(folder, fingerprint)
    if last is None:
        raise OSError("the checkpoint of the last epoch is not readable any more")
    backbone, head = stored(architecture, fit.spec, last.kept())
    normalisation = fit.network.normalisation
    outputs = outputs_of(backbone.to(fit.device), fit.validation, normalisation, fit.device)
    backbone.cpu()
    logits = head_logits(head, to_half(outputs.numpy()))
    chosen = decisions_of(logits, fit.validation.truth.numpy(), fit.spec)
    return TrainedNetwork(
        backbone=backbone,
        head=head,
        spec=fit.spec,
        temperature=chosen.temperature,
        threshold=chosen.threshold,
        conformal=chosen.conformal,
        kept_epoch=fit.kept_epoch,
        history=fit.history,
        calibrated_on=chosen.calibrated_on,
    )


def _device_of(name: str) -> torch.device:
    if name or not torch.cuda.is_available():
        return torch.device(name or "cpu")
    return torch.device("cuda")


@contextmanager
def _deterministic() -> Iterator[None]:
    """Of several ways to compute the same, a GPU takes one that does so alike each time."""
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before
