"""Processes that begin in a moment: forked off one that has loaded Django and torch, no more.

Each is a process like any other, to be killed like any other. Run as `python -m tests.forks`, it
reads code, a JSON string a line, and answers with the exit status of the process that ran it.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def forks(environment: dict[str, str], log: Path) -> Iterator[Callable[[str], int]]:
    """Yields `run(code)`: its exit status, -9 when it was killed. What it prints goes to `log`."""
    with (
        log.open("ab") as out,
        subprocess.Popen(
            [sys.executable, "-m", "tests.forks"], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out,
        ) as parent,
    ):  # fmt: skip

        def run(code: str) -> int:
            print(json.dumps(code), file=parent.stdin, flush=True)
            answer = parent.stdout.readline()
            assert answer, log.read_text()[-3000:]
            return json.loads(answer)

        yield run
        parent.stdin.close()


def main() -> None:
    import django

    django.setup()
    # Loaded once for all. Nothing is computed and nothing asked here: threads and connections of
    # this process would not be there in those that are forked off it.
    import retraining.pipeline.run  # noqa: F401

    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _work(json.loads(line))
        _, status = os.waitpid(pid, 0)
        print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)


def _work(code: str) -> None:
    """Never returns."""
    os.dup2(2, 1)
    ended = 1
    try:
        exec(code, {"__name__": "forked"})
        ended = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(ended)


if __name__ == "__main__":
    main()
