"""Run by test_copies_race.py in a process of its own: three workers compare the same films at once.

Prints {"sketches", "links", "groups"}: of four films three are copies.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from images.models import CopyLink, PictureSketch, Radiograph  # noqa: E402
from images.services.copies import join_rest  # noqa: E402
from tests import factories  # noqa: E402
from tests.images.copying import make_film  # noqa: E402

WORKERS = 3


def main() -> None:
    site = factories.SiteFactory()
    for number, crop in enumerate((0.0, 0.05, 0.03)):
        make_film(f"P-{number}", site=site, crop=crop)
    make_film("P-9", site=site, flipped=True)
    together = threading.Barrier(WORKERS)

    def work(_number: int) -> None:
        try:
            together.wait(timeout=60)
            join_rest()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    grouped = Radiograph.objects.filter(copy_group__isnull=False)
    result = {
        "sketches": PictureSketch.objects.count(),
        "links": CopyLink.objects.count(),
        "groups": len(set(grouped.values_list("copy_group", flat=True))),
    }
    connection.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
