"""`manage.py predict FILE...`: what the platform would say, without storing anything."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from images.decoding import Unreadable, decode
from inference.offline import UNAVAILABLE, Predictor, predictor, reason_of


class Command(BaseCommand):
    help = (
        "Predict radiographs (PNG, JPEG, DICOM) with the model in service, or with the one that "
        "ships when none is. Not a diagnosis. Exit status 1 when a file could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--target", default="covid-19", help="code of the question to answer")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model = predictor(target=options["target"])
        except UNAVAILABLE as problem:
            raise CommandError(reason_of(problem)) from problem
        outcomes = [self._tell(model, path, options["json"]) for path in options["files"]]
        if not all(outcomes):
            raise SystemExit(1)

    def _tell(self, model: Predictor, path: Path, as_json: bool) -> bool:
        facts = prediction_of(model, path)
        self.stdout.write(json.dumps(facts, ensure_ascii=False) if as_json else sentence(facts))
        self.stdout.flush()
        return "error" not in facts


def prediction_of(model: Predictor, path: Path) -> dict[str, Any]:
    """`file probability label model_version`, or `file error code` for what cannot be read."""
    try:
        with path.open("rb") as stream:
            outcome = model.predict(decode(stream).pixels)
    except Unreadable as problem:
        return {"file": str(path), "error": str(problem.sentence), "code": problem.code}
    except OSError:
        return {"file": str(path), "error": _("The file cannot be read."), "code": "no-file"}
    return {
        "file": str(path),
        "probability": outcome.positive_probability,
        "label": outcome.label,
        "model_version": model.version,
    }


def sentence(facts: dict[str, Any]) -> str:
    if "error" in facts:
        return f"{facts['file']}: {facts['error']}"
    probability = f"{facts['probability']:.4f}"
    words = _("%(file)s: %(label)s (probability %(probability)s, model %(model_version)s)")
    return words % (facts | {"probability": probability})
