"""Small made-up films: of a positive one, a square in the middle is brighter."""

import numpy as np

from retraining.ml.architectures import ARCHITECTURES
from retraining.ml.slow.training import train_network
from retraining.ml.split import TRAIN, VALIDATION
from retraining.ml.training_spec import TrainingSpec

CNN = ARCHITECTURES["cnn-64"]
SPEC = TrainingSpec(
    architecture="logistic", components=None, epochs=3, batch_size=16, patience=None,
    augmentation="mild",
)  # fmt: skip


def made_films(n=96, side=64, classes=2, signal=0.3, seed=0):
    """`films (n, side, side) fp16, labels (n,), splits (n,)`: every third one validates."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    films = random.random((n, side, side)) * 0.5
    third = side // 3
    films[:, third:-third, third:-third] += signal * labels[:, None, None]
    splits = [VALIDATION if row // classes % 3 == 0 else TRAIN for row in range(n)]
    return films.clip(0, 1).astype(np.float16), labels, splits


def trained_on(films, folder, spec=SPEC, **options):
    return train_network(*films, spec, architecture=CNN, folder=folder, **options)


def numbers_of(trained):
    """All that a training ends with, but for the seconds it took."""
    backbone = {n: t.numpy().tobytes() for n, t in trained.backbone.state_dict().items()}
    head = {n: t.numpy().tobytes() for n, t in trained.head.state_dict().items()}
    history = [{**vars(report), "seconds": 0} for report in trained.history]
    chosen = (trained.temperature, trained.threshold, trained.conformal, trained.kept_epoch)
    return backbone, head, history, chosen
