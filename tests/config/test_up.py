"""`manage.py up`: the whole start, for real. Needs the VGG16 weights of ../shared."""

import hashlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from tests.config.up import MANAGE, Up, belongs_to, command_of, environment
from tests.servers import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.data, pytest.mark.xdist_group("up")]

SHARED = Path(os.environ.get("COVIDXR_SHARED", Path(settings.BASE_DIR).parent / "shared"))
WEIGHTS = SHARED / "weights" / "vgg16_features_imagenet.safetensors"
SECONDS = 40
WORKERS = ("worker", "intake", "trainer")
# What a start may touch: sockets, locks and logs, and SQLite's files beside the database.
COMES_AND_GOES = re.compile(r"^run/|-wal$|-shm$")


@pytest.fixture(scope="module")
def surroundings():
    if not WEIGHTS.exists():
        pytest.skip("the VGG16 weights of ../shared are not here")
    return environment(VGG16_WEIGHTS=str(WEIGHTS))


@pytest.fixture(scope="module")
def first(surroundings, tmp_path_factory):
    """A first start in a new folder, stopped by Ctrl-C."""
    with Up(tmp_path_factory.mktemp("up") / "data", surroundings) as up:
        up.health = urllib.request.urlopen(f"{up.url}/healthz").status
        up.home = urllib.request.urlopen(up.url).read().decode()
        up.running = {command_of(pid) for pid in belongs_to(up.data)}
        up.code = up.stop()
        up.left = belongs_to(up.data)
    return up


@pytest.fixture(scope="module")
def running(first, surroundings):
    """A start that goes on until the last of these tests kills it."""
    with Up(first.data, surroundings) as up:
        yield up


def files_of(folder):
    """Hash of each file, but for the database: its bytes move, its rows must not."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if not COMES_AND_GOES.search(name := str(path.relative_to(folder)))
        and not name.endswith(".sqlite3")
    }


def rows_of(database):
    connection = sqlite3.connect(database)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def refused(data, surroundings, **values):
    done = subprocess.run(
        [sys.executable, str(MANAGE), "up"],
        env=surroundings | {"DATA_DIR": str(data)} | values, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_it_serves(first):
    assert (first.health, first.code) == (200, 0)
    assert "COVID-XR" in first.home


@pytest.mark.parametrize("words", ["gunicorn", "celery .* worker", "celery .* beat", "broker.sock"])
def test_every_part_runs(first, words):
    assert any(re.search(words, command) for command in first.running)


def test_the_banner_says_what_a_person_needs(first):
    assert f"Address        http://127.0.0.1:{first.port}/" in first.text
    assert "Administrator  admin@covid-xr.local" in first.text
    assert len(first.password) >= 12
    assert f"http://127.0.0.1:{first.port}/local-mail/" in first.text
    assert str(first.data / "mail") in first.text


def test_each_long_step_tells_of_itself(first):
    for words in ("Database: applying", "Static files:", "VGG16 weights:", "Model:"):
        assert words in first.text


def test_ctrl_c_leaves_nothing_running(first):
    assert first.left == []
    assert first.lines[-1] == "Stopped."


def test_data_is_for_its_owner_alone(first):
    assert first.data.stat().st_mode & 0o077 == 0
    assert (first.data / "run").stat().st_mode & 0o077 == 0
    assert (first.data / "covidxr.sqlite3").stat().st_mode & 0o077 == 0


def test_a_second_start_is_quick_and_changes_nothing(first, surroundings):
    files, rows = files_of(first.data), rows_of(first.data / "covidxr.sqlite3")
    with Up(first.data, surroundings) as up:
        assert up.password == ""
        assert up.seconds_to_ready < 10 * (1 + os.getloadavg()[0] / os.cpu_count())
    assert files_of(first.data) == files
    assert rows_of(first.data / "covidxr.sqlite3") == rows


def processes_of(up, name):
    """The worker of this name and its child, eldest first."""
    return sorted(pid for pid in belongs_to(up.data) if f"-n {name}@" in command_of(pid))


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="only Linux has an idle class")
def test_what_trains_runs_when_nothing_else_does(running):
    """The process that trains; not the one that keeps it, whose signs of life are waited for."""

    def classes(name):
        return [os.sched_getscheduler(pid) for pid in processes_of(running, name)]

    wait_until(lambda: classes("trainer") == [os.SCHED_OTHER, os.SCHED_IDLE], SECONDS, "a trainer")
    wait_until(lambda: len(classes("worker")) == 2, SECONDS, "a worker")
    assert set(classes("worker") + classes("intake")) == {os.SCHED_OTHER}


@pytest.mark.parametrize("name", WORKERS)
def test_a_killed_worker_is_started_again(running, name):
    def workers():
        return processes_of(running, name)

    wait_until(lambda: len(workers()) == 2, SECONDS, "a worker and its child")
    old = workers()
    os.kill(old[0], signal.SIGKILL)
    wait_until(lambda: len(workers()) == 2 and not set(workers()) & set(old), SECONDS, "a new one")


def test_one_folder_runs_once(running, surroundings):
    assert "is already running with the data folder" in refused(running.data, surroundings)


def test_a_killed_start_takes_its_processes_along(running):
    running.process.kill()
    wait_until(lambda: belongs_to(running.data) == [], SECONDS, "the end of the processes")


def test_a_taken_port_is_one_line(tmp_path, surroundings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(tmp_path / "data", surroundings, PORT=str(port))
    assert line.startswith(f"Port {port} of 127.0.0.1 is taken")


def test_a_full_disk_is_one_line(tmp_path, surroundings):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)])
    if mounted.returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        (disk / "filler").write_bytes(b"x" * 1_000_000)
        assert re.search("disk .* (full|MB left)", refused(disk / "data", surroundings))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_production_is_not_started_like_this(tmp_path, surroundings):
    line = refused(tmp_path, surroundings, COVIDXR_MODE="production", SECRET_KEY="x" * 60)
    assert "in production use docker-compose.yml" in line
