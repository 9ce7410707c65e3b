"""`manage.py train_gate DIR --metadata CSV --out DIR`: the gate that ships, made again."""

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from images.metadata import BadTable, Row, read_rows
from inference.ml.gate import described, shrunk
from inference.offline import UNAVAILABLE, reason_of
from retraining.gate_pictures import Seen, films, is_frontal, made_of
from retraining.labelled import Skipped
from retraining.ml.changed import mildly_changed

if TYPE_CHECKING:
    from retraining.ml.gate_training import Films


class Command(BaseCommand):
    help = (
        "Fit the gate that stops what is no frontal chest radiograph, on the frontal radiographs "
        "of DIR (or DIR/images), split by patient, and write its artifact. Counter-examples are "
        "not needed. The last line is JSON: the figures out of fold and of held-out patients."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--metadata", type=Path, required=True, metavar="CSV")
        parser.add_argument("--out", type=Path, required=True, help="a folder that is not there")
        parser.add_argument("--name", default="gate-1", help="version of the gate")

    def handle(self, *args: Any, **options: Any) -> None:
        from retraining.ml.gate_training import TooFewRadiographs, train_gate

        if options["out"].exists():
            raise CommandError(_("%(path)s is there already.") % {"path": options["out"]})
        try:
            read = self._read(read_rows(options["metadata"]), options["folder"])
            created = datetime.now(UTC).date().isoformat()
            gate = train_gate(read, out=options["out"], created=created, version=options["name"])
        except BadTable as problem:
            raise CommandError(problem.sentence) from problem
        except UNAVAILABLE as problem:
            raise CommandError(reason_of(problem)) from problem
        except TooFewRadiographs as problem:
            raise CommandError(str(problem)) from problem
        facts = {name: dict(getattr(gate.manifest, name)) for name in ("training", "metrics")}
        self.stdout.write(json.dumps(facts | {"sha256": gate.manifest.weights_sha256}))

    def _read(self, rows: list[Row], folder: Path) -> "Films":
        from retraining.ml.gate_training import Films

        looks: list[tuple[Any, ...]] = []
        patients = []
        progress = tqdm(_frontal(rows), unit="film", disable=not sys.stderr.isatty())
        for row, film in films(progress, folder):
            if isinstance(film, Skipped):
                self.stdout.write(f"{film.filename}: {film.reason}")
                continue
            looks.append((*_look(film), *_look(changed_copy(film))))
            # Without a code each radiograph counts as a patient of its own.
            patients.append(row.patient_id or row.filename)
        if not looks:
            raise CommandError(_("There is no frontal radiograph to fit the gate on."))
        small, vectors, copied_small, copied_vectors = (
            np.stack(p) for p in zip(*looks, strict=True)
        )
        return Films(small, vectors, copied_small, copied_vectors, tuple(patients))


def changed_copy(film: Seen) -> Seen:
    """The same copy of the same film every time, whatever was read before it."""
    random = np.random.default_rng(list(film.name.encode()))
    return made_of(film.name, mildly_changed(film.grey, random))


def _frontal(rows: list[Row]) -> list[Row]:
    return [row for row in rows if is_frontal(row)]


def _look(seen: Seen) -> tuple[Any, Any]:
    return shrunk(seen.grey), described(seen.features[None])[0]
