"""Torch's several ways of saying that there is no room, as Python's one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def memory_errors() -> Iterator[None]:
    """MemoryError instead of what torch raises when a processor or a GPU has no room."""
    try:
        yield
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
        raise MemoryError("there is no room for so many radiographs at once") from None


def _is_out_of_memory(error: BaseException | None) -> bool:
    # A graph whose capture ran out of memory ends with another error, raised while the first one
    # was on its way.
    while error is not None:
        text = str(error).lower()
        if isinstance(error, torch.OutOfMemoryError) or "out of memory" in text:
            return True
        if "can't allocate memory" in text:  # the words of torch's allocator for processors
            return True
        error = error.__context__
    return False
