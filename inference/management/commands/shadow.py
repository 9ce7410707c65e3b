"""`manage.py shadow start|stop|report`: candidates that score beside the live model."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from images.models import Target
from inference.agreement import ShadowReport, shadow_report
from inference.ml.errors import ArtifactRefused
from inference.models import DeployedModel, Duty
from inference.services import start_shadow, stop_shadow


class Command(BaseCommand):
    help = (
        "Let a candidate score the radiographs that the live model answers for, unseen by users: "
        "start and stop it, and report how often the two disagree and who was right."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        start = verbs.add_parser("start", help="put an artifact in the shadow of the live model")
        start.add_argument("artifact", type=Path, metavar="ARTIFACT_DIR")
        start.add_argument("--target", default="covid-19", help="code of the question")
        start.add_argument("--reason", required=True, help="why it is tried")
        stop = verbs.add_parser("stop", help="let a candidate score no more; its scores are kept")
        stop.add_argument("version", metavar="VERSION")
        report = verbs.add_parser("report", help="every candidate that scores or scored")
        report.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs = {"start": self._start, "stop": self._stop, "report": self._report}
        verbs[options["verb"]](options)

    def _start(self, options: dict[str, Any]) -> None:
        target = Target.objects.filter(code=options["target"]).first()
        if target is None:
            raise CommandError(_("There is no target %(code)s.") % {"code": options["target"]})
        try:
            model = start_shadow(
                target=target, artifact_dir=options["artifact"], by=None, reason=options["reason"]
            )
        except ArtifactRefused as problem:
            raise CommandError(str(problem)) from problem
        except OSError as problem:
            sentence = _("The artifact cannot be stored: %(reason)s")
            raise CommandError(sentence % {"reason": problem.strerror}) from problem
        self.stdout.write(_("%(model)s scores in the shadow.") % {"model": model})

    def _stop(self, options: dict[str, Any]) -> None:
        running = DeployedModel.objects.shadows().filter(version=options["version"])
        stopped = [model for model in running if stop_shadow(model=model)]
        if not stopped:
            sentence = _("No candidate of version %(version)s scores now.")
            raise CommandError(sentence % {"version": options["version"]})
        for model in stopped:
            self.stdout.write(_("%(model)s scores no more.") % {"model": model})

    def _report(self, options: dict[str, Any]) -> None:
        say = in_json if options["json"] else in_words
        for model in DeployedModel.objects.filter(duty=Duty.SHADOW).select_related("target"):
            self.stdout.write(say(shadow_report(model)))


def in_json(report: ShadowReport) -> str:
    model = report.model
    facts = {name: value for name, value in vars(report).items() if name != "model"}
    return json.dumps(
        {
            "target": model.target.code,
            "version": model.version,
            "since": model.created_at.isoformat(),
            "until": model.ended_at.isoformat() if model.ended_at else None,
            "share": asdict(report.share),
            **facts,
        }
    )


def in_words(report: ShadowReport) -> str:
    if not report.scored:
        return _("%(model)s: no radiograph was scored yet.") % {"model": report.model}
    share = report.share
    sentence = _(
        "%(model)s: %(scored)d scored, %(disagreements)d disagreements "
        "(%(share).1f %%, 95 %% interval %(low).1f to %(high).1f %%); positive only by the live "
        "model %(live_positive)d, only by the candidate %(candidate_positive)d; mean difference "
        "of the probabilities %(mean_difference).3f; of %(truth_known)d disagreements with ground "
        "truth the live model was right in %(live_right)d, the candidate in %(candidate_right)d."
    )
    percent = {name: 100 * (value or 0) for name, value in asdict(share).items()}
    bounds = {"share": percent["value"], "low": percent["low"], "high": percent["high"]}
    return sentence % (vars(report) | bounds)
