"""What a training run is asked for, and what it tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


class TrainingFailed(Exception):
    """Training cannot start on these data, or went off to numbers that are not finite."""


@dataclass(frozen=True)
class TrainingSpec:
    """How to train; the default was chosen by cross-validation (see ``baseline``).

    ``components`` trains on that many principal components of the features (None: on the features
    themselves, as the paper does); ``patience`` ends training after so many epochs without a
    better validation loss (None: never, and the last epoch is kept, as in the paper);
    ``sensitivity`` is the share of positives the operating point must find on validation (None:
    Youden's index); ``classes`` is their number and ``positive`` the index of the positive one.
    """

    architecture: str = "covid-xr-c"
    optimizer: Literal["adamw", "rmsprop"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    epochs: int = 30
    batch_size: int = 32
    components: int | None = 256
    whiten: float = 0.5
    class_weights: bool = True
    patience: int | None = 10
    sensitivity: float | None = None
    classes: int = 2
    positive: int = 1
    seed: int = 0
    threads: int = 1


# COVID-XR paper, Algorithm 2: 20 epochs, batches of 10, RMSProp with its customary rate.
PAPER: Final = TrainingSpec(
    optimizer="rmsprop",
    weight_decay=0.0,
    epochs=20,
    batch_size=10,
    components=None,
    class_weights=False,
    patience=None,
)


@dataclass(frozen=True)
class EpochReport:
    """One epoch, counted from 1: mean losses, AUC of the positive class on validation."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_auc: float | None
    seconds: float
