"""`manage.py compile_locale`: what `compilemessages` does, without GNU gettext."""

from typing import Any

from django.core.management.base import BaseCommand

from config.start.translations import compile_locale


class Command(BaseCommand):
    help = "Compile the translations whose source is newer (needs no gettext)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{compile_locale()} compiled")
