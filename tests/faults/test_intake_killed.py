"""kill -9 of the worker, child and whole group, in a batch: each file one outcome, stored once."""

import os
import signal
from pathlib import Path

import pytest

from tests.installation import BEAT, CELERY, Installation, kill_group
from tests.servers import wait_until

FILMS = 60
IN_ARCHIVE = 40
BAD = 10
ALL = FILMS + IN_ARCHIVE + BAD + 1
INTAKE = (*CELERY, "worker", "-Q", "default", "--concurrency", "1")

PREPARE = f"""
import io
import uuid
from images.services.batches import open_batch
from images.services.intake import add_local_file
from tests.factories import UserFactory, chest_png
from tests.images.zips import archive

person = UserFactory(verified=False)
batch, _ = open_batch(owner=person, site=person.site, client_key=uuid.uuid4())

def add(name, content):
    add_local_file(batch=batch, name=name, stream=io.BytesIO(content))

for seed in range({FILMS}):
    add(f"{{seed}}.png", chest_png(seed, (700, 600)))
for number in range({BAD}):
    add(f"{{number}}.txt", b"no film %d" % number)
members = [(f"in/{{seed}}.png", chest_png(seed, (700, 600))) for seed in range(1000, {1000 + IN_ARCHIVE})]
add("films.zip", archive(*members))
"""  # noqa: E501

CLOSED = "SELECT count(*) FROM images_incomingfile WHERE status IN ('done', 'failed')"
RUNNING = "SELECT count(*) FROM images_incomingfile WHERE status = 'running'"
VERDICTS = "SELECT outcome, error_code, count(*) FROM images_incomingfile GROUP BY 1, 2"
STORED = (
    "SELECT count(*), count(DISTINCT source_sha256), count(DISTINCT file) FROM images_radiograph"
)
MADE_BY_ONE = (
    "SELECT count(DISTINCT radiograph_id) FROM images_incomingfile WHERE outcome = 'created'"
)
TRIES = "SELECT max(attempts) FROM images_incomingfile"

# A kill between the commit and the removal leaves bytes, which the hourly task finds an hour later.
TIDY = """
from datetime import timedelta
from images.services import leftovers
leftovers.SETTLED = timedelta()
leftovers.drop_leftovers()
"""

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.redis, pytest.mark.timeout(900)]


def children_of(process) -> list[int]:
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def kill_child(process) -> None:
    """The process that decodes; its parent starts another."""
    for pid in children_of(process):
        os.kill(pid, signal.SIGKILL)


def one(installation: Installation, statement: str) -> int:
    return installation.rows(statement)[0][0]


def killed_and_restarted(installation: Installation) -> None:
    for kill in (kill_child, kill_group, kill_child, kill_group):
        before = one(installation, CLOSED)
        with installation.process(INTAKE, "intake.log") as worker:
            wait_until(
                lambda before=before: one(installation, CLOSED) > before, 120, "one more file"
            )
            wait_until(lambda: one(installation, RUNNING) > 0, 60, "a file in progress")
            kill(worker)
    assert one(installation, CLOSED) < ALL, "all was done before the kill: nothing was tested"
    with installation.process(INTAKE, "intake.log"):
        wait_until(lambda: one(installation, CLOSED) == ALL, 240, "the end of all files")


def check(installation: Installation) -> None:
    installation.run_code(PREPARE)
    with installation.process(BEAT, "beat.log"):
        killed_and_restarted(installation)
    films = FILMS + IN_ARCHIVE
    assert sorted(installation.rows(VERDICTS)) == [
        ("", "not-an-image", BAD), ("created", "", films), ("expanded", "", 1),
    ]  # fmt: skip
    assert installation.rows(STORED) == [(films, films, films)]
    assert one(installation, MADE_BY_ONE) == films
    assert one(installation, TRIES) >= 2  # some were begun by a killed worker
    installation.run_code(TIDY)
    assert not list((installation.data / "intake").rglob("*.part"))


def test_on_sqlite_and_a_private_broker(data_folder, private_redis):
    check(Installation(data_folder, private_redis, weights=data_folder / "none"))


@pytest.mark.postgres
def test_on_postgresql_and_redis(tmp_path, redis_server, postgres_database):
    check(Installation(tmp_path, redis_server, tmp_path / "none", postgres_database))
