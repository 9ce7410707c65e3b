"""`manage.py reproduce VERSION`: train a version again and say whether it comes out the same."""

import json
import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand

from accounts.audit import Way, by_way
from core.jobs import JobStatus
from retraining import reproduction_words as words
from retraining.models import ModelVersion, Reproduction
from retraining.promotion.command import version_named
from retraining.services import request_reproduction, work_on_reproduction

# While another process has it, or it rests.
LOOK_AGAIN_SECONDS: Final = 0.5


class Command(BaseCommand):
    """Exit status: 0 reproduced, 1 not, or it failed; 2 there is no such version."""

    help = (
        "Train a version again from its own cases, recipe and seed, here and now. It is reproduced "
        "when the weights are the same to the last bit, or else when AUC, accuracy and Brier score "
        "differ by no more than the stated tolerance. Nothing that serves is touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", metavar="VERSION", help="name, or with --target its number")
        parser.add_argument("--target", default="", help="code of the target")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        version = version_named(options["version"], options["target"])
        with by_way(Way.COMMAND):
            found = _worked_on(request_reproduction(version=version, by=None))
        self.stdout.write(json.dumps(_facts(found, version)) if options["json"] else _said(found))
        if found.status != JobStatus.DONE or not found.has_succeeded:
            raise SystemExit(1)


def _worked_on(row: Reproduction) -> Reproduction:
    while row.is_open:
        may_go_on = work_on_reproduction()
        row.refresh_from_db()
        if row.is_open and not may_go_on:
            time.sleep(LOOK_AGAIN_SECONDS)
    return row


def _facts(row: Reproduction, version: ModelVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "status": row.status,
        "error": row.error_code or None,
        "reproduced": bool(row.has_succeeded),
        "expected_sha256": version.weights_sha256,
        "seconds": row.seconds,
        **row.result,
    }


def _said(row: Reproduction) -> str:
    told = words.words_of(row)
    changes = [f"{each.name}: {each.then} -> {each.now}" for each in told.changes]
    return "\n".join([told.failure or told.sentence, *changes])
