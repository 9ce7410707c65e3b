"""A disk that is full: a sentence and 507, nothing in half, and people still get in."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from images.models import IncomingFile, Radiograph
from tests import factories
from tests.images.conftest import files_below, upload_of
from tests.images.rounds import films, fresh, in_rounds, opened, send
from tests.sending import Sender

ROOT = Path(__file__).resolve().parents[2]
SENTENCE = "no room left for radiographs"

pytestmark = [pytest.mark.faults, pytest.mark.django_db]


@pytest.fixture
def small_disk(tmp_path):
    """`small_disk(megabytes) -> Path`: a file system of that size."""
    mounted = []

    def mount(megabytes: int) -> Path:
        disk = tmp_path / "disk"
        disk.mkdir()
        size = f"size={megabytes}m"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no right to mount a small disk here")
        mounted.append(disk)
        return disk

    yield mount
    for disk in mounted:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def full(small_disk, settings):
    """Radiographs and what arrives are on a disk that is full to the last byte."""
    disk = small_disk(2)
    keep_on(disk, settings)
    fill(disk)
    return disk


def keep_on(disk: Path, settings) -> None:
    settings.DISK_RESERVE_BYTES = 0
    settings.MEDIA_ROOT, settings.INTAKE_DIR = disk / "radiographs", disk / "intake"


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


def test_the_form_says_so(actor, full):
    answer = actor("doctor").post("/images/upload/", upload_of(), headers={"accept-language": "en"})
    assert answer.status_code == 507
    assert SENTENCE in answer.content.decode()


def test_the_api_says_so(actor, full):
    answer = actor("doctor").post("/api/v1/images/", upload_of())
    assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")


def test_a_part_of_a_batch_says_so_and_goes_on_later(actor, full):
    sender, content = Sender(actor("doctor")), factories.chest_png(5)
    key = sender.announced("a.png", content)
    refused = sender.put(key, content)
    assert (refused.status_code, refused.json()["code"]) == (507, "storage-full")
    (full / "filler").unlink()
    assert sender.put(key, content).status_code == 200


def test_a_round_of_waiting_films_leaves_nothing_and_goes_on_later(
    health_worker, small_disk, settings
):
    disk = small_disk(2)
    keep_on(disk, settings)
    rows = send(opened(health_worker), *films(1, 2, 3))
    fill(disk)
    in_rounds()
    assert {(row.status, row.error_code) for row in fresh(rows)} == {("queued", "storage-full")}
    assert not Radiograph.objects.exists()
    assert files_below(settings.MEDIA_ROOT) == []
    (disk / "filler").unlink()
    IncomingFile.objects.update(lease_until=None)
    in_rounds()
    assert {row.outcome for row in fresh(rows)} == {"created"}


def test_nothing_is_left_in_half(actor, full):
    for address in ("/images/upload/", "/api/v1/images/"):
        actor("doctor").post(address, upload_of())
    assert not Radiograph.objects.exists()
    assert files_below(full) == ["filler"]


def test_freed_room_is_used_again(actor, full):
    client = actor("doctor")
    assert client.post("/api/v1/images/", upload_of()).status_code == 507
    (full / "filler").unlink()
    assert client.post("/api/v1/images/", upload_of()).status_code == 201


@pytest.mark.slow
def test_with_the_database_on_the_same_disk_people_still_get_in(small_disk):
    disk = small_disk(64)
    own = {"DATA_DIR": str(disk / "data"), "DISK_RESERVE_MB": "16"}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.full_disk"], cwd=ROOT, capture_output=True,
        text=True, timeout=240, env=os.environ | own,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["refused"] == {"form": 507, "api": 507, "batch": 507}
    assert told["after"] == told["before"]
    assert told["signs_in"] == 302
    assert told["reads"] == [200, 200, 200]
    assert told["deletes"]
    assert told["taken"] == {"form": 302, "api": 201, "batch": 200}
    assert told["arrived"] == 1
