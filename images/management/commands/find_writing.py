"""`manage.py find_writing [--site CODE]`: look for writing in what was stored before."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from images.management.senders import site_named
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet, TextState
from images.services import suspect_writing


class Command(BaseCommand):
    """Exit status 0. What a person has judged already is not looked at again."""

    help = (
        "Look for writing in the stored radiographs in which none was found yet, and keep those "
        "where there is some from researchers and exports until a person has looked at them. It "
        "can be stopped and run again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", metavar="CODE", default="", help="of one institution only")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Radiograph.objects.filter(text_state=TextState.CLEAR, is_synthetic=False)
        if options["site"]:
            rows = rows.filter(site=site_named(options["site"]))
        looked, suspected, unread = self._look(rows.order_by("pk"))
        self.stdout.write(f"looked={looked} suspected={suspected} unreadable={unread}")

    def _look(self, rows: RadiographQuerySet) -> tuple[int, int, int]:
        looked = suspected = unread = 0
        total = rows.count()
        for radiograph in tqdm(rows.iterator(chunk_size=100), total=total, unit="film"):
            looked += 1
            try:
                suspected += suspect_writing(radiograph=radiograph)
            except (OSError, ValueError):
                unread += 1
        return looked, suspected, unread
