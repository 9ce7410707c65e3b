"""What beat rings for is known to a worker as it starts, which imported nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

from config.schedule import SCHEDULE

KNOWN = """
import json
from config.celery import app
app.loader.import_default_modules()
print(json.dumps(sorted(app.tasks)))
"""


def test_a_worker_knows_every_task_of_the_schedule(tmp_path: Path):
    ended = subprocess.run(
        [sys.executable, "-c", KNOWN], capture_output=True, text=True, timeout=120, check=True,
        env=os.environ | {"DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    known = set(json.loads(ended.stdout.splitlines()[-1]))
    assert {entry["task"] for entry in SCHEDULE.values()} <= known
