"""`manage.py import_images DIR --metadata CSV --site S --user EMAIL [--json]`."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from accounts.roles import Capability
from images.errors import StorageFull
from images.management.senders import add_sender_arguments, sender_named, site_named
from images.metadata import BadTable, read_rows
from images.services import Outcome, import_row

NEEDED = (Capability.ADD_RADIOGRAPHS, Capability.RECORD_TRUTH)


class Command(BaseCommand):
    """Exit status 0: every row is stored, now or earlier; 1: some were refused, or all."""

    help = (
        "Import a folder of radiographs with its metadata.csv (filename, label, rt_pcr, "
        "patient_id, view, source; further columns are kept as they are, so they must not hold "
        "names). Running it again imports only what is not there yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="also looks in DIR/images")
        parser.add_argument("--metadata", type=Path, required=True, metavar="CSV")
        add_sender_arguments(parser)
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["folder"])
        if not folder.is_dir():
            raise CommandError(_("%(path)s is not a folder.") % {"path": folder})
        site = site_named(options["site"])
        uploader = sender_named(options["user"], site, NEEDED)
        try:
            rows = read_rows(Path(options["metadata"]))
        except BadTable as problem:
            raise CommandError(problem.sentence) from None
        say = self._say_json if options["json"] else self._say
        counts: Counter[str] = Counter()
        for row in tqdm(rows, unit="film", disable=options["json"] or None):
            try:
                outcome = import_row(row=row, folder=folder, site=site, uploader=uploader)
            except StorageFull as problem:
                raise CommandError(str(problem.sentence)) from None
            counts[outcome.outcome] += 1
            say(outcome)
        self._sum_up(counts, as_json=options["json"])

    def _say(self, outcome: Outcome) -> None:
        words = [outcome.outcome, outcome.file, outcome.reason or outcome.id]
        tqdm.write("\t".join(words), file=_Lines(self.stdout.write))

    def _say_json(self, outcome: Outcome) -> None:
        filled = {name: value for name, value in asdict(outcome).items() if value}
        self.stdout.write(json.dumps(filled, ensure_ascii=False))

    def _sum_up(self, counts: Counter[str], *, as_json: bool) -> None:
        names = ("created", "duplicate", "error")
        summary = {"total": counts.total()} | {name: counts[name] for name in names}
        if as_json:
            self.stdout.write(json.dumps(summary))
        else:
            self.stdout.write(" ".join(f"{name}={number}" for name, number in summary.items()))
        if counts["error"]:
            sys.exit(1)


class _Lines:
    """What tqdm takes for a file: whole lines go to `write`, which ends them itself."""

    def __init__(self, write: Callable[[str], Any]) -> None:
        self._write = write

    def write(self, text: str) -> None:
        if text.strip():
            self._write(text.rstrip("\n"))

    def flush(self) -> None:
        return None
