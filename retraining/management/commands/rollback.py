"""`manage.py rollback`: the model that served before serves again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inference.models import DeployedModel
from retraining.promotion.command import carry_out, target_named
from retraining.services import request_rollback


class Command(BaseCommand):
    """Exit status: see `retraining.promotion.command`."""

    help = (
        "Put the model in service again that served a target before. No rule is asked. A second "
        "rollback goes one further back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--target", default="covid-19", help="code of the target")
        parser.add_argument("--reason", default="", help="why the model in service is to go")
        parser.add_argument(
            "--repredict",
            action="store_true",
            help="answer again for the radiographs that are kept",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        target = target_named(options["target"])
        live = DeployedModel.objects.live(target)
        carry_out(
            lambda: request_rollback(
                target=target, by=None, reason=options["reason"], expected=live,
                repredicts=options["repredict"],
            ),
            self.stdout, target=target, as_json=options["json"],
        )  # fmt: skip
