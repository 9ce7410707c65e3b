"""What lies beside a developer's checkout and in no clone: radiographs and weights."""

import os
from pathlib import Path

import pytest
from django.conf import settings

WEIGHTS = "vgg16_features_imagenet.safetensors"


def shared_folder() -> Path:
    named = os.environ.get("COVIDXR_SHARED")
    return Path(named) if named else Path(settings.BASE_DIR).parent / "shared"


def vgg16_weights() -> Path:
    """The file of VGG16_WEIGHTS, of the data folder or of ../shared; skips when there is none."""
    places = [
        Path(os.environ.get("VGG16_WEIGHTS") or "/nowhere"),
        Path(settings.BASE_DIR) / "data" / "weights" / WEIGHTS,
        shared_folder() / "weights" / WEIGHTS,
    ]
    for place in places:
        if place.is_file():
            return place
    pytest.skip("the VGG16 weights are not here: run `manage.py fetch_weights`")


def shared_data(name: str) -> Path:
    """`../shared/data/NAME`; skips when it is not there."""
    path = shared_folder() / "data" / name
    if not path.exists():
        pytest.skip("the development radiographs of ../shared/data are not here")
    return path
