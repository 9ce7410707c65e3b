"""Remove files without a row and name files that are damaged or missing, all at once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from images.services.sweep import Swept, look, sweep_all


class Command(BaseCommand):
    help = "Look for files without a row, and for files that are damaged or missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing")
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        swept = look() if options["dry_run"] else sweep_all()
        self.stdout.write(_as_json(swept) if options["json"] else _as_text(swept))


def _as_json(swept: Swept) -> str:
    return json.dumps(
        {
            "looked_at": swept.looked_at,
            "orphans": [{"place": each.place, "name": each.name} for each in swept.orphans],
            "findings": [
                {"radiograph": str(each.radiograph_id), "problem": str(each.problem)}
                for each in swept.findings
            ],
        }
    )


def _as_text(swept: Swept) -> str:
    lines = [f"{each.place}/{each.name}: without a row" for each in swept.orphans]
    lines += [f"{each.radiograph_id}: {each.problem}" for each in swept.findings]
    return "\n".join([*lines, f"{swept.looked_at} radiographs looked at, {len(lines)} problems"])
