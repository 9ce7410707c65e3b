"""`manage.py retrain --architecture NAME [--extractor X] [--wait] [--json]`: make a version."""

import json
import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.audit import Way, by_way
from images.models import Target
from retraining import failures, run_words, services
from retraining.ml.architectures import ARCHITECTURES, BadRecipe
from retraining.models import TrainingRun, Trigger

SECONDS_BETWEEN_LOOKS: Final = 0.5


class Command(BaseCommand):
    """Exit status 1 when there is no new version: refused, failed or cancelled."""

    help = (
        "Ask for a new version of a target's model. With --wait this process does the work itself "
        "unless a worker has it, and prints the log. It is not put in service: see promote."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--target", default="covid-19", metavar="CODE")
        parser.add_argument("--architecture", default="covid-xr-c", choices=ARCHITECTURES)
        parser.add_argument("--extractor", default="", metavar="CODE")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", dest="overrides",
            help="recipe=paper, epochs=40, balance=oversample, sensitivity=0.95, seed=1, ...",
        )  # fmt: skip
        parser.add_argument("--wait", action="store_true", help="until there is a version")
        parser.add_argument("--json", action="store_true", help="one JSON line at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        run = self._requested(options)
        if options["wait"]:
            run = self._ended(run, quiet=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(_facts(run), ensure_ascii=False))
        elif not options["wait"]:
            self.stdout.write(_("Run %(key)s waits for a worker.") % {"key": run.pk})
        if run.status in ("failed", "cancelled"):
            sentences = failures.sentences_of(run.error_code, run.error_facts)
            raise CommandError(" ".join(sentences) if run.error_code else _("Cancelled."))

    def _requested(self, options: dict[str, Any]) -> TrainingRun:
        target = Target.objects.filter(code=options["target"], is_active=True).first()
        if target is None:
            raise CommandError(_("There is no target %(code)s.") % {"code": options["target"]})
        try:
            with by_way(Way.COMMAND):
                return services.request_run(
                    target=target,
                    architecture=options["architecture"],
                    extractor=options["extractor"],
                    overrides=dict(_setting(word) for word in options["overrides"]),
                    trigger=Trigger.COMMAND,
                )
        except BadRecipe as problem:
            raise CommandError(str(problem)) from problem
        except services.RunOpen as opened:
            raise CommandError(
                _("A run of this target is under way: %(key)s.") % {"key": opened.run.pk}
            ) from opened

    def _ended(self, run: TrainingRun, *, quiet: bool) -> TrainingRun:
        told = 0
        while True:
            services.work_on_run()
            run.refresh_from_db()
            lines = list(run.lines.all())
            if not quiet:
                for line in lines[told:]:
                    self.stdout.write(run_words.sentence_of(line))
            told = len(lines)
            if not run.is_open:
                return run
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _setting(word: str) -> tuple[str, Any]:
    """Numbers and null by JSON, all else as it is written. Raises CommandError."""
    name, is_pair, value = word.partition("=")
    if not is_pair:
        raise CommandError(_("%(word)s is not NAME=VALUE.") % {"word": word})
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _facts(run: TrainingRun) -> dict[str, Any]:
    version = getattr(run, "version", None)
    return {
        "run": str(run.pk),
        "status": run.status,
        "reason": run.error_code,
        "seconds": run.seconds,
        "timings": run.timings,
        "version": version.version if version else None,
        "sha256": version.sha256 if version else None,
        "weights_sha256": version.weights_sha256 if version else None,
        "figures": version.figures if version else {},
    }
