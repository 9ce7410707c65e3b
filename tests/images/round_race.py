"""Run by test_round_race.py in a process of its own: four workers take in the same lines at once,
four people having sent the same films of the same patients, each in an order of their own.

Prints {"created", "duplicates", "other": rows with that outcome, "radiographs", "patients",
"files", "parts": what is left in the spool, "counted", "summed": bytes}.
"""

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.utils import timezone  # noqa: E402

from images.models import IncomingFile, Patient, Radiograph, StorageUse  # noqa: E402
from images.services import intake  # noqa: E402
from tests import factories  # noqa: E402
from tests.images.rounds import Sent, opened, send  # noqa: E402

WORKERS, PEOPLE, FILMS, PATIENTS = 4, 4, 24, 6


def main() -> None:
    site = factories.SiteFactory()
    for number in range(PEOPLE):
        sent = [_film(seed) for seed in range(FILMS)]
        random.Random(number).shuffle(sent)
        send(opened(factories.UserFactory(site=site)), *sent)
    together = threading.Barrier(WORKERS)

    def work(_number):
        together.wait(timeout=60)
        try:
            while IncomingFile.objects.filter(status__in=("queued", "running")).exists():
                # What met a trouble that passes rests for a moment: not here.
                resting = IncomingFile.objects.filter(status="queued", lease_until__isnull=False)
                resting.update(lease_until=timezone.now())
                intake.take_in_round(is_over=lambda: False)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    print(json.dumps(_told()))
    connection.close()


def _film(seed: int) -> Sent:
    return Sent(factories.chest_png(seed), folder=f"P-{seed % PATIENTS}")


def _told() -> dict[str, int]:
    rows = IncomingFile.objects.all()
    return {
        "created": rows.filter(outcome="created").count(),
        "duplicates": rows.filter(outcome="duplicate").count(),
        "other": rows.exclude(outcome__in=("created", "duplicate")).count(),
        "radiographs": Radiograph.objects.count(),
        "patients": Patient.objects.count(),
        "files": sum(path.is_file() for path in settings.MEDIA_ROOT.rglob("*")),
        "parts": sum(path.is_file() for path in settings.INTAKE_DIR.rglob("*")),
        "counted": StorageUse.objects.aggregate(size=Sum("stored_bytes"))["size"],
        "summed": Radiograph.objects.aggregate(size=Sum("stored_bytes"))["size"],
    }


if __name__ == "__main__":
    main()
