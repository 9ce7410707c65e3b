"""kill -9 while writing is covered: the row names whole files, the old or the new ones."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]

PREPARE = """
from tests.factories import make_radiograph
make_radiograph(seed=1)
"""
COVER = """
import os, signal
from images.models import Radiograph
from images.services import cover, redaction
from images.signals import pixels_replaced

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

{when}
row = Radiograph.objects.get()
cover(radiograph=row, boxes=[[5, 5, 20, 20]], by=row.uploader)
"""
BEFORE_THE_COMMIT = "pixels_replaced.connect(die)"
AFTER_THE_COMMIT = "redaction.remove_files = die"
TELL = """
import json
from images.models import Radiograph, Redaction
from images.stored import pixels_of
row = Radiograph.objects.get()
print(json.dumps({
    "whole": pixels_of(row).sha256 == row.pixel_sha256,
    "state": row.text_state,
    "covered": Redaction.objects.count(),
    "thumbnail": bool(row.thumbnail.open().read()),
}))
"""


@pytest.fixture
def shell(data_folder):
    """`shell(code) -> (exit status, what it printed)`, in an installation of its own."""
    own = {"DATA_DIR", "BROKER_URL", "CACHE_URL", "DATABASE_URL", "REDIS_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in own}

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR,
            env=kept | {"DATA_DIR": str(data_folder)},
            capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        return done.returncode, done.stdout

    return lambda code: run("shell", "-v", "0", "-c", code)


@pytest.mark.parametrize(
    ("when", "state", "covered"),
    [(BEFORE_THE_COMMIT, "clear", 0), (AFTER_THE_COMMIT, "redacted", 1)],
)
def test_the_row_names_whole_files(shell, data_folder, when, state, covered):
    assert shell(PREPARE)[0] == 0
    assert shell(COVER.format(when=when))[0] == -9
    told = json.loads(shell(TELL)[1].splitlines()[-1])
    assert told == {"whole": True, "state": state, "covered": covered, "thumbnail": True}
    # What no row names waits for the sweeper: two files, of the old picture or of the new one.
    files = [path for path in (data_folder / "radiographs").rglob("*") if path.is_file()]
    assert len(files) == 4
