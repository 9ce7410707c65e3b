"""`manage.py watch_folder DIR --site S --user EMAIL [--once] [--after keep|move|delete]`."""

import signal
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.roles import Capability
from images.errors import Refused, StorageFull
from images.management.senders import add_sender_arguments, sender_named, site_named
from images.models import PatientRule
from images.sources.delivery import Delivery
from images.sources.folder import SettledFiles
from images.sources.watching import WatchedFolder

ROUND_SECONDS = 2.0
FULL_SECONDS = 60.0


class Command(BaseCommand):
    """Exit status 0 when told to stop, or with --once when the last file has its verdict."""

    help = (
        "Take in the radiographs, DICOM files and ZIP archives that appear in a folder, for "
        "instance where a modality or a PACS exports to. Files go in once they stopped growing; "
        "each gets its verdict on the page of its batch."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        add_sender_arguments(parser)
        parser.add_argument("--once", action="store_true", help="end when all have their verdict")
        parser.add_argument(
            "--quiet-seconds", type=float, default=5.0, metavar="S",
            help="a file is whole when nothing about it changed for so long (5)",
        )  # fmt: skip
        parser.add_argument(
            "--after", choices=("keep", "move", "delete"), default="keep",
            help="what becomes of a file: left, moved to taken-in/ or refused/, or deleted",
        )  # fmt: skip
        parser.add_argument(
            "--patient", choices=PatientRule.values, default=PatientRule.EACH_ITS_OWN,
            help="whose a picture is where no DICOM header says so",
        )  # fmt: skip
        parser.add_argument("--patient-code", default="", help="for --patient one")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["folder"]).resolve()
        if not folder.is_dir():
            raise CommandError(_("%(path)s is not a folder.") % {"path": folder})
        watched = self._watched(folder, options)
        stop = _stopped_by_signals()
        self.stdout.write(f"watching {folder}")
        while not stop.wait(self._round(watched)):
            if options["once"] and watched.is_idle:
                break
        self.stdout.write(" ".join(f"{k}={n}" for k, n in sorted(watched.counts.items())))

    def _watched(self, folder: Path, options: dict[str, Any]) -> WatchedFolder:
        site = site_named(options["site"])
        sender = sender_named(options["user"], site, [Capability.ADD_RADIOGRAPHS])
        delivery = Delivery(
            source=str(folder), site=site, sender=sender,
            patient_rule=options["patient"], patient_code=options["patient_code"],
        )  # fmt: skip
        try:
            delivery.batch()
        except Refused as refusal:
            raise CommandError(str(refusal.sentence)) from None
        files = SettledFiles(folder, quiet=options["quiet_seconds"])
        return WatchedFolder(delivery, files, options["after"])

    def _round(self, watched: WatchedFolder) -> float:
        """Look once; returns the seconds to wait before the next look."""
        try:
            watched.look(time.monotonic())
        except StorageFull as problem:
            self.stderr.write(str(problem.sentence))
            return FULL_SECONDS
        return min(ROUND_SECONDS, watched.files.quiet)


def _stopped_by_signals() -> threading.Event:
    """Set by SIGTERM and SIGINT: the file at hand is finished first."""
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
    return stop
