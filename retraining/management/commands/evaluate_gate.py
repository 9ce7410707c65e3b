"""`manage.py evaluate_gate DIR --metadata CSV --not-frontal DIR`: what the gate does to the unmet.

The gate is fitted on frontal radiographs of train and validation patients and on nothing else, so
every picture here is one that it has not met.
"""

import json
import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from images.metadata import BadTable, Row, read_rows
from inference.ml.gate import Gate
from inference.offline import UNAVAILABLE, reason_of
from retraining.gate_pictures import (
    NoPhotographs,
    Seen,
    films,
    is_frontal,
    made,
    made_of,
    photographs,
    picture,
)
from retraining.labelled import Skipped, rows_of_split
from retraining.management.commands.train_gate import changed_copy
from retraining.ml.changed import close_up, inverted, side_by_side, turned
from retraining.ml.drawings import DOCUMENTS, PATTERNS, draw
from retraining.ml.split import TEST

SEED: Final = 20
EACH: Final = 10
# Films that are spoilt on purpose: each costs six pictures.
SPOILT: Final = 40

# A picture may count in several kinds: among all, and among those of its view.
Tried = Iterator[tuple[tuple[str, ...], Seen]]


class Command(BaseCommand):
    help = (
        "Try the gate on what it was not fitted on: frontal radiographs of held-out patients, the "
        "other pictures of a folder (a file's kind is its name up to the first _), photographs "
        "that packages ship, drawn documents, and radiographs spoilt on purpose. The last line "
        "is JSON: how many pass, with 95 % intervals. It needs scikit-image's pictures."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--metadata", type=Path, required=True, metavar="CSV")
        parser.add_argument("--not-frontal", type=Path, metavar="DIR")
        parser.add_argument("--gate", type=Path, metavar="DIR", help="else the one that ships")
        parser.add_argument("--list", action="store_true", help="one line for each picture")

    def handle(self, *args: Any, **options: Any) -> None:
        from retraining.ml.gate_training import share

        found: dict[str, list[bool]] = defaultdict(list)
        try:
            gate = Gate.load(options["gate"] or Path(settings.GATE_DIR))
            rows = _held_out(read_rows(options["metadata"]), gate)
            tried = _tried(rows, options["folder"], options["not_frontal"])
            for kinds, seen in tqdm(tried, unit="picture", disable=not sys.stderr.isatty()):
                verdict = gate.judge(seen.grey, seen.features)
                for kind in kinds:
                    found[kind].append(verdict.passes)
                if options["list"]:
                    self.stdout.write(json.dumps([kinds[-1], seen.name, *vars(verdict).values()]))
        except BadTable as problem:
            raise CommandError(problem.sentence) from problem
        except UNAVAILABLE as problem:
            raise CommandError(reason_of(problem)) from problem
        except NoPhotographs as problem:
            raise CommandError(str(problem)) from problem
        facts = {kind: share(passed) for kind, passed in found.items()}
        self.stdout.write(json.dumps({"gate": gate.manifest.version, "kinds": facts}))


def _held_out(rows: list[Row], gate: Gate) -> list[Row]:
    salt = gate.manifest.training.get("split_salt")
    if not isinstance(salt, str):
        raise CommandError(_("This gate does not say how its patients were divided."))
    return rows_of_split(rows, split=TEST, salt=salt)


def _tried(rows: list[Row], folder: Path, others: Path | None) -> Tried:
    read = [(row, film) for row, film in films(rows, folder) if not isinstance(film, Skipped)]
    frontal = [film for row, film in read if is_frontal(row)]
    for row, film in read:
        yield _kinds(row), film
    for film in frontal:
        yield ("frontal, changed copy",), changed_copy(film)
    for path in sorted(others.iterdir()) if others else []:
        yield from _other(path)
    yield from _made("photograph", photographs(SEED))
    yield from _made("document", draw(DOCUMENTS, EACH, SEED))
    yield from _made("pattern", draw(PATTERNS, EACH, SEED))
    yield from _spoilt(frontal[:: max(1, len(frontal) // SPOILT)])


def _kinds(row: Row) -> tuple[str, ...]:
    view = row.view or "view not named"
    if not is_frontal(row):
        return (f"other view, {view}",)
    return "frontal", f"frontal, {row.source}", f"frontal, {row.source}, {view}"


def _other(path: Path) -> Tried:
    seen = picture(path)
    if not isinstance(seen, Skipped):
        yield ("not frontal", f"not frontal, {path.name.split('_')[0]}"), seen


def _made(kind: str, pictures: Iterable[tuple[str, Any]]) -> Tried:
    for name, array in pictures:
        yield (kind,), made(name, array)


def _spoilt(chosen: list[Seen]) -> Tried:
    random = np.random.default_rng(SEED)
    for film, next_film in zip(chosen, chosen[1:] + chosen[:1], strict=True):
        for quarters in (1, 2, 3):
            kind = f"spoilt, turned by {90 * quarters} degrees"
            yield (kind,), made_of(film.name, turned(film.grey, quarters))
        yield ("spoilt, inverted",), made_of(film.name, inverted(film.grey))
        yield ("spoilt, two films",), made_of(film.name, side_by_side(film.grey, next_film.grey))
        yield ("spoilt, close-up",), made_of(film.name, close_up(film.grey, random))
