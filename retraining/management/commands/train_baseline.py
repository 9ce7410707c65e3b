"""`manage.py train_baseline DIR --metadata CSV --out DIR`: the model that ships, made again."""

import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from images.metadata import BadTable, Row, read_rows
from inference.offline import UNAVAILABLE, cached_features, reason_of
from retraining.labelled import Labelled, Skipped, labelled


class Command(BaseCommand):
    help = (
        "Train the COVID-19 baseline on the radiographs of DIR (or DIR/images) with a known "
        "rt_pcr, split by patient, and write its artifact. Features are cached: a second run is "
        "quick. It does not put the model in service."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--metadata", type=Path, required=True, metavar="CSV")
        parser.add_argument("--out", type=Path, required=True, help="a folder that is not there")
        parser.add_argument("--name", default="baseline-1", help="version of the model")

    def handle(self, *args: Any, **options: Any) -> None:
        from retraining.ml.baseline import Cohort, train_on_features
        from retraining.ml.training_spec import TrainingFailed

        if options["out"].exists():
            raise CommandError(_("%(path)s is there already.") % {"path": options["out"]})
        try:
            rows = read_rows(options["metadata"])
            vectors, truth, patients = self._read(rows, options["folder"])
            manifest = train_on_features(
                Cohort(np.stack(vectors), np.array(truth), tuple(patients)),
                out=options["out"],
                created=datetime.now(UTC).date().isoformat(),
                version=options["name"],
                report=self.stdout.write,
            )
        except BadTable as problem:
            raise CommandError(problem.sentence) from problem
        except UNAVAILABLE as problem:
            raise CommandError(reason_of(problem)) from problem
        except TrainingFailed as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{options['out']}: {manifest.version}, {manifest.weights_sha256}")

    def _read(self, rows: list[Row], folder: Path) -> tuple[list[Any], list[bool], list[str]]:
        cases: list[Labelled] = []
        vectors = []
        for case in labelled(tqdm(rows, unit="film", disable=not sys.stderr.isatty()), folder):
            if isinstance(case, Skipped):
                self.stdout.write(f"{case.filename}: {case.reason}")
                continue
            vectors.append(cached_features(case.pixels))
            cases.append(case)
        if not cases:
            raise CommandError(_("There is no radiograph with a known RT-PCR result."))
        return vectors, [case.is_positive for case in cases], [case.patient for case in cases]
