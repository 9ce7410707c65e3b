"""`manage.py prepare`: what `up` does before it starts processes; the release step of a server."""

from typing import Any

from django.core.management.base import BaseCommand

from config.start.steps import prepare


class Command(BaseCommand):
    help = (
        "Bring database, translations, static files, weights, model and administrator up to date."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        prepared = prepare(self.stdout.write)
        self.stdout.write(f"Prepared. Administrator: {prepared.administrator}")
