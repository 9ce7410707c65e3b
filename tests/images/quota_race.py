"""Run by test_quota_race.py in a process of its own: two people upload and delete, in 8 threads.

Prints {"counted", "summed": bytes, "radiographs", "rows": how many}.
"""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402

from images.models import Radiograph, StorageUse  # noqa: E402
from images.services import patient_of, store_radiograph  # noqa: E402
from images.services.upkeep import delete_for_good, trash  # noqa: E402
from tests import factories  # noqa: E402

THREADS, FILMS = 8, 48


def main() -> None:
    site = factories.SiteFactory()
    people = [factories.UserFactory(site=site) for _ in range(2)]

    def come_and_go(seed):
        person = people[seed % 2]
        try:
            radiograph = store_radiograph(
                stream=io.BytesIO(factories.chest_png(seed)), uploader=person,
                patient=patient_of(site=site, code=f"P-{seed}"),
            ).radiograph  # fmt: skip
            if seed % 3 == 0:
                trash(radiograph=radiograph, by=person)
                delete_for_good(radiograph=radiograph)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(come_and_go, range(FILMS)))
    used = StorageUse.objects.aggregate(size=Sum("stored_bytes"), count=Sum("radiographs"))
    result = {
        "counted": used["size"],
        "summed": Radiograph.objects.aggregate(size=Sum("stored_bytes"))["size"],
        "radiographs": used["count"],
        "rows": Radiograph.objects.count(),
    }
    connection.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
