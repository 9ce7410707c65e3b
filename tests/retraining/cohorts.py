"""Small made-up cohorts: features with a signal of known strength, two radiographs a patient."""

import numpy as np

from retraining.ml.split import split_of


def cohort(n=300, dimensions=120, classes=2, strength=3.0, seed=0):
    """`features (n, dimensions) fp16, labels (n,), patients (n,)`; classes are shifted means."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, n // 2).repeat(2)
    directions = random.normal(size=(classes, dimensions))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    noise = random.normal(0, 1, (n, dimensions))
    # As the last pooling gives them: nothing negative, many zeros.
    features = np.maximum(noise + strength * directions[labels], 0) * 5
    return features.astype(np.float16), labels, [f"patient-{i // 2}" for i in range(n)]


def splits(patients, salt="s"):
    return [split_of(patient, salt) for patient in patients]
