"""Run by test_bundle_race.py in a process of its own: eight times the same bundle at once.

Half of the files were announced before. Prints {"rows", "open": rows that wait for a worker,
"files": how many lie in the spool, "whole": how many of those are the bytes of their row,
"answers": different lists of ids}.
"""

import hashlib
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from images import spool  # noqa: E402
from images.models import IncomingFile, UploadBatch  # noqa: E402
from images.services.batches import (  # noqa: E402
    Announced,
    Whole,
    announce,
    open_batch,
    take_bundle,
)
from images.states import FILTERS  # noqa: E402
from tests import factories  # noqa: E402
from tests.sending import offered  # noqa: E402

SENDERS = 8
FILES = 10


def main() -> None:
    person = factories.UserFactory(verified=False)
    batch, _ = open_batch(owner=person, site=person.site, client_key=uuid.uuid4())
    films = {f"{seed}.png": factories.chest_png(seed) for seed in range(FILES)}
    half = list(films.items())[: FILES // 2]
    announce(batch=batch, files=[Announced(**offered(*each)) for each in half])
    start = threading.Barrier(SENDERS)

    def send(_number: int) -> tuple:
        try:
            own = UploadBatch.objects.select_related("site", "owner").get(pk=batch.pk)
            start.wait(timeout=60)
            files = [Whole(name, memoryview(content)) for name, content in films.items()]
            return tuple(row.pk for row in take_bundle(batch=own, files=files))
        finally:
            connection.close()

    with ThreadPoolExecutor(SENDERS) as pool:
        answers = set(pool.map(send, range(SENDERS)))
    print(json.dumps(told(batch) | {"answers": len(answers)}))


def told(batch: UploadBatch) -> dict[str, int]:
    rows = IncomingFile.objects.filter(batch=batch)
    here = {path.stem: path.read_bytes() for path in spool.folder_of(batch.pk).glob("*")}
    found = [hashlib.sha256(here.get(row.pk.hex, b"")).hexdigest() == row.sha256 for row in rows]
    return {
        "rows": len(rows),
        "open": rows.filter(FILTERS["waiting"]).count(),
        "files": len(here),
        "whole": sum(found),
    }


if __name__ == "__main__":
    main()
