"""`manage.py evaluate DIR --metadata CSV`: how good a model is on labelled radiographs."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from images.metadata import BadTable, Row, read_rows
from inference.offline import UNAVAILABLE, Predictor, predictor, reason_of
from retraining.labelled import Skipped, labelled, rows_of_split
from retraining.ml.split import TEST, TRAIN, VALIDATION

if TYPE_CHECKING:
    from retraining.ml.evaluation import Evaluation

ALL = "all"


class Command(BaseCommand):
    """Exit status 1 when nothing could be evaluated."""

    help = (
        "Evaluate a model on the radiographs of DIR (or DIR/images) whose rt_pcr in the table is "
        "positive or negative. What cannot be read or has no result is named and not counted. "
        "The last line is JSON; a figure that the data cannot give is null."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--metadata", type=Path, required=True, metavar="CSV")
        parser.add_argument("--model", default="", metavar="V", help="a version; else the live one")
        parser.add_argument(
            "--split", choices=(ALL, TEST, VALIDATION, TRAIN), default=ALL,
            help="only patients of this split of the model's own training",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="nothing but JSON lines")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["folder"].is_dir():
            raise CommandError(_("%(path)s is not a folder.") % {"path": options["folder"]})
        try:
            rows = read_rows(options["metadata"])
            model = predictor(target="covid-19", version=options["model"])
        except BadTable as problem:
            raise CommandError(problem.sentence) from problem
        except UNAVAILABLE as problem:
            raise CommandError(reason_of(problem)) from problem
        rows = _of_split(rows, options["split"], model)
        self._judge(rows, model, options["folder"], as_json=options["json"])

    def _judge(self, rows: list[Row], model: Predictor, folder: Path, *, as_json: bool) -> None:
        from retraining.ml.evaluation import evaluate

        cases, scores = [], []
        progress = tqdm(rows, unit="film", disable=as_json or not sys.stderr.isatty())
        for case in labelled(progress, folder):
            if isinstance(case, Skipped):
                self._say_skipped(case, as_json=as_json)
                continue
            scores.append(model.predict(case.pixels, keep_features=True).positive_probability)
            cases.append((case.is_positive, case.patient))
        truth, patients = [positive for positive, _p in cases], [patient for _t, patient in cases]
        found = evaluate(truth, scores, model.manifest.threshold, patients)
        self._say(found, model.version, as_json=as_json)
        if not found.n:
            raise SystemExit(1)

    def _say_skipped(self, case: Skipped, *, as_json: bool) -> None:
        reason = str(case.reason)
        if as_json:
            line = json.dumps({"skipped": case.filename, "reason": reason}, ensure_ascii=False)
        else:
            line = _("%(file)s is not counted: %(reason)s") % {
                "file": case.filename,
                "reason": reason,
            }
        self.stdout.write(line)

    def _say(self, found: "Evaluation", version: str, *, as_json: bool) -> None:
        facts = found.to_dict()
        if not as_json:
            for name, value in facts["metrics"].items():
                self.stdout.write(_in_words(name, value, facts["intervals"][name]))
        last = {name: facts[name] for name in ("n", "positives")} | {"model_version": version}
        last |= {name: facts[name] for name in ("metrics", "confusion")}
        self.stdout.write(json.dumps(last))


def _of_split(rows: list[Row], split: str, model: Predictor) -> list[Row]:
    if split == ALL:
        return rows
    salt = model.manifest.training.get("split_salt")
    if not isinstance(salt, str):
        raise CommandError(_("This model does not say how its patients were divided."))
    return rows_of_split(rows, split=split, salt=salt)


def _in_words(name: str, value: float | None, interval: list[float | None]) -> str:
    if value is None:
        return f"{name:12} –"
    low, high = interval
    spread = "" if low is None or high is None else f"  [{low:.3f}, {high:.3f}]"
    return f"{name:12} {value:.3f}{spread}"
