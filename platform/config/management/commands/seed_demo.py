"""`manage.py seed_demo`: demo accounts, news and radiographs, in local mode only."""

from typing import Any

from django.core.management.base import BaseCommand

from config.demo import ACCOUNTS, seed


class Command(BaseCommand):
    help = "Add demo accounts, news and radiographs (local mode only); again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        stored = seed(self.stdout.write)
        for account in ACCOUNTS:
            self.stdout.write(f"{account.role}: {account.email}  {account.password}")
        self.stdout.write(f"{stored} radiographs stored")
