"""`manage.py promote VERSION`: put a version in service, if it meets the rules of its target."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inference.models import DeployedModel
from retraining.promotion.command import carry_out, version_named
from retraining.services import request_promotion


class Command(BaseCommand):
    """Exit status: see `retraining.promotion.command`."""

    help = (
        "Put a version in service. The rules of promotion of its target hold here as they do on "
        "the page: what does not meet them is refused, and the model in service stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", metavar="VERSION", help="name, or with --target its number")
        parser.add_argument("--target", default="", help="code of the target")
        parser.add_argument("--reason", default="", help="why it is to serve")
        parser.add_argument(
            "--repredict",
            action="store_true",
            help="answer again for the radiographs that are kept",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        version = version_named(options["version"], options["target"])
        live = DeployedModel.objects.live(version.target)
        carry_out(
            lambda: request_promotion(
                version=version, by=None, reason=options["reason"], expected=live,
                repredicts=options["repredict"],
            ),
            self.stdout, target=version.target, as_json=options["json"],
        )  # fmt: skip
