"""`manage.py predict FILE...`: what the platform would say, without storing anything."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from images.decoding import Unreadable, decode
from inference.ml.preprocess import SIDE
from inference.offline import UNAVAILABLE, ImageRefused, Predictor, predictor, reason_of
from inference.reasons import NOT_FRONTAL, sentence_of

# Twice the network's side, so that the last step down is filtered as it is for the platform.
SCALED_SIDE = 2 * SIDE


class Command(BaseCommand):
    help = (
        "Predict radiographs (PNG, JPEG, DICOM) with the model in service, or with the one that "
        "ships when none is. Not a diagnosis. Exit status 1 when a file could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument(
            "--any-image",
            action="store_true",
            help="answer for any image, not only radiographs",
        )
        parser.add_argument(
            "--scaled-decoding",
            action="store_true",
            help="decode large JPEG files at a reduced size: quicker, not what the platform does",
        )
        parser.add_argument("--target", default="covid-19", help="code of the question to answer")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model = predictor(target=options["target"])
        except UNAVAILABLE as problem:
            raise CommandError(reason_of(problem)) from problem
        look = {"check_image": not options["any_image"], "is_scaled": options["scaled_decoding"]}
        outcomes = [self._tell(model, path, options["json"], look) for path in options["files"]]
        if not all(outcomes):
            raise SystemExit(1)

    def _tell(self, model: Predictor, path: Path, as_json: bool, look: dict[str, bool]) -> bool:
        facts = prediction_of(model, path, **look)
        self.stdout.write(json.dumps(facts, ensure_ascii=False) if as_json else sentence(facts))
        self.stdout.flush()
        return "error" not in facts


def prediction_of(
    model: Predictor, path: Path, *, check_image: bool = True, is_scaled: bool = False
) -> dict[str, Any]:
    """`file probability label model_version`, or `file error code` for what has no prediction."""
    try:
        with path.open("rb") as stream:
            pixels = decode(stream, smallest_side=SCALED_SIDE if is_scaled else None).pixels
        outcome = model.predict(pixels, check_image=check_image)
    except ImageRefused as problem:
        refused = {"similarity": problem.verdict.similarity, "score": problem.verdict.score}
        error = {"error": str(sentence_of(NOT_FRONTAL)), "code": NOT_FRONTAL}
        return {"file": str(path), **error, "gate": refused}
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
