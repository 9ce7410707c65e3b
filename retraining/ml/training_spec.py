"""What a training run is asked for, and what it tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

NOT_FINITE: Final = "not-finite"
MISSING_CLASS: Final = "missing-class"
BAD_FEATURES: Final = "bad-features"


class TrainingFailed(Exception):
    """Training cannot start on these data, or went off to numbers that are not finite.

    ``code``: not-finite (the loss), missing-class (a split lacks one, or is empty), bad-features
    (values that are not finite, or vectors of no use).
    """

    def __init__(self, message: str, code: str = MISSING_CLASS) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class TrainingSpec:
    """How to train; the default was chosen by cross-validation (see ``baseline``).

    ``architecture`` names the head. ``components`` trains on that many principal components of the
    features (None: on the features themselves, as the paper does). ``balance`` makes rare classes
    count: by weights in the loss, by drawing rare cases again, by leaving common ones out (each
    epoch others), or not at all. ``patience`` ends training after so many epochs without a better
    validation loss (None: never, and the last epoch is kept, as in the paper). ``sensitivity`` is
    the share of positives that the operating point must find (None: Youden's index).
    ``error_rate`` is the share of cases whose true class the set of answers may miss (None: no
    such set). ``classes`` is their number and ``positive`` the index of the positive one.

    Of whole networks alone: ``augmentation`` names one of ``slow.augmentation``; ``momentum`` is
    that of "sgd"; the convolutions learn at ``learning_rate`` times ``backbone_rate``, not at all
    in the first ``head_first`` epochs, and their first ``frozen`` layers with weights never;
    ``initial`` is how the numbers begin (see ``slow.initial``).
    """

    architecture: str = "covid-xr-c"
    optimizer: Literal["adamw", "rmsprop", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    epochs: int = 30
    batch_size: int = 32
    components: int | None = 256
    whiten: float = 0.5
    noise: float = 0.0
    balance: Literal["none", "weights", "oversample", "undersample"] = "weights"
    patience: int | None = 10
    sensitivity: float | None = None
    error_rate: float | None = 0.1
    classes: int = 2
    positive: int = 1
    seed: int = 0
    threads: int = 1
    augmentation: str = "none"
    momentum: float = 0.9
    backbone_rate: float = 1.0
    head_first: int = 0
    frozen: int = 0
    initial: Literal["usual", "gaussian"] = "usual"


# COVID-XR paper, Algorithm 2: 20 epochs, batches of 10, RMSProp with its customary rate.
PAPER: Final = TrainingSpec(
    optimizer="rmsprop",
    weight_decay=0.0,
    epochs=20,
    batch_size=10,
    components=None,
    balance="none",
    patience=None,
)


@dataclass(frozen=True)
class EpochReport:
    """One epoch, counted from 1: mean losses (nats), accuracies over all classes, areas under the
    curve of the positive class.

    The figures of training are those of its batches while the head was learning from them (dropout
    on, classes balanced as the spec asks), as Keras tells them; those of validation are of the
    head after the epoch. ``validation_loss`` is weighted by class unless ``balance`` is "none".
    """

    epoch: int
    train_loss: float
    validation_loss: float
    validation_auc: float | None
    seconds: float
    train_accuracy: float = 0.0
    validation_accuracy: float = 0.0
    train_auc: float | None = None
