"""What a web process does before its first request."""

import os
import subprocess
import sys
from pathlib import Path

STARTED = """
import gc, sys
import config.wsgi
assert "images.views.listing" in sys.modules
print(gc.get_freeze_count())
"""


def test_what_was_imported_is_left_alone_by_the_collector(tmp_path: Path):
    environment = os.environ | {
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    ended = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=120, check=True,
        env=environment,
    )  # fmt: skip
    assert int(ended.stdout.splitlines()[-1]) > 50_000
