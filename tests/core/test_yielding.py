"""Processes that train give way: in a process of their own, because it cannot be taken back."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import yielding
from core.yielding import background_threads, is_for_background, is_yielding

SCRIPT = """
import json, os
from django.conf import settings
settings.configure(TRAINING_THREADS=%d)
from core.yielding import is_yielding, yield_to_all
before = is_yielding()
yield_to_all()
child = os.fork()
if child == 0:
    os._exit(0 if os.sched_getscheduler(0) == os.SCHED_IDLE else 1)
print(json.dumps({
    "before": before,
    "after": is_yielding(),
    "scheduler": os.sched_getscheduler(0),
    "niceness": os.getpriority(os.PRIO_PROCESS, 0),
    "threads": {name: os.environ[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")},
    "child": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]),
}))
"""


def in_a_process(threads: int) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT % threads],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="only Linux has an idle class")
def test_it_runs_after_all_others_and_so_does_what_it_starts():
    told = in_a_process(3)
    assert (told["before"], told["after"], told["child"]) == (False, True, 0)
    assert (told["scheduler"], told["niceness"]) == (os.SCHED_IDLE, 19)
    assert set(told["threads"].values()) == {"3"}


AUTOGROUP = """
import json, os, sys
from pathlib import Path
from django.conf import settings
settings.configure(TRAINING_THREADS=1)
from core.yielding import yield_to_all
if sys.argv[1] == "own":
    os.setsid()
if os.fork() == 0:
    place = Path("/proc/self/autogroup")
    before = place.read_text()
    yield_to_all()
    print(json.dumps([before, place.read_text()]), flush=True)
    os._exit(0)
os.wait()
"""


def autogroup_before_and_after(session: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", AUTOGROUP, session],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


has_autogroups = pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="no autogroups here"
)


@has_autogroups
def test_a_session_of_its_own_gives_way_to_other_sessions():
    before, after = autogroup_before_and_after("own")
    if not before:
        pytest.skip("this kernel's autogroups are switched off")
    assert after.split()[-1] == "19"


@has_autogroups
def test_a_session_shared_with_other_programs_stays_as_it_is():
    before, after = autogroup_before_and_after("shared")
    assert after == before


@pytest.mark.parametrize(
    ("queues", "is_background"),
    [
        ({"training"}, True),
        ({"training", "inference"}, False),
        ({"inference"}, False),
        ({"default"}, False),
        (set(), False),
    ],
)
def test_only_a_worker_that_trains_alone_gives_way(queues, is_background):
    assert is_for_background(frozenset(queues)) is is_background


@pytest.mark.parametrize(("stated", "cores", "threads"), [(0, 4, 3), (0, 1, 1), (2, 8, 2)])
def test_a_core_is_left_for_those_who_wait(settings, monkeypatch, stated, cores, threads):
    settings.TRAINING_THREADS = stated
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert background_threads() == threads


def test_the_tests_themselves_give_way_to_nobody():
    assert not is_yielding()
    assert not yielding._yielding
