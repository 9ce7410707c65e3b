"""`manage.py join_copies`: compare all radiographs that were not compared yet."""

from typing import Any

from django.core.management.base import BaseCommand

from images.services import copies


class Command(BaseCommand):
    help = (
        "Find copies (re-saves, other sizes, crops) among radiographs that were not compared yet. "
        "May be stopped and started again at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        compared = found = 0
        while waiting := list(copies.waiting()[: copies.AT_ONCE]):
            found += copies.join_some(waiting)
            compared += len(waiting)
            self.stdout.write(f"compared {compared}, copies found {found}")
