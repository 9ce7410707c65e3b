"""`manage.py pull_dicomweb URL --site S --user EMAIL [--days N | --since DAY --until DAY]`."""

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from accounts.roles import Capability
from images.errors import Refused, StorageFull
from images.management.senders import add_sender_arguments, sender_named, site_named
from images.sources import dicomweb
from images.sources.delivery import Delivery
from images.sources.pulling import pull

TROUBLES: Final = {
    "unreachable": "the archive does not answer at this address",
    "odd-answer": "what answers at this address is no DICOMweb archive",
    "http-401": "the archive wants another user or password (DICOMWEB_USER, DICOMWEB_PASSWORD)",
    "http-403": "the archive does not let this user read",
    "http-404": "there is no DICOMweb at this address (Orthanc has it at /dicom-web)",
}
RADIOGRAPHY: Final = ("CR", "DX", "DR", "RG")


class Command(BaseCommand):
    """Exit status 0: all that was found is here or with the workers; 1: some was not given."""

    help = (
        "Bring in the radiographs of an archive (Orthanc, dcm4chee, ...) by DICOMweb. What is here "
        "already is not fetched again, so it can run every hour. User, password or token come from "
        "DICOMWEB_USER, DICOMWEB_PASSWORD and DICOMWEB_TOKEN (or files named by ..._FILE)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="root of DICOMweb, https://HOST/dicom-web for instance")
        add_sender_arguments(parser)
        parser.add_argument("--days", type=int, metavar="N", help="studies of the last N days")
        parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="2026-01-31")
        parser.add_argument("--until", type=date.fromisoformat, metavar="DAY")
        parser.add_argument("--limit", type=int, metavar="N", help="fetch at most N")
        parser.add_argument("--modality", nargs="+", default=RADIOGRAPHY, metavar="CODE")

    def handle(self, *args: Any, **options: Any) -> None:
        site = site_named(options["site"])
        sender = sender_named(options["user"], site, [Capability.ADD_RADIOGRAPHS])
        delivery = Delivery(source=options["url"], site=site, sender=sender)
        counts: Counter[str] = Counter()
        try:
            with tqdm(unit="film", disable=None) as bar:
                for outcome in self._pulled(delivery, options):
                    counts[outcome] += 1
                    bar.update()
        except dicomweb.ArchiveTrouble as trouble:
            reason = TROUBLES.get(trouble.reason, trouble.reason)
            raise CommandError(f"Nothing more could be fetched: {reason}.") from None
        except (Refused, StorageFull) as refusal:
            raise CommandError(str(refusal.sentence)) from None
        self.stdout.write(" ".join(f"{name}={counts[name]}" for name in sorted(counts)) or "none")
        if counts["failed"] or counts["refused"]:
            sys.exit(1)

    def _pulled(self, delivery: Delivery, options: dict[str, Any]) -> Iterator[str]:
        client = dicomweb.connect(
            options["url"], user=settings.DICOMWEB_USER, password=settings.DICOMWEB_PASSWORD,
            token=settings.DICOMWEB_TOKEN,
        )  # fmt: skip
        found = dicomweb.instances(
            client, modalities=options["modality"], since=_since(options), until=options["until"]
        )
        return pull(client=client, found=found, delivery=delivery, limit=options["limit"])


def _since(options: dict[str, Any]) -> date | None:
    if options["days"] is None:
        since: date | None = options["since"]
        return since
    return timezone.localdate() - timedelta(days=options["days"])
