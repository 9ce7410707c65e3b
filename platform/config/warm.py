"""What a web process does once, before its first request."""

import gc

from django.urls import get_resolver


def warm_up() -> None:
    """Load every address with its views, and let the garbage collector leave alone what is there.

    All that was imported lives as long as the process. Unless frozen, every tenth page of 200 rows
    would wait a tenth of a second for the collector to look through it.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
