"""kill -9 while a bundle is taken: the sender repeats it, and every file is stored once."""

import json

import pytest

from tests.installation import Installation

FILES = 6

PREPARE = """
import uuid
from images.services.batches import Announced, announce, open_batch
from tests.factories import UserFactory, chest_png
from tests.sending import offered

person = UserFactory(verified=False)
batch, _ = open_batch(owner=person, site=person.site, client_key=uuid.uuid4())
announce(batch=batch, files=[Announced(**offered("0.png", chest_png(0)))])
"""
SEND = f"""
import os, signal
from images import spool
from images.models import UploadBatch
from images.services import bundling
from tests.factories import chest_png

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(count, function):
    left = iter(range(count))
    return lambda *args: die() if next(left, None) is None else function(*args)

{{when}}
batch = UploadBatch.objects.get()
files = [
    bundling.Whole(f"{{{{n}}}}.png", memoryview(chest_png(n))) for n in range({FILES})
]
bundling.take_bundle(batch=batch, files=files)
"""
MOMENTS = {
    "while the bytes are written": "spool._write_new = after(3, spool._write_new)",
    "while they are forced to the disk": "spool.os.fsync = after(4, os.fsync)",
    "before the rows are written": "bundling.spool.settle_folder = die",
    "before the commit": "bundling._open = die",
    "before the doorbell": "bundling.ring_workers = die",
    "before what is left over is removed": "bundling.spool.drop_all = die",
}
TELL = """
import json
from datetime import timedelta
from django.conf import settings
from images.models import IncomingFile, Radiograph
from images.services import leftovers
from tests.sending import work

work()
leftovers.SETTLED = timedelta()
leftovers.drop_leftovers()
print(json.dumps({
    "outcomes": sorted(IncomingFile.objects.values_list("outcome", flat=True)),
    "stored": Radiograph.objects.count(),
    "left": len(list(settings.INTAKE_DIR.rglob("*.part"))),
}))
"""

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_is_half_taken_and_the_repeat_brings_the_rest(moment, data_folder):
    installation = Installation(data_folder, "", data_folder / "none")
    installation.run_code(PREPARE)
    with pytest.raises(AssertionError):
        installation.run_code(SEND.format(when=MOMENTS[moment]))
    after_the_kill = told_by(installation)
    installation.run_code(SEND.format(when=""))

    # The first file was announced beforehand: its row waits for its bytes, or has them already.
    assert after_the_kill in (
        {"outcomes": [""], "stored": 0, "left": 0},
        {"outcomes": [""], "stored": 0, "left": 1},
        {"outcomes": ["created"] * FILES, "stored": FILES, "left": 0},
    )
    assert told_by(installation) == {
        "outcomes": ["created"] * FILES, "stored": FILES, "left": 0,
    }  # fmt: skip


def told_by(installation: Installation) -> dict:
    """What workers and the hourly task make of what is there."""
    return json.loads(installation.run_code(TELL).splitlines()[-1])
