"""Keep the decoders' warnings out of logs and away from pytest's warnings-as-errors."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

# pydicom quotes header values (names, dates) in its warnings: patient data must not reach a log.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

_lock = threading.Lock()
_muted = ExitStack()
_depth = 0


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore warnings while any thread decodes.

    ``warnings.catch_warnings`` alone is not safe between threads: two decodes that overlap would
    leave the process mute for ever. So the first one in mutes and the last one out restores.
    """
    global _depth
    with _lock:
        if _depth == 0:
            _muted.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _muted.close()
