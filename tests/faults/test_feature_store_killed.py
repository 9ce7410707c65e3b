"""kill -9 of processes that keep features: what is indexed is whole, and nothing torn is left."""

import json
import sys

import pytest

from tests.installation import Installation, kill_group
from tests.servers import wait_until

ATTEMPTS = 3
MORE = 6  # batches that each process keeps before it is killed
BATCH = 4

# Vectors of VGG16's length, so that a kill falls into a write and not always between two.
KEEP = f"""
import itertools
from inference import features
from tests.inference.vectors import key, vector
for top in itertools.count({{start}}, {BATCH}):
    features.keep_many({{{{key(n): vector(n, 25088) for n in range(top, top + {BATCH})}}}})
    print("kept", flush=True)
"""

# In the one batch of a process, at a moment that a signal from outside would hardly ever meet.
DIE = f"""
import os, signal
from inference import features
from inference.features import index
from tests.inference.vectors import key, vector
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def tear(file, content, offset, real=os.pwrite):
    real(file, content[: len(content) // 2 + 7], offset)
    die()
def insert(rows, real=index.insert):
    real(rows)
    die()
{{patch}}
features.keep_many({{{{key(n): vector(n, 25088) for n in range({BATCH})}}}})
"""
MOMENTS = {
    "in the middle of the write": ("os.pwrite = tear", 0),
    "before the sync": ("os.fsync = die", 0),
    "before the rows": ("index.insert = die", 0),
    "after the rows": ("index.insert = insert", BATCH),
}

# A process that begins afterwards keeps one vector more; records are counted that are not wiped.
LOOK = """
import json
import numpy as np
from inference import features
from inference.features import FeatureKey
from inference.models import FeatureVector
from tests.inference.vectors import key, pixels, shard_files, vector
features.keep_many({key(999_999): vector(999_999, 25088)})
numbers = {pixels(n): n for n in [*range(60_000), 999_999]}
keys = [FeatureKey(r.pixel_sha256, r.extractor, r.preprocessing) for r in FeatureVector.objects.all()]
found = features.read_many(keys)
whole = [np.array_equal(v, vector(numbers[k.pixel_sha256], 25088)) for k, v in found.items()]
files = [np.fromfile(path, "<f2") for path in shard_files()]
torn = [file.size % 25088 > 0 for file in files]
rows = [file[: file.size - file.size % 25088].reshape(-1, 25088) for file in files]
records = [int(each.any(axis=1).sum()) for each in rows]
told = {"indexed": len(keys), "whole": sum(whole), "records": records, "torn": sum(torn)}
print(json.dumps(told))
"""  # noqa: E501

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(900)]


def installed(folder, database_url: str = "") -> Installation:
    return Installation(folder, "locmem://", folder, database_url)


def shell(code: str) -> tuple[str, ...]:
    return (sys.executable, "manage.py", "shell", "-v", "0", "-c", code)


def wait_for_more(installation: Installation, *logs: str) -> None:
    def batches(log: str) -> int:
        return (installation.data / log).read_text().count("kept")

    before = {log: batches(log) for log in logs}
    wait_until(
        lambda: all(batches(log) >= before[log] + MORE for log in logs), 120, "enough batches"
    )


def kill_two_writers(installation: Installation, start: int) -> None:
    first, second = (shell(KEEP.format(start=start + n)) for n in (0, 10_000))
    with (
        installation.process(first, "first.log") as one,
        installation.process(second, "second.log") as other,
    ):
        wait_for_more(installation, "first.log", "second.log")
        kill_group(one)
        wait_for_more(installation, "second.log")
        kill_group(other)


def check(installation: Installation) -> None:
    for attempt in range(ATTEMPTS):
        kill_two_writers(installation, 20_000 * attempt)
    seen = json.loads(installation.run_code(LOOK))
    assert seen["indexed"] >= ATTEMPTS * 3 * MORE * BATCH
    assert seen["whole"] == seen["indexed"]
    # Seven processes, two at a time; the last one mended the file that it went on with.
    assert len(seen["records"]) == 2
    assert seen["torn"] <= 1


def test_two_writers_on_sqlite(data_folder):
    check(installed(data_folder))


@pytest.mark.postgres
def test_two_writers_on_postgresql(tmp_path, postgres_database):
    check(installed(tmp_path, postgres_database))


@pytest.mark.parametrize(("patch", "kept"), MOMENTS.values(), ids=MOMENTS.keys())
def test_a_writer_that_dies(data_folder, patch, kept):
    installation = installed(data_folder)
    with installation.process(shell(DIE.format(patch=patch)), "writer.log") as writer:
        assert writer.wait(120) == -9
    seen = json.loads(installation.run_code(LOOK))
    assert seen == {"indexed": kept + 1, "whole": kept + 1, "records": [kept + 1], "torn": 0}
