"""`manage.py up`: from an empty folder to a running platform, until Ctrl-C."""

import argparse
import logging
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from config.start import banner, place
from config.start.processes import Supervisor
from config.start.services import services, web_answers
from config.start.steps import prepare
from config.start.trouble import StartFailed

if TYPE_CHECKING:
    from config.demo import DemoAccount


class Command(BaseCommand):
    help = "Prepare what is missing, then run web, worker, beat and the private broker."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="add demo accounts and radiographs")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL_MODE:
            raise StartFailed("`up` is local mode's: in production use docker-compose.yml.")
        place.ensure_folder(settings.DATA_DIR)
        with place.only_start_of(settings.DATA_DIR):
            self.serve(with_demo=options["demo"])

    def serve(self, *, with_demo: bool) -> None:
        place.ensure_port_free(settings.HOST, settings.PORT)
        prepared = prepare(self.say)
        shown = self.demo() if with_demo else ()
        connections.close_all()  # the children open their own; this process only watches
        self.say("Starting the web server, the worker and the clock")
        ready = banner.text(prepared, shown)
        Supervisor(services(), self.say).run(web_answers, lambda: self.say(ready))
        self.say("Stopped.")

    def demo(self) -> tuple["DemoAccount", ...]:
        from config.demo import ACCOUNTS, seed  # pixels and drawing: not for every start

        # No broker runs yet, so no doorbell rings: the worker looks for waiting rows as it starts.
        logging.getLogger("core.tasks").setLevel(logging.ERROR)
        seed(self.say)
        return ACCOUNTS

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
