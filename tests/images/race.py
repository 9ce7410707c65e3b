"""Run by test_race.py in a process of its own: eight people upload the same radiograph at once.

Prints {"created": how often a row was new, "rows", "files", "keys": how many rows were answered}.
"""

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from images.models import Radiograph  # noqa: E402
from images.services import patient_of, store, store_radiograph  # noqa: E402
from tests import factories  # noqa: E402

PEOPLE = 8


def main() -> None:
    site = factories.SiteFactory()
    people = [factories.UserFactory(site=site) for _ in range(PEOPLE)]
    all_have_looked = threading.Barrier(PEOPLE)
    look, mine = store.same_pixels, threading.local()

    def look_then_wait(*args):
        found = look(*args)
        if not hasattr(mine, "waited"):
            mine.waited = True
            all_have_looked.wait(timeout=60)
        return found

    store.same_pixels = look_then_wait

    def upload(person):
        try:
            return store_radiograph(
                stream=io.BytesIO(factories.chest_png(1)),
                patient=patient_of(site=site, code="P-1"),
                uploader=person,
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        stored = list(pool.map(upload, people))
    files = [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    result = {
        "created": sum(each.created for each in stored),
        "keys": len({each.radiograph.pk for each in stored}),
        "rows": Radiograph.objects.count(),
        "files": len(files),
    }
    connection.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
