"""What the processes of a worker know of it."""

import subprocess
import sys

import pytest

from core import workers

# In a process of its own: what is noted there cannot be taken back.
FORKED = """
import os
from core import workers

reader, writer = os.pipe()
child = os.fork()
if not child:
    os.close(writer)
    os.read(reader, 1)  # until the parent has noted it
    os._exit(workers.is_ending())
os.close(reader)
assert not workers.is_ending()
workers.note_ending()
os.close(writer)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize(
    ("queues", "expected"), [([], False), (["inference"], True), (["inference", "default"], False)]
)
def test_a_worker_serves_a_queue_alone(monkeypatch, queues, expected):
    monkeypatch.setattr(workers, "served", set())
    workers.note_served(queues)
    assert workers.serves_only("inference") is expected


def test_whom_a_worker_forked_off_knows_that_it_is_to_end():
    said = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True)
    assert said.stdout.strip() == "1", said.stderr
