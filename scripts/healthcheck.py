"""A container's health check: `web` answers HTTP, `beats` has touched ALIVE_FILE a moment ago.

Standard library only and no Django: it runs every few seconds beside the real work.
"""

import http.client
import os
import sys
import time
from pathlib import Path

LONGEST_SILENCE_SECONDS = 60


def web_answers() -> bool:
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4
    )
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def beats() -> bool:
    try:
        touched = Path(os.environ["ALIVE_FILE"]).stat().st_mtime
    except (OSError, KeyError):
        return False
    return time.time() - touched < LONGEST_SILENCE_SECONDS


CHECKS = {"web": web_answers, "beats": beats}

if __name__ == "__main__":
    sys.exit(0 if CHECKS[sys.argv[1]]() else 1)
