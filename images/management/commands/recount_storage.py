"""Measure what was never measured and set the counters of used room to what the rows say."""

from typing import Any

from django.core.management.base import BaseCommand

from images.services.recount import measure_unmeasured, recount


class Command(BaseCommand):
    help = "Count again how much room each person and institution uses."

    def handle(self, *args: Any, **options: Any) -> None:
        measured, wrong = measure_unmeasured(), recount()
        self.stdout.write(f"{measured} radiographs measured, {wrong} counters corrected")
