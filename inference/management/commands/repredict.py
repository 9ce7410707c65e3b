"""`manage.py repredict`: let the live model answer again for all kept radiographs."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from core.jobs import JobStatus
from inference.models import DeployedModel, RePrediction
from inference.services import cancel_reprediction, request_reprediction, work_on_reprediction

# While another process has the request, or it rests.
LOOK_AGAIN_SECONDS = 1.0


class Command(BaseCommand):
    """Exit status 1 when a pass that was waited for did not end as done."""

    help = (
        "Let the model in service answer for all kept radiographs that it has not answered for. "
        "Where features are cached this costs a fraction of a second for each thousand; the other "
        "radiographs are queued behind everybody else's."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--target", default="covid-19", help="code of the question")
        parser.add_argument("--wait", action="store_true", help="do it here and now")
        parser.add_argument("--cancel", action="store_true", help="end the request that is open")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        model = DeployedModel.objects.live_models().filter(target__code=options["target"]).first()
        if model is None:
            sentence = _("No model is in service for %(target)s.")
            raise CommandError(sentence % {"target": options["target"]})
        if options["cancel"]:
            self._cancel(model)
            return
        job = request_reprediction(model=model, by=None)
        while options["wait"] and job.is_open:
            may_go_on = work_on_reprediction()
            job.refresh_from_db()
            if job.is_open and not may_go_on:
                time.sleep(LOOK_AGAIN_SECONDS)
        self.stdout.write(in_json(job) if options["json"] else in_words(job))
        if job.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
            raise SystemExit(1)

    def _cancel(self, model: DeployedModel) -> None:
        if not cancel_reprediction(model=model):
            raise CommandError(
                _("Nothing is being predicted again by %(model)s.") % {"model": model}
            )
        self.stdout.write(_("%(model)s predicts no more again.") % {"model": model})


def in_json(job: RePrediction) -> str:
    return json.dumps(
        {
            "id": str(job.pk),
            "target": job.model.target.code,
            "version": job.model.version,
            "status": job.status,
            "answered": job.answered,
            "queued": job.queued,
            "error": job.error_code or None,
        }
    )


def in_words(job: RePrediction) -> str:
    words = _("%(model)s: %(status)s; %(answered)d answered again, %(queued)d queued.")
    return words % {
        "model": job.model,
        "status": job.get_status_display(),
        "answered": job.answered,
        "queued": job.queued,
    }
