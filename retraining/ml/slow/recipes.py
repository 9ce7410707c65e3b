"""How the whole networks are trained: the recipes of the papers, and better defaults.

Where a paper does not name a value, what its tools take by default stands here and is said so.
Loads no torch: forms read these names.
"""

from __future__ import annotations

from typing import Final

from retraining.ml.training_spec import TrainingSpec

# A common part: on features there is nothing to project, and two threads leave room to others.
_WHOLE: Final = TrainingSpec(
    architecture="logistic", components=None, patience=8, threads=2, augmentation="mild"
)


def _recipe(**values: object) -> TrainingSpec:
    return TrainingSpec(**{**vars(_WHOLE), **values})


ALEXNET: Final = {
    "default": _recipe(learning_rate=1e-4, epochs=40),
    # AlexNet paper, section VI: gradient descent with momentum 0.9, rate 0.0004, batches of 100, 6
    # epochs; section III: random over-sampling, changed copies as in table II.
    "paper": _recipe(
        optimizer="sgd",
        learning_rate=4e-4,
        momentum=0.9,
        weight_decay=0.0,
        batch_size=100,
        epochs=6,
        balance="oversample",
        patience=None,
        augmentation="alexnet-paper",
        initial="gaussian",
    ),
}

CNN_64: Final = {
    "default": _recipe(learning_rate=1e-3, epochs=60, patience=15),
    # UASLP paper, section II.C: up to 100 epochs. Optimizer and batches are not named: Adam's usual
    # rate and batches of 32 are what Keras takes.
    "paper": _recipe(
        learning_rate=1e-3,
        weight_decay=0.0,
        epochs=100,
        balance="none",
        patience=None,
        augmentation="none",
    ),
}

VGG16: Final = {
    # The head learns alone for two epochs, then blocks 4 and 5 with it, thirty times slower.
    "default": _recipe(
        architecture="covid-xr-c",
        learning_rate=3e-4,
        backbone_rate=1 / 30,
        head_first=2,
        frozen=7,
        batch_size=16,
        epochs=12,
        patience=4,
    ),
    # Misantla paper: Keras' changes of the films, 100 epochs. Rates are not named: the default's.
    "paper": _recipe(
        architecture="covid-xr-c",
        learning_rate=3e-4,
        backbone_rate=1 / 30,
        head_first=2,
        frozen=7,
        batch_size=32,
        epochs=100,
        patience=None,
        balance="none",
        augmentation="misantla-paper",
    ),
}
